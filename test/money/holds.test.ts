import { describe, expect, it } from 'vitest';
import type { AdviceRequest, SchemeRules } from '../../connectors/index.ts';
import type { MerchantSettings } from '../../switch/config/settings.ts';
import { keepHold } from '../../switch/follow-up/hold-keeper.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { openHold } from '../../switch/transaction/hold.ts';
import { Counter, DAY_MS, originalElements, purchase, reversal } from './core-cases.ts';

// A pre-authorisation has a life, which its scheme's data gives it. Before the end the merchant is told; at the end
// what is left is given back at the network. What is taken of it never leaves more held than that.

const RULES: SchemeRules = {
  maxIncrements: 9,
  overCompletionPercent: { '7011': 15 },
  overCompletionIn: { eea: {} },
  holds: [{ days: 5, isExtended: false }],
};

interface Around {
  readonly rules?: Partial<SchemeRules>;
  readonly merchant?: Partial<MerchantSettings>;
}

/** A counter whose network has these rules, and that was asked to hold 100.00. */
async function held({ rules, merchant }: Around = {}) {
  const own = { id: 'MERCHANT0000001', category: '7011', pop: 'optional' as const, ...merchant };
  const counter = new Counter({ merchants: [own] });
  const advised: AdviceRequest[] = [];
  Object.assign(counter.core.ports.networks.get('visa') ?? {}, {
    rules: { ...RULES, ...rules },
    advise: async (request: AdviceRequest) => {
      advised.push(request);
      return { status: 'acknowledged', code: '00' };
    },
  });
  const { rrn } = await counter.heard(
    purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: '000000010000' }),
  );
  return { counter, advised, rrn };
}

const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');
const completion = (minorUnits: number, change: Partial<TerminalMessage> = {}): TerminalMessage =>
  purchase({
    mti: '0220',
    de25: '06',
    de37: '632812000001',
    de4: amount(minorUnits),
    de11: '000090',
    de7: '1123130000',
    de12: '140000',
    ...change,
  });
const more = (stan: string, minorUnits: number): TerminalMessage =>
  purchase({
    mti: '0100',
    de25: '06',
    de37: '632812000001',
    de38: 'A1B2C3',
    de4: amount(minorUnits),
    de11: stan,
    de7: '1123121000',
  });

function entryKinds({ core }: Counter): string[] {
  return core.journal.entries.map(({ kind }) => kind);
}

describe('the life of a hold', () => {
  it('is written down when it is asked for, and its merchant is told before the end', async () => {
    const { counter } = await held();
    const { id, holdUntil = 0 } = counter.payment();
    expect(Math.round((holdUntil - counter.core.clock.wall()) / DAY_MS)).toBe(5);
    const hold = openHold(counter.payment(), counter.core.journal.entries);
    expect(hold).toMatchObject({ until: holdUntil, transaction: id });
    expect(holdUntil - (hold?.dueAt ?? 0)).toBe(DAY_MS);

    await counter.core.clock.advance(4 * DAY_MS);
    await keepHold(id, counter.core.ports);
    await keepHold(id, counter.core.ports);
    expect(entryKinds(counter)).toEqual(['intended', 'decided', 'hold-ending']);
    expect(openHold(counter.payment(), counter.core.journal.entries)).toMatchObject({ dueAt: holdUntil });
  });

  it('ends with what is left of it reversed at the network', async () => {
    const { counter } = await held();
    await counter.heard(more('000002', 5_000));
    await counter.core.clock.advance(5 * DAY_MS);
    const { id } = counter.payment();
    await keepHold(id, counter.core.ports);
    expect(counter.payment()).toMatchObject({
      state: 'expired',
      standingMinorUnits: 0,
      networkMinorUnits: 15_000,
    });
    expect(counter.work().at(-1)).toBe('reverse-network');
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ network: 'reversed', networkMinorUnits: 0 });
    expect(counter.core.sent.reversed).toHaveLength(2);
    expect(openHold(counter.payment(), counter.core.journal.entries)).toBeUndefined();
  });

  it('goes on with an increment only where the scheme says so', async () => {
    const endOf = async (isExtended: boolean) => {
      const { counter } = await held({ rules: { holds: [{ days: 5, isExtended }] } });
      const before = counter.payment().holdUntil ?? 0;
      await counter.core.clock.advance(2 * DAY_MS);
      await counter.heard(more('000002', 5_000));
      return Math.round(((counter.payment().holdUntil ?? 0) - before) / DAY_MS);
    };
    expect(await endOf(true)).toBe(2);
    expect(await endOf(false)).toBe(0);
  });

  it('that is completed or voided in time is left alone', async () => {
    const { counter } = await held();
    await counter.heard(completion(10_000));
    await counter.core.clock.advance(6 * DAY_MS);
    await keepHold(counter.payment().id, counter.core.ports);
    expect(counter.payment()).toMatchObject({ state: 'captured', standingMinorUnits: 10_000 });
  });
});

describe('a completion after the end', () => {
  const late = async (around: Around, isKept: boolean) => {
    const { counter, advised } = await held(around);
    await counter.core.clock.advance(6 * DAY_MS);
    if (isKept) await keepHold(counter.payment().id, counter.core.ports);
    const { code } = await counter.heard(completion(8_000));
    if (code === '00') await counter.follows('advise-network');
    return { code, counter, advised };
  };

  it.each([false, true])('is refused (looked at before: %s)', async (isKept) => {
    const { code, counter } = await late({}, isKept);
    expect(code).toBe('12');
    expect(counter.payment().standingMinorUnits).toBe(isKept ? 0 : 10_000);
  });

  it.each([false, true])(
    'is taken at the risk of a merchant who wants it, and marked late (%s)',
    async (isKept) => {
      const { code, counter, advised } = await late({ merchant: { lateCompletion: 'accept' } }, isKept);
      expect(code).toBe('00');
      expect(counter.payment()).toMatchObject({ state: 'captured', standingMinorUnits: 8_000 });
      expect(counter.core.journal.entries.find(({ kind }) => kind === 'captured')?.body).toMatchObject({
        isLate: true,
      });
      expect(advised).toMatchObject([{ reason: 'completion', minorUnits: 8_000 }]);
    },
  );

  it('adds nothing to it either', async () => {
    const { counter } = await held();
    await counter.core.clock.advance(6 * DAY_MS);
    expect((await counter.heard(more('000002', 5_000))).code).toBe('12');
  });
});

describe('a completion below the hold', () => {
  it('has the rest reversed, message by message, before the network is told of it', async () => {
    const { counter, advised } = await held();
    await counter.heard(more('000002', 5_000));
    await counter.heard(completion(12_000));
    expect(await counter.follows('advise-network')).toEqual({ done: true });
    expect(counter.core.sent.reversed).toMatchObject([
      { facts: { stan: '000002' }, remainingMinorUnits: 2_000 },
    ]);
    expect(advised).toMatchObject([{ minorUnits: 12_000 }]);
    expect(counter.payment()).toMatchObject({
      network: 'advised',
      networkMinorUnits: 12_000,
      standingMinorUnits: 12_000,
    });
    await counter.follows('reverse-network');
    expect(counter.core.sent.reversed).toHaveLength(1);
  });

  it('has what was added and is not needed given back as what nobody needs, not as what nobody heard of', async () => {
    const { counter } = await held();
    await counter.heard(more('000002', 5_000));
    await counter.heard(completion(9_000));
    await counter.follows('advise-network');
    expect(counter.core.sent.reversed).toMatchObject([
      { facts: { stan: '000002' }, reason: 'customer' },
      { facts: { stan: '000001' }, reason: 'partial', remainingMinorUnits: 9_000 },
    ]);
  });

  it('is told although the network refuses to give the rest back; that is a case', async () => {
    const { counter, advised } = await held();
    counter.core.reversal = { status: 'refused', code: '57' };
    await counter.heard(completion(4_000));
    await counter.follows('advise-network');
    expect(advised).toMatchObject([{ minorUnits: 4_000 }]);
    expect(counter.payment()).toMatchObject({ network: 'advised', cases: ['reversal-refused'] });
  });

  it('may name it by the approval code of what was added', async () => {
    const { counter } = await held();
    counter.core.network.outcome = { status: 'approved', code: '00', approvalCode: 'D4E5F6' };
    expect((await counter.heard(more('000002', 2_000))).approvalCode).toBe('D4E5F6');
    expect((await counter.heard(completion(12_000, { de38: 'Z9Z9Z9' }))).code).toBe('25');
    expect((await counter.heard(completion(12_000, { de11: '000091', de38: 'D4E5F6' }))).code).toBe('00');
  });

  it('waits where nobody knows whether the rest was given back', async () => {
    const { counter, advised } = await held();
    counter.core.reversal = { status: 'unknown', reason: 'silence' };
    await counter.heard(completion(4_000));
    expect(await counter.follows('advise-network')).toHaveProperty('retryAfterMs');
    expect(advised).toEqual([]);
  });
});

describe('what may exceed a hold', () => {
  it.each<[string, Around, number, string]>([
    ['nothing in the EEA, which is what a merchant is taken for', {}, 10_001, '13'],
    ['the share of its category elsewhere', { merchant: { region: 'other' } }, 11_500, '00'],
    ['no more than that', { merchant: { region: 'other' } }, 11_501, '13'],
    [
      'nothing of a final authorisation',
      { merchant: { region: 'other', authorisations: 'final' } },
      10_001,
      '13',
    ],
  ])('is %s', async (_, around, minorUnits, code) => {
    const { counter } = await held(around);
    expect((await counter.heard(completion(minorUnits))).code).toBe(code);
  });

  it('is nothing of a partial approval', async () => {
    const counter = new Counter({
      merchants: [{ id: 'MERCHANT0000001', category: '5812', pop: 'optional', region: 'other' }],
    });
    counter.core.network.outcome = { status: 'approved', code: '10', approvedMinorUnits: 8_000 };
    await counter.heard(purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: amount(10_000) }));
    expect((await counter.heard(completion(8_001))).code).toBe('13');
    expect((await counter.heard(completion(8_000, { de11: '000091' }))).code).toBe('00');
  });
});

describe('several completions', () => {
  const numbered = (minorUnits: number, de60: string, index: number) =>
    completion(minorUnits, { de60, de11: `00009${index}`, de7: `112313000${index}`, de12: `14000${index}` });
  const several = { rules: { maxCompletions: 3 } };

  it('are each told with sequence and count; the last one gives the rest back', async () => {
    const { counter, advised } = await held(several);
    expect((await counter.heard(numbered(3_000, '0102', 1))).code).toBe('00');
    await counter.follows('advise-network');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 3_000, networkMinorUnits: 10_000 });
    expect((await counter.heard(numbered(4_000, '0202', 2))).code).toBe('00');
    await counter.follows('advise-network');
    expect(advised).toMatchObject([
      { minorUnits: 3_000, part: { sequence: 1, count: 2 }, own: { stan: expect.stringMatching(/^\d{6}$/) } },
      { minorUnits: 4_000, part: { sequence: 2, count: 2 }, own: { stan: expect.stringMatching(/^\d{6}$/) } },
    ]);
    // The network knows of 30.00 yet, so the reversal names what it approved, not what was taken.
    expect(counter.core.sent.reversed).toMatchObject([
      { facts: { amount: { minorUnits: 10_000 } }, remainingMinorUnits: 7_000 },
    ]);
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 7_000, networkMinorUnits: 7_000 });
    expect((await counter.heard(numbered(1_000, '0302', 3))).code).toBe('12');
  });

  it('are proven once, when all of it is taken', async () => {
    const { counter } = await held(several);
    await counter.heard(numbered(3_000, '0102', 1));
    expect(counter.work()).not.toContain('complete-pop');
    await counter.heard(numbered(4_000, '0202', 2));
    expect(counter.work().filter((task) => task === 'complete-pop')).toHaveLength(1);
  });

  it('come to no more than the hold', async () => {
    const { counter } = await held(several);
    await counter.heard(numbered(6_000, '0100', 1));
    expect((await counter.heard(numbered(4_001, '0202', 2))).code).toBe('13');
    expect((await counter.heard(numbered(4_000, '0202', 3))).code).toBe('00');
  });

  it('are refused out of turn, and where the scheme knows one only', async () => {
    const { counter } = await held(several);
    expect((await counter.heard(numbered(1_000, '0202', 1))).code).toBe('12');
    await counter.heard(numbered(1_000, '0102', 2));
    expect((await counter.heard(completion(1_000))).code).toBe('12');
    const { counter: plain } = await held();
    expect((await plain.heard(numbered(1_000, '0102', 1))).code).toBe('12');
    expect((await plain.heard(numbered(1_000, '0101', 2))).code).toBe('00');
  });

  it('that never come to the last end with the hold, and the rest is given back', async () => {
    const { counter } = await held(several);
    await counter.heard(numbered(3_000, '0100', 1));
    await counter.follows('advise-network');
    await counter.core.clock.advance(6 * DAY_MS);
    await keepHold(counter.payment().id, counter.core.ports);
    await counter.follows('reverse-network');
    expect(counter.core.sent.reversed).toMatchObject([
      { facts: { amount: { minorUnits: 10_000 } }, remainingMinorUnits: 3_000 },
    ]);
    expect(counter.payment()).toMatchObject({
      state: 'captured',
      standingMinorUnits: 3_000,
      networkMinorUnits: 3_000,
    });
    expect(openHold(counter.payment(), counter.core.journal.entries)).toBeUndefined();
    expect((await counter.heard(numbered(1_000, '0200', 2))).code).toBe('12');
  });

  it('leave nothing to be added', async () => {
    const { counter } = await held(several);
    await counter.heard(numbered(3_000, '0102', 1));
    expect((await counter.heard(more('000002', 1_000))).code).toBe('12');
  });
});

describe('the reversal of a completion', () => {
  it('takes the hold along, and people are told', async () => {
    const { counter } = await held();
    await counter.heard(completion(10_000));
    const undoing = { de11: '000091', de7: '1123130500', de4: amount(10_000), de25: '06' };
    const de90 = originalElements('0220', '000090', '1123130000');
    expect(await counter.heard(reversal({ ...undoing, de90 }))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
    expect(counter.cases()).toEqual(['hold-reversed']);
    expect(counter.work()).toContain('reverse-network');
  });

  it('is no case where the pre-authorisation itself is reversed', async () => {
    const { counter } = await held();
    await counter.heard(completion(10_000));
    const de90 = originalElements('0100', '000001', '1123120000');
    expect(await counter.heard(reversal({ de4: amount(10_000), de90 }))).toMatchObject({ code: '00' });
    expect(counter.cases()).toEqual([]);
  });
});
