import { describe, expect, it } from 'vitest';
import type { AdviceRequest, LateAnswer, NoticeOutcome } from '../../connectors/index.ts';
import { lateAnswer } from '../../switch/node/late-answers.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, played, purchase, reversal, SILENT_MS, voidOf } from './core-cases.ts';

// What a network itself calls a payment goes before every number of ours: it is named by it in whatever comes later, be
// it approved in time or late, added to, told afterwards, or asked after all.

const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');

/** A counter whose network is told what comes, and answers as it is said. */
function telling(answers: Partial<NoticeOutcome> = {}, rules = {}) {
  const counter = new Counter();
  const advised: AdviceRequest[] = [];
  const visa = counter.core.ports.networks.get('visa');
  Object.assign(visa ?? {}, {
    rules: { ...visa?.rules, maxIncrements: 9, ...rules },
    advise: async (request: AdviceRequest) => {
      advised.push(request);
      return { status: 'acknowledged', code: '00', ...answers };
    },
  });
  const lastReversed = () => counter.core.sent.reversed.at(-1);
  return { counter, advised, lastReversed };
}

function approvedAs(approvalCode: string, networkReference: string) {
  return { status: 'approved', code: '00', approvalCode, networkReference } as const;
}

describe('the reversal of what was added to a hold', () => {
  const seen = played(async () => {
    const { counter, lastReversed } = telling();
    const hold = { mti: '0100', de25: '06', de37: '632812000001' };
    counter.core.network.outcome = approvedAs('A1B2C3', '300000000000001');
    await counter.heard(purchase({ ...hold, de4: amount(10_000) }));
    counter.core.network.outcome = approvedAs('D4E5F6', '300000000000002');
    const more = { ...hold, de38: 'A1B2C3', de11: '000012', de7: '1123121000', de4: amount(2_000) };
    await counter.heard(purchase(more));
    const named = { mti: '0100', stan: '000012', transmission: '1123121000' };
    const de90 = { ...named, acquirer: '00000123456', forwarder: '00000000000' };
    await counter.heard(reversal({ de4: amount(2_000), de90 }));
    await counter.follows('reverse-network');
    const ofIncrement = lastReversed();
    await counter.heard(voidOf({ rrn: '632812000001' }, { de4: undefined }));
    await counter.follows('reverse-network');
    return { ofIncrement, ofHold: lastReversed() };
  });

  it('names it as its own answer did', () => {
    expect(seen().ofIncrement).toMatchObject({
      approvalCode: 'D4E5F6',
      networkReference: '300000000000002',
    });
  });

  it('leaves the names of the hold to the hold', () => {
    expect(seen().ofHold).toMatchObject({ approvalCode: 'A1B2C3', networkReference: '300000000000001' });
  });
});

describe('the reversal of what was added, as far as anybody knows,', () => {
  const seen = played(async () => {
    const { counter, lastReversed } = telling();
    const hold = { mti: '0100', de25: '06', de37: '632812000001' };
    counter.core.network.outcome = approvedAs('A1B2C3', '300000000000001');
    await counter.heard(purchase({ ...hold, de4: amount(10_000) }));
    counter.core.network.afterMs = SILENT_MS;
    await counter.heard(
      purchase({ ...hold, de38: 'A1B2C3', de11: '000012', de7: '1123121000', de4: amount(2_000) }),
    );
    await counter.follows('reverse-network');
    return { reversed: lastReversed() };
  });

  it('does not name the hold, which would be taken back by it', () => {
    expect(seen().reversed).toMatchObject({ facts: { amount: { minorUnits: 2_000 } } });
    expect(seen().reversed).not.toHaveProperty('approvalCode');
    expect(seen().reversed).not.toHaveProperty('networkReference');
  });
});

describe('what was told afterwards', () => {
  const offline: Partial<TerminalMessage> = { mti: '0220', de38: 'VOICE1', de37: '632812000001' };
  const seen = played(async () => {
    const { counter, advised, lastReversed } = telling({ networkReference: '300000000000003' });
    await counter.heard(purchase(offline));
    await counter.follows('advise-network');
    await counter.heard(voidOf({ rrn: '632812000001' }));
    await counter.follows('reverse-network');
    return { advised, reversed: lastReversed() };
  });

  it('is told with the approval code that its terminal had', () => {
    expect(seen().advised).toMatchObject([{ approvalCode: 'VOICE1' }]);
  });

  it('is reversed by what the network called it when it was told', () => {
    expect(seen().reversed).toMatchObject({ approvalCode: 'VOICE1', networkReference: '300000000000003' });
  });
});

describe('a late approval of a part', () => {
  const seen = played(async () => {
    const { counter, lastReversed } = telling();
    counter.core.network.afterMs = SILENT_MS;
    await counter.heard(purchase());
    const { id } = counter.payment();
    const late = lateAnswer(
      { transaction: id, approved: true, code: '10', approvalCode: 'LATE01', approvedMinorUnits: 1_000 },
      counter.ports,
    );
    await counter.core.clock.advance(1_000);
    await late;
    await counter.follows('reverse-network');
    return { reversed: lastReversed(), payment: counter.payment() };
  });

  it('has what was approved of it reversed, and no more', () => {
    expect(seen().reversed).toMatchObject({
      approvalCode: 'LATE01',
      facts: { amount: { minorUnits: 1_000 } },
    });
    expect(seen().payment).toMatchObject({ network: 'reversed', networkMinorUnits: 0 });
  });
});

describe('a late approval without the cash', () => {
  const cashback = {
    mti: '0200',
    de3: '090000',
    de4: amount(2_500),
    de54: [{ accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: amount(1_000) }],
  } as const;

  it.each([
    ['what was asked for the purchase', 1_500],
    ['what was asked in all', 2_500],
    ['nothing', undefined],
  ])('has the purchase reversed, where DE4 says %s', async (_, said) => {
    const { counter, lastReversed } = telling();
    counter.core.network.afterMs = SILENT_MS;
    await counter.heard(purchase(cashback));
    const answer: LateAnswer = {
      transaction: counter.payment().id,
      approved: true,
      code: '87',
      isWithoutCash: true as const,
      ...(said !== undefined && { approvedMinorUnits: said }),
    };
    const late = lateAnswer(answer, counter.ports);
    await counter.core.clock.advance(1_000);
    await late;
    await counter.follows('reverse-network');
    expect(lastReversed()).toMatchObject({ facts: { amount: { minorUnits: 1_500 } } });
  });
});
