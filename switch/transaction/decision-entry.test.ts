import { describe, expect, it } from 'vitest';
import type { PopOutcome } from '../../connectors/index.ts';
import { decided, opening } from '../projection/testing.ts';
import { decisionEntry } from './decision-entry.ts';

const tasksAfter = (body: Parameters<typeof decisionEntry>[1]) =>
  decisionEntry(opening({ minorUnits: 2_500 }), body).followUps?.map(({ task }) => task);

describe('the work that a decision leaves behind', () => {
  it('is none where the proof of what stands was accepted: the sweeper waits for it', () => {
    expect(tasksAfter(decided(true, { followUps: ['complete-pop'] }))).toEqual([]);
    expect(tasksAfter(decided(true, { followUps: ['advise-network', 'complete-pop'] }))).toEqual([
      'advise-network',
    ]);
  });

  it.each([
    { status: 'unreachable', reason: 'refused' },
    { status: 'unknown', reason: 'silence' },
    { status: 'validated', validation: 'v-1' },
  ] satisfies PopOutcome[])('is the proof where it is $status', (pop) => {
    expect(tasksAfter(decided(true, { pop, followUps: ['complete-pop'] }))).toEqual(['complete-pop']);
  });

  it('is the proof where it was accepted for more than was approved', () => {
    const reply = { code: '10', approvedMinorUnits: 1_000 };
    expect(tasksAfter(decided(true, { reply, followUps: ['complete-pop'] }))).toEqual(['complete-pop']);
  });

  it('is the end of the proof where the purchase does not stand', () => {
    const body = decided(false, { followUps: ['reverse-network', 'cancel-pop'] });
    expect(tasksAfter(body)).toEqual(['reverse-network', 'cancel-pop']);
  });
});
