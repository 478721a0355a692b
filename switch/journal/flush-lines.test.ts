import { expect, it } from 'vitest';
import { FIELD, LINE } from '../database/lines.ts';
import { firstLink } from './chain.ts';
import type { PendingEntry } from './entry.ts';
import { flushLines } from './flush-lines.ts';
import type { FollowUp, NewEntry } from './journal.ts';

// The columns are what the database's function takes apart: their order is a contract with a migration.

const A = '01930000-0000-7000-8000-00000000000a';
const B = '01930000-0000-7000-8000-00000000000b';
const NAME = `0000501c${'ab'.repeat(16)}`;
const LINK = firstLink(1, 'node');

function pending(sequence: number, transaction: string, change: Partial<PendingEntry> = {}): PendingEntry {
  const entry: NewEntry = { transaction, version: 2, kind: 'decided', body: {}, ...change.entry };
  return {
    body: '{}',
    claims: [],
    takes: [],
    at: 1_700_000_000_000,
    sequence,
    isAnswered: false,
    deadline: 0,
    resolve() {},
    reject() {},
    ...change,
    entry,
  } as PendingEntry;
}

const fields = (text: string) => text.split(LINE).map((line) => line.split(FIELD));

it('an entry has eight columns, its claims’ names in one, and the first of a flush has the link', () => {
  const claims = [{ key: 'k', fingerprint: 'f', role: 'unique' as const, name: NAME }];
  const lines = flushLines([pending(7, B, { claims: [...claims, ...claims] }), pending(8, A)], LINK);
  expect(fields(lines.entries)).toEqual([
    [A, '2', '8', '1700000000000', 'decided', '{}', '', ''],
    [B, '2', '7', '1700000000000', 'decided', '{}', NAME + NAME, LINK],
  ]);
});

it('a claim says whether it must be unique, and in which place of its entry it stands', () => {
  const claim = { key: 'k', fingerprint: 'f', name: NAME };
  const claims = [
    { ...claim, role: 'unique' as const },
    { ...claim, role: 'alias' as const },
  ];
  const lines = flushLines([pending(7, A, { claims })], LINK);
  const hash = 'ab'.repeat(16);
  expect(fields(lines.claims)).toEqual([
    [hash, A, '20508', 'f', '7', 'f', '1'],
    [hash, A, '20508', 'f', '7', 't', '0'],
  ]);
});

it('what is taken has its counter, how much, and the limits', () => {
  const takes = [{ key: 'c', name: NAME, minorUnits: 500, limit: { count: 3, minorUnits: 9_000 } }];
  const lines = flushLines([pending(7, A, { takes })], LINK);
  expect(fields(lines.takes)).toEqual([['7', '0', 'ab'.repeat(16), '500', '3', '9000']]);
});

it('a follow-up is behind another of its transaction and lane, and of no other', () => {
  const job = (lane: string, more: Partial<FollowUp> = {}): FollowUp => ({
    transaction: A,
    task: 'reverse-network',
    lane,
    ...more,
  });
  const followUps = [job('visa'), job('pop'), job('visa', { attempt: 3, runAfterMs: 50 })];
  const entry = { transaction: A, version: 2, kind: 'decided', body: {}, followUps };
  const lines = flushLines([pending(7, A, { entry })], LINK);
  expect(fields(lines.followUps)).toEqual([
    ['7', A, 'visa', 'reverse-network', '1', '0', 'f'],
    ['7', A, 'pop', 'reverse-network', '1', '0', 'f'],
    ['7', A, 'visa', 'reverse-network', '3', '50', 't'],
  ]);
});

it('nothing claimed, taken or left to do is empty text', () => {
  expect(flushLines([pending(7, A)], LINK)).toMatchObject({ claims: '', takes: '', followUps: '' });
});
