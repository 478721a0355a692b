import { askCustodians, confirmAll } from './custodians.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

const CUSTODIANS = 2;

/** What custodians are to agree to, as the log tells of it. */
export interface Agreement {
  readonly station: Station;
  readonly terminal: Terminal;
  readonly action: string;
  /** What is known of it before it is done. */
  readonly facts: Record<string, unknown>;
}

interface DoneTogether<T> {
  readonly result: T;
  /** What is known once it is done. */
  readonly facts: Record<string, unknown>;
}

/**
 * What two custodians do together; however it ends, the log says so.
 * @param deed asks both with `confirm` before it does anything
 */
export async function agreed<T>(
  { station, terminal, action, facts }: Agreement,
  deed: (confirm: (what: string) => Promise<void>) => Promise<DoneTogether<T>>,
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
