import { describe, expect, it } from 'vitest';
import type { NetworkOutcome, NoticeOutcome } from '../../connectors/index.ts';
import { lateAnswer } from '../../switch/node/late-answers.ts';
import { Counter, played, purchase, reversal, SILENT_MS } from './core-cases.ts';

// An approval that comes after a reversal found nothing is money that the network holds and nobody asked back: the
// reversal goes out again. One that crossed a reversal which the network acknowledged is evidence and no more.

const NOT_FOUND: NoticeOutcome = { status: 'acknowledged', code: '25' };
const REVERSED: NoticeOutcome = { status: 'acknowledged', code: '00' };

/** The issuer is silent, the terminal is declined, the reversal is answered; then the issuer answers after all. */
async function approvedAfter(answer: NoticeOutcome, lateCode = '00') {
  const counter = new Counter();
  counter.core.network.afterMs = SILENT_MS;
  const { code } = await counter.heard(purchase());
  const { id } = counter.payment();
  counter.core.reversal = answer;
  await counter.follows('reverse-network');
  const before = counter.work().length;
  const late = lateAnswer({ transaction: id, approved: lateCode === '00', code: lateCode }, counter.ports);
  await counter.core.clock.advance(1_000);
  await late;
  return { code, asked: counter.work().slice(before), kinds: counter.core.journal.kinds(id) };
}

/** The terminal reverses while its purchase is in flight; the issuer approves it in time all the same. */
async function reversedInFlight(answer: NoticeOutcome, approval: Partial<NetworkOutcome> = {}) {
  const counter = new Counter();
  counter.core.network.afterMs = 800;
  Object.assign(counter.core.network.outcome, approval);
  const buying = counter.asked(purchase());
  await counter.core.clock.advance(100);
  const reversing = counter.asked(reversal());
  await counter.core.clock.advance(10);
  counter.core.reversal = answer;
  await counter.follows('reverse-network');
  const before = counter.work().length;
  await counter.core.clock.advance(10_000);

  const { id } = counter.payment();
  return {
    reversal: (await reversing)?.de39,
    purchase: (await buying)?.de39,
    asked: counter.work().slice(before),
    late: (await counter.core.journal.history(id)).find(({ kind }) => kind === 'late-answer')?.body,
    hasApprovalCode: JSON.stringify(await counter.core.journal.history(id)).includes('A1B2C3'),
  };
}

describe('an approval after the deadline', () => {
  const afterNotFound = played(() => approvedAfter(NOT_FOUND));
  const partAfterNotFound = played(() => approvedAfter(NOT_FOUND, '10'));
  const afterReversed = played(() => approvedAfter(REVERSED));

  it('is journalled, and the terminal keeps its 91', () => {
    expect(afterNotFound().code).toBe('91');
    expect(afterNotFound().kinds).toContain('late-answer');
  });

  it('has the reversal sent again where the network had found nothing', () => {
    expect(afterNotFound().asked).toContain('reverse-network');
  });

  it('of a part is one too', () => {
    expect(partAfterNotFound().asked).toContain('reverse-network');
  });

  it('is evidence and no more where the network had acknowledged the reversal', () => {
    expect(afterReversed().asked).toEqual([]);
  });
});

describe('an approval while its reversal is on its way', () => {
  it('has it sent again as a repeat: a first attempt came to no end under the same numbers', async () => {
    const counter = new Counter();
    counter.core.network.afterMs = SILENT_MS;
    await counter.heard(purchase());
    const { id } = counter.payment();
    counter.core.reversal = { status: 'unknown', reason: 'no answer' };
    await counter.follows('reverse-network');
    const late = lateAnswer({ transaction: id, approved: true, code: '00' }, counter.ports);
    await counter.core.clock.advance(1_000);
    await late;
    await counter.follows('reverse-network');
    expect(counter.core.sent.reversed).toMatchObject([{ repeat: false }, { repeat: true }]);
  });
});

describe('an approval after a reversal that the network did not find, whatever it calls that,', () => {
  it.each(['21', '25', '76', '77'])('(%s) has the reversal sent again', async (code) => {
    for (const late of ['00', '08', '11', '16', 'Z9']) {
      const { asked } = await approvedAfter({ status: 'acknowledged', code }, late);
      expect(asked).toEqual(['reverse-network']);
    }
  });
});

describe('an approval of what its terminal reversed in flight', () => {
  const afterNotFound = played(() => reversedInFlight(NOT_FOUND));
  const afterReversed = played(() => reversedInFlight(REVERSED));

  it('is handed to nobody', () => {
    expect(afterNotFound()).toMatchObject({ reversal: '00' });
    expect(afterNotFound().purchase).not.toBe('00');
  });

  it('has the reversal sent again where the network had found nothing', () => {
    expect(afterNotFound().asked).toContain('reverse-network');
  });

  it('is in the journal', () => {
    expect(afterNotFound().hasApprovalCode).toBe(true);
  });

  it('is in the journal with the part that was approved: the reversal is of that', async () => {
    const { late } = await reversedInFlight(NOT_FOUND, { code: '10', approvedMinorUnits: 2_000 });
    expect(late).toMatchObject({ code: '10', approvalCode: 'A1B2C3', approvedMinorUnits: 2_000 });
  });

  it('asks for nothing where the network had acknowledged the reversal', () => {
    expect(afterReversed().asked).toEqual([]);
  });
});

describe('a reversal of an approval that the network says it does not know', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(reversal());
    counter.core.reversal = NOT_FOUND;
    const result = await counter.follows('reverse-network');
    return { bought: bought.code, result, cases: counter.cases() };
  });

  it('does not end there: it is tried again, or people look at it', () => {
    expect(reversed()).not.toMatchObject({ bought: '00', result: { done: true }, cases: [] });
  });
});
