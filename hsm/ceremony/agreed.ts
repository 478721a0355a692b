import { askCustodians, confirmAll } from './custodians.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

const CUSTODIANS = 2;

/** What two custodians do together; however it ends, the log says so. */
export async function agreed<T>(
  station: Station,
  terminal: Terminal,
  action: string,
  facts: Record<string, unknown>,
  deed: (confirm: (what: string) => Promise<void>) => Promise<{ result: T; facts: Record<string, unknown> }>,
): Promise<T> {
  station.checkLog();
  const custodians: string[] = [];
  try {
    await askCustodians(terminal, CUSTODIANS, custodians);
    const done = await deed((what) => confirmAll(terminal, custodians, what));
    station.record({ action, outcome: 'completed', custodians, ...facts, ...done.facts });
    return done.result;
  } catch (error) {
    station.recordFailure(action, facts, custodians, error);
    throw error;
  }
}
