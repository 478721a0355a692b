import { systemClock } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';
import { UseLedger } from '../keys/use-ledger.ts';
import { askCustodians, confirmAll } from './custodians.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

const MINUTE_MS = 60_000;
const LONGEST_MINUTES = 240;

/**
 * Opens the authorised state of the processes in service for some minutes, or ends it: in it, keys of every usage
 * come and go by the socket for peers that may ask for that. Two custodians agree; it is in the audit log and,
 * sealed, in the ledger that the processes share. To end it one is enough.
 */
export async function authorise(
  station: Station,
  terminal: Terminal,
  { ledgerPath, minutes }: { ledgerPath: string; minutes: number },
): Promise<number> {
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > LONGEST_MINUTES) {
    throw new HsmError('HSM_REQUEST_INVALID', `0 to ${LONGEST_MINUTES} minutes`);
  }
  station.checkLog();
  const custodians: string[] = [];
  const facts = { minutes };
  try {
    await askCustodians(terminal, minutes === 0 ? 1 : 2, custodians);
    await confirmAll(
      terminal,
      custodians,
      minutes === 0 ? 'end the state' : `let keys come and go for ${minutes} minutes`,
    );
    const until = systemClock.wall() + minutes * MINUTE_MS;
    // In the log before it is so.
    station.record({ action: 'authorise', outcome: 'completed', custodians, ...facts });
    await write(station, ledgerPath, until);
    terminal.say(minutes === 0 ? 'keys come and go no more.' : `until ${new Date(until).toISOString()}`);
    return until;
  } catch (error) {
    station.recordFailure('authorise', facts, custodians, error);
    throw error;
  }
}

async function write(station: Station, ledgerPath: string, until: number): Promise<void> {
  const ledger = UseLedger.open(ledgerPath);
  try {
    ledger.authorise(until, (data) => station.seal(data));
    await ledger.saved();
  } finally {
    ledger.close();
  }
}
