import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { openStan } from './stan.ts';

const file = () => join(temporaryFolder(), 'stan', 'TERM0001');

test('numbers begin at 000001 and go on in the next run', () => {
  const path = file();
  const first = openStan(path);
  expect([first.next(), first.next()]).toEqual(['000001', '000002']);
  first.close();
  expect(openStan(path).next()).toBe('000003');
});

test('a killed run never makes the next one repeat a number', () => {
  const path = file();
  const killed = openStan(path);
  const used = Array.from({ length: 250 }, () => Number(killed.next()));
  expect(Number(openStan(path).next())).toBeGreaterThan(Math.max(...used));
});

test('after 999999 comes 000001, never 000000', () => {
  const path = file();
  openStan(path).close();
  writeFileSync(path, '999998');
  const counter = openStan(path);
  expect([counter.next(), counter.next(), counter.next()]).toEqual(['999999', '000001', '000002']);
});

test('a block that is given out exactly leaves nothing to give back', () => {
  const path = file();
  const counter = openStan(path);
  for (let i = 0; i < 100; i += 1) counter.next();
  counter.close();
  expect(openStan(path).next()).toBe('000101');
});
