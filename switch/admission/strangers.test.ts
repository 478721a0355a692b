import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DEFAULT_STRANGERS } from '../config/strangers.ts';
import { Budgets } from './budgets.ts';
import { circleOf } from './circles.ts';
import { Strangers } from './strangers.ts';

const FEW = { ...DEFAULT_STRANGERS, proofsAtOnce: 2, proofsPerSecond: 10 };

function setUp() {
  const clock = new VirtualClock();
  const strangers = new Strangers(clock, FEW);
  const seen: string[] = [];
  const ask = (name: string, circle = 'a', connection = name) =>
    strangers.ask({
      circle,
      connection,
      patienceMs: 1_000,
      begin: () => seen.push(name),
      giveUp: () => seen.push(`${name} gave up`),
    });
  return { clock, strangers, seen, ask };
}

test('wrong MACs leave an address so many proofs a second, and another address all of its own', async () => {
  const { clock, strangers, seen, ask } = setUp();
  for (const name of ['1', '2', '3', '4']) ask(name);
  ask('other', 'b');
  expect(seen).toEqual(['1', '2', 'other']);
  strangers.ended('a', false);
  strangers.ended('a', false);
  await clock.advance(120);
  expect(seen).toEqual(['1', '2', 'other', '3']);
  await clock.advance(100);
  expect(seen.at(-1)).toBe('4');
});

test('right MACs cost an address nothing: a thousand of its terminals come in one after the other', () => {
  const { strangers, seen, ask } = setUp();
  for (let i = 0; i < 1_000; i += 1) {
    ask(String(i));
    strangers.ended('a', true);
  }
  expect(seen).toHaveLength(1_000);
  expect(seen.some((each) => each.includes('gave up'))).toBe(false);
});

test('connections of one address take turns, and whose turn does not come in time is told', async () => {
  const { clock, seen, ask } = setUp();
  for (const name of ['1', '2', '3', '4', '5']) ask(name, 'a', 'flood');
  ask('fresh', 'a', 'fresh');
  await clock.advance(220);
  expect(seen).toEqual(['1', '2', '3', 'fresh']);
  for (let i = 0; i < 20; i += 1) ask(`more ${i}`, 'a', 'flood');
  await clock.advance(1_100);
  expect(seen.filter((each) => each.endsWith('gave up')).length).toBeGreaterThan(5);
});

test('budgets are forgotten once they are whole again', async () => {
  const clock = new VirtualClock();
  const budgets = new Budgets(clock, { atOnce: 4, perSecond: 10 });
  for (let i = 0; i < 1_024; i += 1) budgets.take(`circle ${i}`);
  await clock.advance(1_000);
  budgets.take('one more');
  expect(budgets.size).toBe(1);
});

test('a circle is the certificate, the address, or the network of an IPv6 address', () => {
  expect(circleOf('192.0.2.1:4711')).toBe('192.0.2.1');
  expect(circleOf('::ffff:192.0.2.1:4711')).toBe('192.0.2.1');
  expect(circleOf('2001:db8:1:2:3:4:5:6:4711')).toBe('2001:db8:1:2/64');
  expect(circleOf('2001:db8::6:4711')).toBe('2001:db8:0:0/64');
  expect(circleOf('192.0.2.1:1', { subject: 'CN=X', fingerprint: 'AA:BB' })).toBe('AA:BB');
});
