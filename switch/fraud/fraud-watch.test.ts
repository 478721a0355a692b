import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../runtime/index.ts';
import { CATALOGUE } from './catalogue.ts';
import { Counter, declined, openingOf, presented, ruleOf, type Said } from './testing.ts';

const times = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => of(i));
const REJECTED = { pop: { status: 'rejected', reason: 'test' } } as const;
/** Behaviour is tested by itself: a test of another rule would have to behave. */
const quietly = { actions: { 'BEHAVIOUR-REVIEW': 'off', 'BEHAVIOUR-BLOCK': 'off' } } as const;

describe('the rules that are built in', () => {
  test('have names of their own, and every one of them something to count', () => {
    expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(CATALOGUE.length);
    expect(CATALOGUE.every(({ checks }) => checks.length > 0)).toBe(true);
  });

  test('let a day of good customers pass without a word', async () => {
    const counter = new Counter();
    const found: string[][] = [];
    for (let index = 0; index < 500; index += 1) {
      found.push(
        counter.pay({ card: `c${index % 100}`, minorUnits: 1_000 + index, terminal: `T${index % 3}` }),
      );
      await counter.clock.advance(60_000);
    }
    expect(found.flat()).toEqual([]);
  });

  test('ETIKA-001: more than five proofs of one consumer in a day', async () => {
    const counter = new Counter(quietly);
    const found: string[][] = [];
    for (let index = 0; index < 7; index += 1) {
      found.push(counter.pay({ card: `c${index}`, consumer: 'c'.repeat(64), terminal: `T${index}` }));
      await counter.clock.advance(HOUR_MS);
    }
    expect(found).toEqual([[], [], [], [], [], [], ['ETIKA-001']]);
  });

  test('ETIKA-002: one address, more than three consumers, without their cards', () => {
    const counter = new Counter(quietly);
    const from = { ...presented('4242424242424242'), address: '192.0.2.1' };
    const online = (index: number): Said => ({ card: `c${index}`, entry: '010', presented: from });
    expect(times(4, (index) => counter.pay(online(index)))).toEqual([[], [], [], ['ETIKA-002']]);
    const atCounter = new Counter(quietly);
    expect(times(9, (index) => atCounter.pay({ ...online(index), entry: '051' })).flat()).toEqual([]);
  });

  test('ETIKA-004: more than two failed proofs of a card, and not where the consensus is away', () => {
    const counter = new Counter(quietly);
    const amounts = (index: number): Said => ({ minorUnits: 1_000 + index });
    times(3, (index) => counter.pay(amounts(index), REJECTED));
    expect(counter.pay(amounts(9))).toEqual(['ETIKA-004']);
    const away = new Counter(quietly);
    times(5, (index) => away.pay(amounts(index), { pop: { status: 'unreachable', reason: 'away' } }));
    expect(away.pay(amounts(9))).toEqual([]);
  });

  test('ETIKA-005: a merchant that sells for one supplier to few consumers', async () => {
    const counter = new Counter(quietly);
    const found: string[][] = [];
    for (let index = 0; index < 24; index += 1) {
      const card = `c${index % 2}`;
      found.push(
        counter.pay({ card, supplier: 'S1', minorUnits: 500 + index, consumer: card.padEnd(64, '0') }),
      );
      await counter.clock.advance(600_000);
    }
    expect(found.at(-1)).toContain('ETIKA-005');
    const honest = new Counter(quietly);
    const of = (index: number): Said => ({ card: `c${index}`, supplier: 'S1', minorUnits: 500 + index });
    expect(times(200, (index) => honest.pay(of(index))).flat()).toEqual([]);
  });

  test('ETIKA-006: a receipt that was paid for; one whose payment was declined may be tried again', () => {
    const counter = new Counter(quietly);
    const receipt = 'f'.repeat(64);
    expect(counter.pay({ card: 'a', receipt, minorUnits: 1 }, declined('51'))).toEqual([]);
    expect(counter.pay({ card: 'b', receipt, minorUnits: 2 })).toEqual([]);
    expect(counter.pay({ card: 'c', receipt, minorUnits: 3 })).toEqual(['ETIKA-006']);
  });

  test('one terminal that tries many cards', () => {
    const counter = new Counter(quietly);
    const found = times(21, (index) => counter.pay({ card: `c${index}` }, declined('05')));
    expect(found.slice(0, 20).flat()).toEqual([]);
    expect(found[20]).toEqual(['CARD-PROBING']);
  });

  test('many cards of one range that nobody issued, at one merchant', () => {
    const counter = new Counter(quietly);
    const guess = (index: number): Said => ({ card: `c${index}`, terminal: `T${index}`, entry: '010' });
    times(31, (index) => counter.pay(guess(index), declined('14')));
    expect(counter.pay(guess(99))).toEqual(['BIN-ATTACK']);
    expect(counter.pay({ ...guess(98), range: '555555' })).toEqual([]);
    expect(counter.pay({ ...guess(97), merchant: 'OTHER' })).toEqual([]);
  });

  test('wrong PINs, of a card and of a terminal', () => {
    const counter = new Counter(quietly);
    times(5, () => counter.pay({}, declined('55')));
    expect(counter.pay({})).toEqual(['WRONG-PINS-CARD']);
    times(15, (index) => counter.pay({ card: `c${index}` }, declined('55')));
    expect(counter.pay({ card: 'z' })).toContain('WRONG-PINS-TERMINAL');
  });

  test('refunds without original; those that name one are not counted', () => {
    const counter = new Counter(quietly);
    const refund = (index: number): Said => ({ kind: 'refund', card: `c${index}` });
    times(50, (index) => counter.pay(refund(index)));
    const found = times(11, (index) => counter.pay({ ...refund(index), untied: true }));
    expect(found.slice(0, 10).flat()).toEqual([]);
    expect(found[10]).toEqual(['REFUND-WITHOUT-ORIGINAL']);
  });

  test('the same card, merchant and amount within minutes', async () => {
    const counter = new Counter(quietly);
    expect(counter.pay()).toEqual([]);
    expect(counter.pay()).toEqual(['SAME-AGAIN']);
    await counter.clock.advance(HOUR_MS);
    expect(counter.pay()).toEqual([]);
  });

  test('a card that is read in two regions within an hour', async () => {
    const counter = new Counter(quietly);
    counter.pay();
    await counter.clock.advance(HOUR_MS / 2);
    expect(counter.pay({ merchant: 'IN-AMERICA', entry: '010' })).toEqual([]);
    expect(counter.pay({ merchant: 'IN-AMERICA', minorUnits: 1 })).toEqual(['TRAVEL']);
  });

  test.each([
    ['visa', 20, 'VISA-RETRIES'],
    ['mastercard', 10, 'MASTERCARD-RETRIES-DAY'],
  ])('%s: %i declines of a card at a merchant are all there may be', async (network, most, id) => {
    const counter = new Counter(quietly);
    const found: string[][] = [];
    for (let index = 0; index <= most; index += 1) {
      found.push(counter.pay({ network, minorUnits: 1_000 + index }, declined('51')));
      await counter.clock.advance(HOUR_MS);
    }
    expect(found.slice(0, most).flat()).toEqual([]);
    expect(found[most]).toEqual([id]);
  });

  test('Mastercard: 35 declines in 30 days, however few a day', async () => {
    const counter = new Counter(quietly);
    for (let index = 0; index < 35; index += 1) {
      expect(counter.pay({ network: 'mastercard', minorUnits: 1_000 + index }, declined('51'))).toEqual([]);
      await counter.clock.advance(DAY_MS / 2);
    }
    expect(counter.pay({ network: 'mastercard' })).toEqual(['MASTERCARD-RETRIES-MONTH']);
  });
});

describe('behaviour', () => {
  const known = async () => {
    const counter = new Counter();
    for (let day = 0; day < 8; day += 1) {
      counter.pay({ minorUnits: 2_000 + day });
      await counter.clock.advance(DAY_MS);
    }
    return counter;
  };

  test('is unusual in one thing without a word, in two it is reviewed, in three it is blocked', async () => {
    expect((await known()).pay({ merchant: 'NEW' })).toEqual([]);
    expect((await known()).pay({ merchant: 'NEW', minorUnits: 9_000 })).toEqual(['BEHAVIOUR-REVIEW']);
    const abroad = { merchant: 'IN-AMERICA', minorUnits: 9_000, entry: '010' };
    expect((await known()).pay(abroad)).toEqual(['BEHAVIOUR-REVIEW', 'BEHAVIOUR-BLOCK']);
  });

  test('is learned from what was approved, and not before five payments', async () => {
    const counter = new Counter();
    for (let day = 0; day < 4; day += 1) {
      counter.pay({ minorUnits: 2_000 + day });
      await counter.clock.advance(DAY_MS);
    }
    for (let day = 0; day < 9; day += 1) counter.pay({ minorUnits: 9_000 + day }, declined('51'));
    expect(counter.pay({ merchant: 'NEW', minorUnits: 90_000 })).toEqual([]);
  });
});

describe('number and date of a card', () => {
  const luhn = { rules: [ruleOf({ check: 'luhn' })] };
  const expiry = { rules: [ruleOf({ check: 'expiry' })] };
  const wrong = '4242424242424241';

  test('a wrong check digit is found in a purchase, and never in a refund or in what recurs', () => {
    const counter = new Counter(luhn);
    expect(counter.pay({ presented: presented(wrong) })).toEqual(['RULE']);
    expect(counter.pay({ presented: presented('4242424242424242') })).toEqual([]);
    expect(counter.pay({ presented: presented(wrong), kind: 'refund' })).toEqual([]);
    expect(counter.pay({ presented: presented(wrong), entry: '100' })).toEqual([]);
    expect(counter.pay({})).toEqual([]);
  });

  test('a card is good until its month is over everywhere', () => {
    const counter = new Counter(expiry);
    const of = (date: string) => counter.pay({ presented: presented(wrong, date) });
    expect([of('2610'), of('2611'), of('2612')]).toEqual([['RULE'], [], []]);
  });

  test('a rule of a range leaves the others alone', () => {
    const scope = { ranges: [{ from: '51', to: '55' }] };
    const counter = new Counter({ rules: [ruleOf({ check: 'luhn' }, { scope })] });
    expect(counter.pay({ presented: presented(wrong) })).toEqual([]);
    expect(counter.pay({ presented: presented(wrong), range: '524242' })).toEqual(['RULE']);
  });
});

describe('what is done', () => {
  const check = { check: 'amount', currency: '978', moreThanMinorUnits: 1_000 } as const;
  const judged = (counter: Counter) => counter.watch.judge(counter.open());

  test('is what the worst of the rules asks for', () => {
    const rules = [
      ruleOf(check, { id: 'A', action: 'flag' }),
      ruleOf(check, { id: 'B', action: 'review' }),
      ruleOf(check, { id: 'C', action: 'monitor' }),
    ];
    expect(judged(new Counter({ rules }))).toMatchObject({ did: 'review' });
    expect(judged(new Counter({ rules, actions: { B: 'off' } }))).toMatchObject({ did: 'flag' });
    expect(judged(new Counter({ rules, actions: { C: 'block' } }))).toMatchObject({ did: 'block' });
  });

  test('is nothing where rules are only watched, or a rule is in the shadow', () => {
    expect(judged(new Counter({ rules: [ruleOf(check)], mode: 'monitor' }))).toMatchObject({
      did: 'monitor',
      found: [{ id: 'RULE', action: 'block', seen: [2_500] }],
    });
    const shadow = judged(new Counter({ rules: [ruleOf(check, { shadow: true })] }));
    expect(shadow).toMatchObject({ did: 'monitor', found: [{ id: 'RULE', seen: [2_500] }] });
    expect(shadow?.found[0]).not.toHaveProperty('action');
  });

  test('a rule of several checks fires where all of them do', () => {
    const { checks: often } = ruleOf({
      check: 'velocity',
      by: ['card'],
      of: 'asked',
      withinMs: HOUR_MS,
      moreThan: 1,
    });
    const counter = new Counter({ rules: [ruleOf(check, { checks: [check, ...often] })] });
    expect([counter.pay(), counter.pay(), counter.pay({ minorUnits: 10 })]).toEqual([[], ['RULE'], []]);
  });

  test('the total of a merchant, in its currency', () => {
    const total = {
      check: 'total',
      by: ['merchant'],
      of: 'asked',
      withinMs: HOUR_MS,
      currency: '978',
      moreThanMinorUnits: 6_000,
    } as const;
    const counter = new Counter({ rules: [ruleOf({ ...total, by: [...total.by] })] });
    expect([counter.pay(), counter.pay(), counter.pay()]).toEqual([[], [], ['RULE']]);
  });

  test('an outlier is so many times the mean of its card', () => {
    const counter = new Counter({ rules: [ruleOf({ check: 'outlier', times: 3, from: 3 })] });
    times(3, () => counter.pay({ minorUnits: 1_000 }));
    expect([counter.pay({ minorUnits: 2_900 }, declined('51')), counter.pay({ minorUnits: 3_200 })]).toEqual([
      [],
      ['RULE'],
    ]);
  });
});

describe('what is remembered', () => {
  test('is what became durable: a judgement alone counts nothing, and an entry that comes twice counts once', () => {
    const rules = [ruleOf({ check: 'velocity', by: ['card'], of: 'asked', withinMs: HOUR_MS, moreThan: 2 })];
    const counter = new Counter({ rules });
    const [first, second] = [counter.open(), counter.open()];
    times(5, () => counter.watch.judge(first));
    times(5, () => counter.ask(first));
    expect(counter.watch.judge(second)).toBeUndefined();
    counter.ask(second);
    expect(counter.watch.judge(counter.open())).toMatchObject({ found: [{ seen: [3] }] });
  });

  test('a decline whose intention is unknown, or that comes twice, counts once at most', () => {
    const rules = [
      ruleOf({ check: 'velocity', by: ['card'], of: 'declined', withinMs: HOUR_MS, moreThan: 0 }),
    ];
    const counter = new Counter({ rules });
    counter.end(counter.open(), declined('51'));
    expect(counter.watch.judge(counter.open())).toBeUndefined();
    const known = counter.open();
    counter.ask(known);
    times(3, () => counter.end(known, declined('51')));
    expect(counter.watch.judge(counter.open())).toMatchObject({ found: [{ seen: [1] }] });
  });

  test('has no number of a card, and no more than its settings allow', () => {
    const counter = new Counter({ keysPerCounter: 1_000 });
    for (let index = 0; index < 5_000; index += 1) counter.pay({ card: `c${index}`, terminal: `T${index}` });
    const { memory, judged } = counter.watch.status();
    expect(judged).toBe(5_000);
    expect(memory.cards).toBe(1_000);
    expect(memory.keys).toBeLessThan(20_000);
    expect(memory.forgotten).toBeGreaterThan(4_000);
  });

  test('an entry that nobody can read counts nothing, and throws nothing at whoever wrote it', () => {
    const counter = new Counter();
    const opening = counter.open();
    const { transaction } = opening.facts;
    for (const kind of ['intended', 'decided', 'pop-failed', 'notified']) {
      counter.watch.note({ transaction, kind, body: {} }, counter.clock.wall());
    }
    expect(counter.pay()).toEqual([]);
  });

  test('two rules that count the same have one counter', () => {
    const check = { check: 'velocity', by: ['card'], of: 'asked', withinMs: HOUR_MS } as const;
    const twice = [1, 5].map((moreThan) =>
      ruleOf({ ...check, by: [...check.by], moreThan }, { id: `R${moreThan}` }),
    );
    const counter = new Counter({ rules: twice });
    times(6, (index) => counter.pay({ minorUnits: index + 1 }));
    expect(counter.watch.status()).toMatchObject({ fired: { R1: 5, R5: 1 }, memory: { keys: 1 } });
  });

  test('a judgement says under which rules it was made', () => {
    const of = (most: number) =>
      new Counter({
        rules: [ruleOf({ check: 'amount', currency: '978', moreThanMinorUnits: most })],
      }).watch.judge(openingOf({}, 1))?.rules;
    expect(of(100)).toMatch(/^[0-9a-f]{8}$/);
    expect(of(100)).toBe(of(100));
    expect(of(100)).not.toBe(of(101));
  });
});
