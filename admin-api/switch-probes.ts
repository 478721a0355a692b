import type { NodeStatus } from '../switch/index.ts';
import type { Probe } from './readiness.ts';

/** Asks a switch node how it stands with the HSM and with its networks. */
export function switchProbes(statusUrl: string): Record<'hsm' | 'networks', Probe> {
  const status = async (): Promise<NodeStatus> => {
    const response = await fetch(statusUrl);
    if (!response.ok) throw new Error(`the switch's status address answered ${response.status}`);
    return (await response.json()) as NodeStatus;
  };
  return {
    async hsm() {
      const { hsm } = await reached(status());
      if (hsm !== 'connected') throw new Error(`the switch is ${hsm} from the HSM`);
    },
    async networks() {
      const { networks } = await reached(status());
      const away = Object.entries(networks).filter(([, state]) => state !== 'signed-on');
      if (away.length > 0) throw new Error(away.map(([name, state]) => `${name} is ${state}`).join(', '));
    },
  };
}

/** A failed fetch only says that it failed: its cause says why. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`no answer from the switch: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
