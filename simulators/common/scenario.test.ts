import { expect, test } from 'vitest';
import { scenarioBook } from './scenario.ts';

const card = (key: string) => ({ label: key, key });

test('the next few decide before the card, the card before the default', () => {
  const book = scenarioBook<'authorisation', string>([{ on: 'authorisation', scenario: 'default' }]);
  book.set({ on: 'authorisation', scenario: 'card', subject: card('A') });
  book.set({ on: 'authorisation', scenario: 'next', next: 2 });
  const choose = (subject: string) => book.choose('authorisation', subject);
  expect([choose('A'), choose('B'), choose('A'), choose('B')]).toEqual(['next', 'next', 'card', 'default']);
});

test('two rules for the next few are used up one after the other', () => {
  const book = scenarioBook<'authorisation', string>([]);
  book.set({ on: 'authorisation', scenario: 'first', next: 1 });
  book.set({ on: 'authorisation', scenario: 'second', next: 2 });
  const chosen = [1, 2, 3, 4].map(() => book.choose('authorisation', undefined));
  expect(chosen).toEqual(['first', 'second', 'second', undefined]);
});

test('a rule for the next few of one card leaves the other cards alone', () => {
  const book = scenarioBook<'authorisation', string>([]);
  book.set({ on: 'authorisation', scenario: 'once', subject: card('A'), next: 1 });
  expect(book.choose('authorisation', 'B')).toBeUndefined();
  expect(book.choose('authorisation', 'A')).toBe('once');
  expect(book.choose('authorisation', 'A')).toBeUndefined();
});

test('a rule of one kind of message says nothing about another', () => {
  const book = scenarioBook<'authorisation' | 'reversal', string>([{ on: 'reversal', scenario: 'lost' }]);
  expect(book.choose('authorisation', 'A')).toBeUndefined();
});

test('a new rule of the same scope replaces the old one, and a reset brings the first ones back', () => {
  const book = scenarioBook<'authorisation', string>([{ on: 'authorisation', scenario: 'first' }]);
  book.set({ on: 'authorisation', scenario: 'second' });
  book.set({ on: 'authorisation', scenario: 'third' });
  expect(book.rules()).toHaveLength(1);
  expect(book.choose('authorisation', undefined)).toBe('third');
  book.reset();
  expect(book.choose('authorisation', undefined)).toBe('first');
});

test('a next-N rule that was used up comes back whole after a reset', () => {
  const book = scenarioBook<'authorisation', string>([{ on: 'authorisation', scenario: 'once', next: 1 }]);
  book.choose('authorisation', undefined);
  book.reset();
  expect(book.choose('authorisation', undefined)).toBe('once');
});

test('the book has a bound', () => {
  const book = scenarioBook<'authorisation', string>([]);
  const add = () => book.set({ on: 'authorisation', scenario: 'x', next: 1 });
  for (let rules = 0; rules < 1_000; rules += 1) add();
  expect(add).toThrow(expect.objectContaining({ code: 'SIM_SCENARIOS_FULL' }));
});
