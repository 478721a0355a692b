import type { NodeStatus } from '../switch/index.ts';
import type { Probe } from './readiness.ts';

const STATUS_WITHIN_MS = 2_000;

/** Asks a switch node how it stands with the HSM, its database and its networks. */
export function switchProbes(statusUrl: string): Record<'hsm' | 'journal' | 'networks', Probe> {
  const status = () => switchStatus(statusUrl);
  return {
    async hsm() {
      const { hsm } = await reached(status());
      if (hsm !== 'connected') throw new Error(`the switch is ${hsm} from the HSM`);
    },
    async journal() {
      const { database, unwritable, standby } = await reached(status());
      if (database === 'silent') throw new Error('the database does not answer the switch');
      if (unwritable) throw new Error(`the journal cannot be written: ${unwritable}`);
      if (standby) throw new Error(standby);
    },
    /** One of several that is away leaves the node of use: it is told, and is no reason to take the node out. */
    async networks() {
      const { networks } = await reached(status());
      const states = Object.entries(networks);
      const away = states.filter(([, state]) => state !== 'signed-on');
      if (away.length === 0) return undefined;
      const told = away.map(([name, state]) => `${name} is ${state}`).join(', ');
      if (away.length === states.length) throw new Error(told);
      return told;
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
