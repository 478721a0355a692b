import { HsmError } from '../errors.ts';
import type { Terminal } from './terminal.ts';

/** How often somebody may try before the ceremony ends. */
export const TRIES = 3;

/** @param custodians their names, as they come: a ceremony that is broken off knows who was there */
export async function askCustodians(terminal: Terminal, count: number, custodians: string[]): Promise<void> {
  for (let number = 1; number <= count; number++) {
    custodians.push(await askCustodian(terminal, number, custodians));
  }
}

/** Dual control means different people; all the program can tell is that the names differ. */
export async function askCustodian(
  terminal: Terminal,
  number: number,
  others: readonly string[],
): Promise<string> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const custodian = await terminal.ask(`custodian ${number}, your name: `);
    const known = others.some((other) => other.toLowerCase() === custodian.toLowerCase());
    if (custodian !== '' && !known) return custodian;
    terminal.say(known ? 'this custodian has had a part already' : 'a name is needed');
  }
  throw new HsmError('HSM_CEREMONY_REFUSED', `custodian ${number} did not come forward`);
}

export async function confirmAll(
  terminal: Terminal,
  custodians: readonly string[],
  deed: string,
): Promise<void> {
  for (const custodian of custodians) {
    const answer = await terminal.ask(`${custodian}, ${deed}? (yes/no) `);
    if (answer !== 'yes') throw new HsmError('HSM_CEREMONY_ABORTED', `${custodian} did not agree`);
  }
}
