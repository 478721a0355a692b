import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../runtime/index.ts';
import { MemoryJournal } from '../../test/support/memory-journal.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { type Allowance, Allowances } from './allowances.ts';
import { NOTHING_USED, type Used } from './rules.ts';

const FOREVER = Number.POSITIVE_INFINITY;
const transaction = (n: number) => `0199a000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const allowance = (key: string, count: number, minorUnits: number): Allowance => ({
  key,
  limit: { count, minorUnits },
});

interface Bench {
  readonly journal: MemoryJournal;
  /** Another node, or the same one after a restart: it remembers nothing. */
  node(): Allowances;
}

function bench(): Bench {
  const clock = new VirtualClock();
  const journal = new MemoryJournal(clock);
  return { journal, node: () => new Allowances({ journal, clock, random: systemRandom }) };
}

/** What was taken, counted from the journal's entries alone. */
function takenOf({ journal }: Bench, key: string): Used {
  return journal.entries.reduce((used, { body }) => {
    const { minorUnits, taken } = body as { minorUnits: number; taken: string[] };
    if (!taken.includes(key)) return used;
    return { count: used.count + 1, minorUnits: used.minorUnits + minorUnits };
  }, NOTHING_USED);
}

describe('an allowance', () => {
  it('gives until its count is used up, also to a node that remembers nothing', async () => {
    const tried = bench();
    const card = allowance('card', 3, 1_000_000);
    for (let n = 0; n < 3; n += 1) {
      expect(await tried.node().take(transaction(n), 1, [card], FOREVER)).toBe(undefined);
    }
    expect(await tried.node().take(transaction(9), 1, [card], FOREVER)).toEqual({ exhausted: 'card' });
  });

  it('gives until its amount is used up, and a smaller one still after a larger was refused', async () => {
    const tried = bench();
    const node = tried.node();
    const card = allowance('card', 10, 1_000);
    expect(await node.take(transaction(1), 900, [card], FOREVER)).toBe(undefined);
    expect(await node.take(transaction(2), 101, [card], FOREVER)).toEqual({ exhausted: 'card' });
    expect(await node.take(transaction(3), 100, [card], FOREVER)).toBe(undefined);
    expect(takenOf(tried, 'card')).toEqual({ count: 2, minorUnits: 1_000 });
  });

  it('takes of all or of none', async () => {
    const tried = bench();
    const node = tried.node();
    const both = [allowance('card', 5, 5_000), allowance('merchant', 1, 5_000)];
    expect(await node.take(transaction(1), 10, both, FOREVER)).toBe(undefined);
    expect(await node.take(transaction(2), 10, both, FOREVER)).toEqual({ exhausted: 'merchant' });
    expect(takenOf(tried, 'card')).toEqual({ count: 1, minorUnits: 10 });
  });

  it('that may have been taken and may not is never counted twice', async () => {
    const tried = bench();
    const card = allowance('card', 2, 1_000);
    tried.journal.moods = ['unknown-stored'];
    await expect(tried.node().take(transaction(1), 10, [card], FOREVER)).rejects.toThrow();
    expect(await tried.node().take(transaction(2), 10, [card], FOREVER)).toBe(undefined);
    expect(await tried.node().take(transaction(3), 10, [card], FOREVER)).toEqual({ exhausted: 'card' });
  });
});

describe('limits hold whatever happens at once', () => {
  const order = fc.record({
    card: fc.integer({ min: 0, max: 2 }),
    merchant: fc.integer({ min: 0, max: 1 }),
    minorUnits: fc.integer({ min: 1, max: 400 }),
    node: fc.integer({ min: 0, max: 2 }),
  });
  const limit = fc.record({
    count: fc.integer({ min: 1, max: 8 }),
    minorUnits: fc.integer({ min: 1, max: 1_500 }),
  });

  it('over several nodes that take together, and are restarted in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(order, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        limit,
        limit,
        async (bursts, perCard, perMerchant) => {
          const tried = bench();
          let n = 0;
          for (const burst of bursts) {
            const nodes = [tried.node(), tried.node(), tried.node()];
            await Promise.all(
              burst.map(({ card, merchant, minorUnits, node }) => {
                const allowances = [
                  { key: `card-${card}`, limit: perCard },
                  { key: `merchant-${merchant}`, limit: perMerchant },
                ];
                n += 1;
                return nodes[node]?.take(transaction(n), minorUnits, allowances, FOREVER);
              }),
            );
          }
          for (const [prefix, { count, minorUnits }] of [
            ['card', perCard],
            ['merchant', perMerchant],
          ] as const) {
            for (const which of [0, 1, 2]) {
              const used = takenOf(tried, `${prefix}-${which}`);
              expect(used.count).toBeLessThanOrEqual(count);
              expect(used.minorUnits).toBeLessThanOrEqual(minorUnits);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('and are used to the full: what is refused would have exceeded one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
        limit,
        async (amounts, only) => {
          const tried = bench();
          const nodes = [tried.node(), tried.node()];
          for (const [n, minorUnits] of amounts.entries()) {
            const before = takenOf(tried, 'card');
            const result = await nodes[n % 2]?.take(
              transaction(n),
              minorUnits,
              [{ key: 'card', limit: only }],
              FOREVER,
            );
            const fits = before.count < only.count && before.minorUnits + minorUnits <= only.minorUnits;
            expect(result === undefined).toBe(fits);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
