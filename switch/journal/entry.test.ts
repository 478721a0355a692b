import { describe, expect, it } from 'vitest';
import { checkEntry } from './entry.ts';
import type { Claim, FollowUp, NewEntry, Take } from './journal.ts';

// One entry that the database refuses would take the others of its flush along, so all of it is looked at before.

const ID = '01930000-0000-7000-8000-000000000001';
const CLAIM: Claim = { key: 'a', fingerprint: 'f', role: 'unique' };
const FOLLOW_UP: FollowUp = { transaction: ID, task: 'reverse-network', lane: 'visa' };
const TAKE: Take = { key: 'card', minorUnits: 1, limit: { count: 1, minorUnits: 1 } };
const DAY_MS = 86_400_000;

const entry = (change: Partial<NewEntry> = {}): NewEntry => ({
  transaction: ID,
  version: 1,
  kind: 'of-a-test',
  body: {},
  ...change,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => index);
const claims = (count: number) => many(count).map((index) => ({ ...CLAIM, key: `k${index}` }));
const takes = (count: number) => many(count).map((index) => ({ ...TAKE, key: `k${index}` }));
const followUp = (change: Partial<FollowUp>) => ({ followUps: [{ ...FOLLOW_UP, ...change }] });
const take = (change: Partial<Take>) => ({ takes: [{ ...TAKE, ...change }] });

describe('an entry', () => {
  it.each<[what: string, change: Partial<NewEntry>]>([
    ['versions', { version: 1_000_000 }],
    ['a kind', { kind: 'k'.repeat(64) }],
    ['claims', { claims: claims(16) }],
    ['a claim', { claims: [{ ...CLAIM, key: 'k'.repeat(512), fingerprint: 'f'.repeat(512) }] }],
    ['follow-ups', { followUps: many(16).map(() => FOLLOW_UP) }],
    ['a follow-up', followUp({ task: 't'.repeat(60), lane: 'l'.repeat(60), runAfterMs: 366 * DAY_MS })],
    ['a follow-up that is due at once', followUp({ runAfterMs: 0, attempt: 1 })],
    ['takes', { takes: takes(4) }],
    ['a take', take({ key: 'k'.repeat(512), minorUnits: 0, limit: { count: 0, minorUnits: 2 ** 53 - 1 } })],
  ])('is taken up to the most that is allowed: %s', (_, change) => {
    expect(checkEntry(entry(change))).toBe('{}');
  });

  it('may have a body of 64 KiB', () => {
    expect(checkEntry(entry({ body: { text: 't'.repeat(65_525) } }))).toHaveLength(65_536);
  });

  it.each<[path: string, limit: number | undefined, change: Partial<NewEntry>]>([
    ['transaction', undefined, { transaction: 'no-uuid' }],
    ['version', 1_000_000, { version: 0 }],
    ['version', 1_000_000, { version: 1_000_001 }],
    ['version', 1_000_000, { version: 1.5 }],
    ['kind', 64, { kind: '' }],
    ['kind', 64, { kind: 'k'.repeat(65) }],
    ['kind', 64, { kind: 'k\0' }],
    ['claims', 16, { claims: claims(17) }],
    ['claims[0].key', 512, { claims: [{ ...CLAIM, key: '' }] }],
    ['claims[0].fingerprint', 512, { claims: [{ ...CLAIM, fingerprint: 'f'.repeat(513) }] }],
    ['claims[1].key', undefined, { claims: [CLAIM, CLAIM] }],
    ['followUps', 16, { followUps: many(17).map(() => FOLLOW_UP) }],
    ['followUps[0].transaction', undefined, followUp({ transaction: '' })],
    ['followUps[0].task', 60, followUp({ task: '' })],
    ['followUps[0].lane', 60, followUp({ lane: 'l'.repeat(61) })],
    ['followUps[0].attempt', 1_000_000, followUp({ attempt: 0 })],
    ['followUps[0].runAfterMs', 366 * DAY_MS, followUp({ runAfterMs: -1 })],
    ['followUps[0].runAfterMs', 366 * DAY_MS, followUp({ runAfterMs: 366 * DAY_MS + 1 })],
    ['followUps[0].runAfterMs', 366 * DAY_MS, followUp({ runAfterMs: Number.NaN })],
    ['takes', 4, { takes: takes(5) }],
    ['takes[0].key', 512, take({ key: '' })],
    ['takes[1].key', undefined, { takes: [TAKE, TAKE] }],
    ['takes[0].limit', undefined, take({ minorUnits: -1 })],
    ['takes[0].limit', undefined, take({ limit: { count: 0.5, minorUnits: 1 } })],
    ['takes[0].limit', undefined, take({ limit: { count: 1, minorUnits: 2 ** 53 } })],
    ['body', 65_536, { body: { text: 't'.repeat(65_526) } }],
    ['body', 65_536, { body: () => {} }],
    ['body', undefined, { body: { amount: 1n } }],
  ])('is refused by its %s, beyond a limit of %s', (path, limit, change) => {
    const detail = { path, ...(limit !== undefined && { limit }) };
    expect(() => checkEntry(entry(change))).toThrow(
      expect.objectContaining({ code: 'SW_JOURNAL_ENTRY', committed: 'no', detail }),
    );
  });
});
