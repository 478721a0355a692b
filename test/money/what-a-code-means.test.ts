import { describe, expect, it } from 'vitest';
import { authorisationOutcome, reversalOutcome } from '../../connectors/link/outcomes.ts';
import { factsOf } from '../../connectors/link/testing.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, played, purchase } from './core-cases.ts';

// What DE39 means is data of the network and the service. A code that is in no table is neither yes nor no: the
// terminal is declined, and what the network may hold is reversed.

/** Codes that a terminal may print as an approval. */
const APPROVAL_CLASS = ['00', '08', '10', '11', '16', '85', '87'];

async function answeredWith(code: string, change: Partial<TerminalMessage> = {}) {
  const counter = new Counter();
  const kind = change.de3 === '200000' ? 'refund' : 'purchase';
  counter.core.network.outcome = authorisationOutcome({ code, approvalCode: '123456' }, factsOf({ kind }));
  const heard = await counter.heard(purchase(change));
  const { state, standingMinorUnits } = counter.payment();
  return {
    heard: heard.code,
    state,
    standingMinorUnits,
    isReversed: counter.work().includes('reverse-network'),
    isToldAnApprovalOfNothing: state === 'declined' && APPROVAL_CLASS.includes(heard.code ?? ''),
  };
}

describe('85, no reason to decline,', () => {
  const refund = played(() => answeredWith('85', { de3: '200000' }));
  const sale = played(() => answeredWith('85'));

  it('approves a verification', () => {
    const facts = factsOf({ kind: 'account-verification' });
    expect(authorisationOutcome({ code: '85' }, facts)).toMatchObject({ status: 'approved' });
  });

  it('approves a refund', () => {
    expect(refund()).toMatchObject({ heard: '00', state: 'approved', standingMinorUnits: 2_500 });
  });

  it('approves no purchase, and is not handed to its terminal', () => {
    expect(sale()).toMatchObject({ state: 'declined', isToldAnApprovalOfNothing: false });
  });
});

describe('a code that plain ISO 8583 counts as an approval', () => {
  const told = played(async () => ({
    '08': await answeredWith('08'),
    '11': await answeredWith('11'),
    '16': await answeredWith('16'),
  }));

  it.each(['08', '11', '16'] as const)('%s never leaves on a decline', (code) => {
    expect(told()[code].isToldAnApprovalOfNothing).toBe(false);
  });
});

describe('87, approved without the cash,', () => {
  it('approves what was asked less the cash', () => {
    const facts = factsOf({ kind: 'cashback', cashbackMinorUnits: 1_000 });
    const outcome = authorisationOutcome({ code: '87', amount: '000000001500' }, facts);
    expect(outcome).toMatchObject({ status: 'approved', approvedMinorUnits: 1_500 });
  });
});

describe('a code in no table', () => {
  const told = played(() => answeredWith('Z9'));

  it('is a decline for the terminal', () => {
    expect(told()).toMatchObject({ state: 'declined', standingMinorUnits: 0 });
  });

  it('is unknown for the leg, which is reversed', () => {
    expect(told().isReversed).toBe(true);
  });
});

describe('a plain decline', () => {
  const told = played(() => answeredWith('51'));

  it('is handed on, and nothing is reversed', () => {
    expect(told()).toMatchObject({ heard: '51', state: 'declined', isReversed: false });
  });
});

describe('the answer to a reversal', () => {
  it('00 ends it', () => {
    expect(reversalOutcome({ code: '00' })).toMatchObject({ status: 'acknowledged' });
  });

  it('25 is no refusal', () => {
    expect(reversalOutcome({ code: '25' })).not.toMatchObject({ status: 'refused' });
  });

  it.each(['21', '76', '77'])('%s is none at Visa, which says so where others say 25', (code) => {
    expect(reversalOutcome({ code })).not.toMatchObject({ status: 'refused' });
  });
});

describe('a refund that is a verification (DE25 51)', () => {
  it.each(['0100', '0200'])('is no service (%s): nobody is asked for money', async (mti) => {
    const counter = new Counter();
    expect((await counter.heard(purchase({ mti, de3: '200000', de25: '51' }))).code).toBe('12');
    expect(counter.core.sent.authorised).toEqual([]);
  });
});
