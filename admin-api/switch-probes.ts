import type { NodeStatus } from '../switch/index.ts';
import type { Probe } from './readiness.ts';

const STATUS_WITHIN_MS = 2_000;

/** Asks a switch node how it stands with the HSM and with its networks. */
export function switchProbes(statusUrl: string): Record<'hsm' | 'networks', Probe> {
  const status = () => switchStatus(statusUrl);
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

/** What a switch node says of itself. @throws where it does not answer within two seconds, or not well */
export async function switchStatus(statusUrl: string): Promise<NodeStatus> {
  const response = await fetch(statusUrl, { signal: AbortSignal.timeout(STATUS_WITHIN_MS) });
  if (!response.ok) throw new Error(`the switch's status address answered ${response.status}`);
  return (await response.json()) as NodeStatus;
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
