import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, purchase } from '../../test/money/core-cases.ts';
import { appendNext } from './append-next.ts';
import type { EntryBodies } from './entries.ts';

type Found = Pick<EntryBodies['reconciled'], 'repair' | 'networkMinorUnits'>;

const LATER = { de11: '000002', de7: '1123120100', de12: '130100' };

/** A sale, what was told of it since, and what the reconciliation found of it. */
async function repaired(messages: readonly TerminalMessage[], found: Found) {
  const counter = new Counter();
  const [first, ...others] = messages;
  const { rrn } = await counter.heard(first ?? purchase());
  for (const each of others) await counter.heard({ ...each, de37: rrn });
  for (const _ of messages) await counter.follows('advise-network');
  const { id } = counter.payment();
  await appendNext(counter.core.journal, id, () => ({
    kind: 'reconciled',
    body: { case: 1, by: 'an operator', ...found },
  }));
  return counter.payment();
}

const tip = purchase({ mti: '0220', de3: '020000', de4: '000000003000', ...LATER });
const told = purchase({ mti: '0220', de38: 'OFF123' });
const hold = purchase({ mti: '0100', de25: '06' });
const completion = purchase({ mti: '0220', de25: '06', de4: '000000002000', ...LATER });

describe('an advice that the network’s ledger does not have', () => {
  it('of an offline sale is told again', async () => {
    expect(await repaired([told], { repair: 'resend-advice' })).toMatchObject({ network: 'to-advise' });
  });

  it('of a completion is told again', async () => {
    const payment = await repaired([hold, completion], { repair: 'resend-advice' });
    expect(payment).toMatchObject({ network: 'to-advise', capturedMinorUnits: 2_000 });
  });

  it('of a tip is told again, and the sale, which the network approved, is not', async () => {
    const payment = await repaired([purchase(), tip], { repair: 'resend-advice' });
    expect(payment).toMatchObject({ network: 'advised', tellings: [{ isTold: false }] });
  });
});

describe('what the network holds beyond what stands', () => {
  it('is believed, and is to be given back', async () => {
    const more = { repair: 'resend-reversal', networkMinorUnits: 4_000 } as const;
    expect(await repaired([purchase()], more)).toMatchObject({
      network: 'approved',
      networkMinorUnits: 4_000,
    });
  });
});

describe('a proof that the consensus does not have, or has though nothing stands', () => {
  it('is asked for anew, or taken back', async () => {
    expect(await repaired([purchase()], { repair: 'initiate-proof' })).toMatchObject({ pop: 'not-sent' });
    expect(await repaired([purchase()], { repair: 'cancel-proof' })).toMatchObject({ pop: 'unknown' });
  });
});
