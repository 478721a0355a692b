import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DEFAULT_STRANGERS } from '../config/strangers.ts';
import { Handshakes } from './handshakes.ts';

const A_LINE = 512;

function setUp(change: Partial<typeof DEFAULT_STRANGERS> = { handshakesAtOnce: 1 }) {
  const clock = new VirtualClock();
  const door = new Handshakes(clock, { ...DEFAULT_STRANGERS, ...change });
  const begun: string[] = [];
  const refused: string[] = [];
  const proofs = new Map<string, () => void>();
  const ask = (name: string, host = '192.0.2.1') =>
    door.ask(
      host,
      ({ proved }) => {
        begun.push(name);
        proofs.set(name, proved);
      },
      () => refused.push(name),
    );
  const prove = (name: string) => proofs.get(name)?.();
  return { clock, begun, refused, ask, prove };
}

test('of handshakes that wait the oldest goes first, and one that proved somebody is given back', () => {
  const { begun, ask, prove } = setUp();
  for (const name of ['1', '2', '3']) ask(name);
  expect(begun).toEqual(['1']);
  prove('1');
  prove('1');
  expect(begun).toEqual(['1', '2']);
});

test('who has gone waits no longer, and costs nobody his turn', async () => {
  const { clock, begun, ask } = setUp();
  ask('first');
  const gone = Array.from({ length: A_LINE - 1 }, (_, index) => ask(`gone ${index}`));
  ask('stays');
  for (const leave of gone) leave();
  gone[0]?.();
  await clock.advance(20);
  expect(begun).toEqual(['first', 'stays']);
});

test('behind a flood that holds every line a newcomer has his turn within a full line by handshakes a second', async () => {
  const { clock, begun, refused, ask } = setUp({});
  for (let flood = 0; flood < 128 + A_LINE - 1; flood += 1) ask(`flood ${flood}`);
  ask('newcomer');
  // Meanwhile 250 a second come, and each that finds the line full is told so at once.
  for (let ms = 0; ms < 5_140 && !begun.includes('newcomer'); ms += 4) {
    ask(`flood at ${ms}`);
    await clock.advance(4);
  }
  expect(begun).toContain('newcomer');
  expect(refused).not.toContain('newcomer');
  expect(refused.length).toBeGreaterThan(500);
});

test('a thousand that prove somebody are all served, however they come', () => {
  const { begun, refused, ask, prove } = setUp({});
  for (let index = 0; index < 128 + A_LINE; index += 1) ask(String(index));
  for (let index = 0; index < 128 + A_LINE; index += 1) prove(String(index));
  expect(begun).toHaveLength(128 + A_LINE);
  expect(refused).toEqual([]);
});

test('another address waits for none of them; where all lines together are too long the longest is cut', () => {
  const { begun, refused, ask } = setUp();
  for (let address = 0; address < 9; address += 1) {
    for (let index = 0; index < 500; index += 1) ask(`${address}/${index}`, `192.0.2.${address}`);
  }
  ask('other', '198.51.100.1');
  expect(begun.at(-1)).toBe('other');
  ask('its second', '198.51.100.1');
  expect(refused).toHaveLength(9 * 499 + 1 - 4_096);
  expect(refused).not.toContain('its second');
  expect(new Set(refused.map((name) => name.slice(0, 1))).size).toBeGreaterThan(5);
});
