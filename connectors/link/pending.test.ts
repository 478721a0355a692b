import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { invert, matchWithout, stanOf } from './match-keys.ts';
import { PendingRequests } from './pending.ts';

const KEPT = 2_000;
const keysByReply = invert({ '0200': ['de7', 'de11', 'de37'] }, () => '0210');
const stan = (index: number) => String(index).padStart(6, '0');
const keyOf = (index: number) => `0210|1123100000|${stan(index)}|632810${stan(index)}`;

it('of thousands that an outage gave up, an answer that leaves something out is compared with those of its STAN alone', () => {
  const clock = new VirtualClock();
  const pending = new PendingRequests<string, number>(clock, KEPT, (key) => stanOf(key, keysByReply));
  for (let index = 1; index <= KEPT + 500; index += 1) {
    void pending.wait(keyOf(index), clock.monotonic() + 1_000, index);
  }
  pending.abandonAll('the link went down');

  const known = (index: number) => [...pending.knownKeys(stan(index))];
  expect(known(KEPT)).toEqual([keyOf(KEPT)]);
  expect(known(500)).toEqual([]); // the oldest made room
  const answer = { mti: '0210', de11: stan(KEPT), de37: `632810${stan(KEPT)}` };
  const key = matchWithout(answer, keysByReply, pending.knownKeys(answer.de11));
  expect(key).toBe(keyOf(KEPT));
  expect(pending.answer(key ?? '', 'late')).toEqual({ fate: 'late', tag: KEPT });
  expect(known(KEPT)).toEqual([]);
});

it('answers that contradict a request are told for three codes, and no more', () => {
  const clock = new VirtualClock();
  const pending = new PendingRequests<string>(clock, KEPT);
  const examine = (code: string) => ({ disagrees: ['DE4'], code });
  void pending.wait(keyOf(1), clock.monotonic() + 1_000, 'tx-1', examine);
  const fates = ['51', '05', '00', '91'].map((code) => pending.answer(keyOf(1), code).fate);
  expect(fates).toEqual(['disagrees', 'disagrees', 'disagrees', 'repeated']);
});

it('a late answer that contradicts its request tells whose it was', async () => {
  const clock = new VirtualClock();
  const pending = new PendingRequests<string>(clock, KEPT);
  void pending.wait(keyOf(1), clock.monotonic() + 1_000, 'tx-1', () => ({ disagrees: ['DE4'] }));
  await clock.advance(1_000);
  expect(pending.answer(keyOf(1), 'late')).toEqual({ fate: 'disagrees', tag: 'tx-1', elements: ['DE4'] });
});
