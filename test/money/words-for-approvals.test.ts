import { describe, expect, it } from 'vitest';
import { PLAIN_ANSWERS } from '../../connectors/answers/plain-answers.ts';
import { type AnswerTable, answersOf } from '../../connectors/index.ts';
import { authorisationOutcome } from '../../connectors/link/outcomes.ts';
import { factsOf } from '../../connectors/link/testing.ts';
import type { ListenerSettings } from '../../switch/config/settings.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, purchase } from './core-cases.ts';

// Networks have more words for an approval than terminals know. What a terminal does not know it prints as "declined",
// over money that was taken; what leaves is what it knows, and no decline ever has the code of an approval.

interface Played {
  readonly code: string;
  readonly amount?: string;
  readonly message?: Partial<TerminalMessage>;
  readonly line?: Partial<ListenerSettings>;
  readonly table?: AnswerTable;
}

const CASH = { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000001000' };
const CASHBACK = { de3: '090000', de54: [CASH] };

async function played({ code, amount, message = {}, line = {}, table = PLAIN_ANSWERS }: Played) {
  const counter = new Counter();
  const kind =
    message.de3 === '090000' ? 'cashback' : message.de25 === '51' ? 'account-verification' : 'purchase';
  const minorUnits = Number(message.de4 ?? 2_500);
  const asked = { kind, amount: { minorUnits, currency: '978' }, cashbackMinorUnits: 1_000 } as const;
  const reply = { code, amount, approvalCode: '123456' };
  counter.core.network.outcome = authorisationOutcome(reply, factsOf(asked), table);
  const answer = counter.asked(purchase(message), line);
  await counter.core.clock.advance(10_000);
  const { state, standingMinorUnits } = counter.payment();
  const { de39, de4, de38, de54 } = (await answer) ?? {};
  const isReversed = counter.work().includes('reverse-network');
  return { heard: de39, de4, de38, de54, state, standingMinorUnits, isReversed, counter };
}

describe('08, approved but identify,', () => {
  it('is approved where somebody stands at the counter, and leaves as 00', async () => {
    expect(await played({ code: '08' })).toMatchObject({ heard: '00', de38: '123456', state: 'approved' });
  });

  it('leaves as 08 where the terminals of the listener know it', async () => {
    const line = { approvalCodes: ['08' as const] };
    expect(await played({ code: '08', line })).toMatchObject({ heard: '08', state: 'approved' });
  });

  it.each([
    ['unattended', { de25: '02' }],
    ['unattended, where no card can be kept', { de25: '27' }],
    ["at the customer's own terminal", { de25: '15' }],
    ['by mail or telephone', { de25: '08' }],
    ['in a web shop', { de25: '59' }],
    ['with a stored card', { de22: '100' }],
    ['without the card', { de25: '05' }],
  ])('is declined and reversed %s', async (_, message) => {
    const { heard, state, isReversed, standingMinorUnits } = await played({ code: '08', message });
    expect({ heard, state, isReversed, standingMinorUnits }).toEqual({
      heard: '05',
      state: 'declined',
      isReversed: true,
      standingMinorUnits: 0,
    });
  });
});

describe('11 and 16', () => {
  it.each(['11', '16'])('%s are approvals, and leave as 00', async (code) => {
    expect(await played({ code })).toMatchObject({
      heard: '00',
      state: 'approved',
      standingMinorUnits: 2_500,
    });
  });
});

describe('85', () => {
  it('of a verification leaves as 00', async () => {
    const message = { mti: '0100', de25: '51', de4: '000000000000' };
    expect(await played({ code: '85', message })).toMatchObject({ heard: '00', state: 'approved' });
  });

  it('of a purchase leaves as a decline', async () => {
    expect(await played({ code: '85' })).toMatchObject({ heard: '05', state: 'declined', isReversed: false });
  });
});

describe('87, the purchase without the cash,', () => {
  it('leaves as a partial approval of the purchase, which stands', async () => {
    expect(await played({ code: '87', message: CASHBACK })).toMatchObject({
      heard: '10',
      de4: '000000001500',
      state: 'approved',
      standingMinorUnits: 1_500,
      isReversed: false,
      de54: [
        { amountType: '57', amount: '000000002500' },
        { amountType: '40', amount: '000000000000' },
      ],
    });
  });

  it('leaves the proof as it is: cash was never witnessed', async () => {
    const { counter } = await played({ code: '87', message: CASHBACK });
    const { popMinorUnits, standingMinorUnits } = counter.payment();
    expect(popMinorUnits).toBe(standingMinorUnits);
    expect(counter.rows()).toMatchObject([{ cash: 0, standing: 1_500, network_amount: 1_500 }]);
  });

  it('leaves as 87 where the terminals know it', async () => {
    const line = { approvalCodes: ['87' as const] };
    expect(await played({ code: '87', message: CASHBACK, line })).toMatchObject({
      heard: '87',
      de4: '000000001500',
    });
  });
});

describe('a code that approves by the operator’s own table', () => {
  const table = answersOf('plain', { authorisation: { '76': 'approved', '77': 'approved-but-identify' } });

  it.each(['76', '77'])('%s leaves as 00, and the journal keeps what the network said', async (code) => {
    const { heard, state, counter } = await played({ code, table });
    expect({ heard, state }).toEqual({ heard: '00', state: 'approved' });
    const said = code === '76' ? '76' : '08';
    expect(counter.payment().decided?.network).toMatchObject({ status: 'approved', code: said });
  });
});

describe('a repeat', () => {
  it('hears what its first request heard', async () => {
    const { counter } = await played({ code: '16' });
    expect(await counter.heard(purchase({ mti: '0201' }))).toMatchObject({
      code: '00',
      approvalCode: '123456',
    });
  });
});
