import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../runtime/index.ts';
import { lookAgain } from '../../switch/follow-up/look-again.ts';
import { retry } from '../../switch/follow-up/retry-policy.ts';
import type { PaymentSearch } from '../../switch/projection/projection-reader.ts';
import { RecentNumbers } from '../../switch/requests/recent-numbers.ts';
import { Counter, OTHER_CARD, originalElements, purchase, reversal } from './core-cases.ts';

// A terminal gives its repeat a DE7 of its own, and reverses what it sent last. The repeat is lost, and the first comes
// seconds behind its reversal under a time that nobody has named: it is approved, and people are told.

const ofTheRepeat = (change = {}) =>
  reversal({ de90: originalElements('0201', '000001', '1123120008'), ...change });

/** The projection of a core without a database. */
function projected({ core: { journal } }: Counter) {
  const paymentsOf = async ({ terminal }: PaymentSearch) => [
    ...new Set(
      journal.entries.flatMap(({ transaction, body }) =>
        JSON.stringify(body).includes(`"terminal":"${terminal}"`) ? [transaction] : [],
      ),
    ),
  ];
  return { paymentsOf };
}

async function lookedAgain(counter: Counter, payments: Parameters<typeof lookAgain>[1]['payments']) {
  const { journal } = counter.core;
  const { transaction = '' } = journal.entries.find(({ kind }) => kind === 'remembered') ?? {};
  const policy = retry(counter.ports.settings.followUps, systemRandom);
  const job = { transaction, attempt: 1, lane: 'alerts' };
  const searches = new RecentNumbers();
  return lookAgain(job, { journal, retry: policy, searches, ...(payments && { payments }) });
}

async function overtaken(late = purchase(), said = ofTheRepeat()) {
  const counter = new Counter();
  expect(await counter.heard(said)).toMatchObject({ code: '00' });
  await counter.heard(late);
  return counter;
}

describe('a reversal that matched nothing', () => {
  it('is looked at again two minutes later', async () => {
    const counter = new Counter();
    await counter.heard(ofTheRepeat());
    expect(counter.core.journal.followUps).toMatchObject([{ task: 'look-again', runAfterMs: 120_000 }]);
  });

  it('is not, where people look at it already, or where it gives no STAN', async () => {
    const beside = new Counter();
    await beside.heard(purchase());
    await beside.heard(reversal({ de90: originalElements('0200', '000099', '1123115959') }));
    expect(beside.cases()).toEqual(['reversal-unmatched']);
    expect(beside.work()).not.toContain('look-again');

    const unnumbered = new Counter();
    await unnumbered.heard(reversal({ de90: undefined }));
    expect(unnumbered.work()).toEqual([]);
  });

  it('is a case with the payment that came behind it', async () => {
    const counter = await overtaken();
    expect(counter.payment()).toMatchObject({ state: 'approved' });
    expect(await lookedAgain(counter, projected(counter))).toEqual({ done: true });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
    const { body } = counter.core.journal.entries.find(({ kind }) => kind === 'case-opened') ?? {};
    expect(body).toMatchObject({ reason: 'came-later', mayMean: [counter.payment().id] });

    const entries = counter.core.journal.entries.length;
    expect(await lookedAgain(counter, projected(counter))).toEqual({ done: true });
    expect(counter.core.journal.entries).toHaveLength(entries);
  });

  it.each([
    ['of another STAN', purchase({ de11: '000007' })],
    ['of another amount', purchase({ de4: '000000009900' })],
    ['of another card', purchase({ de2: OTHER_CARD })],
    ['of another terminal', purchase({ de41: 'TERM0002' })],
  ])('is none where what comes behind it is %s', async (_, late) => {
    const counter = await overtaken(late);
    expect(await lookedAgain(counter, projected(counter))).toEqual({ done: true });
    expect(counter.cases()).toEqual([]);
  });

  it('is none where what came behind it does not stand', async () => {
    const counter = await overtaken();
    await counter.heard(reversal({ de11: '000005' }));
    expect(await lookedAgain(counter, projected(counter))).toEqual({ done: true });
    expect(counter.cases()).toEqual([]);
  });

  it('waits for a projection that is away, and for none where there is none', async () => {
    const counter = await overtaken();
    const away = { paymentsOf: () => Promise.reject(new Error('away')) };
    expect(await lookedAgain(counter, away)).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(await lookedAgain(counter, undefined)).toEqual({ done: true });
  });

  it('waits for the looks at others, and is put off where too many wait', async () => {
    const counter = await overtaken();
    const { journal } = counter.core;
    const { transaction = '' } = journal.entries[0] ?? {};
    const ports = {
      journal,
      retry: retry(counter.ports.settings.followUps, systemRandom),
      payments: projected(counter),
      searches: new RecentNumbers(),
    };
    const job = { transaction, attempt: 1, lane: 'alerts' };
    const looks = Array.from({ length: 18 }, () => lookAgain(job, ports));
    const done = Array.from({ length: 17 }, () => ({ done: true }));
    expect(await Promise.all(looks)).toMatchObject([...done, { retryAfterMs: expect.any(Number) }]);
  });
});
