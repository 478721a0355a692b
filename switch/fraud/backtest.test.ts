import { describe, expect, test } from 'vitest';
import type { FraudRule } from '../config/fraud.ts';
import type { DecidedBody } from '../transaction/entries.ts';
import { Backtest } from './backtest.ts';
import type { EntryLine } from './entry-lines.ts';
import { openingOf, ruleOf, type Said } from './testing.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const often: FraudRule = ruleOf({
  check: 'velocity',
  by: ['card'],
  of: 'approved',
  withinMs: 60_000,
  moreThan: 0,
});

/** A payment's entries: asked for at a second, decided so many later. */
function payment(number: number, second: number, { after = 1, said = {}, code = '00' }: Partial<Paid> = {}) {
  const opening = openingOf(said, number);
  const { transaction } = opening.facts;
  const approved = code === '00';
  const network = approved ? { status: 'approved', code } : { status: 'refused', code };
  const decided = { network, pop: { status: 'not-applicable' }, approved } as DecidedBody;
  const line = { transaction, epoch: 1, sequence: number };
  return [
    { ...line, version: 1, kind: 'intended', body: opening, at: NOON + second * 1_000 },
    { ...line, version: 2, kind: 'decided', body: decided, at: NOON + (second + after) * 1_000 },
  ] satisfies EntryLine[];
}

interface Paid {
  readonly after: number;
  readonly said: Said;
  readonly code: string;
}

function tested(rules: FraudRule[], lines: readonly EntryLine[]) {
  const test = new Backtest({ settings: { mode: 'monitor', rules }, networks: [], placeOf: () => undefined });
  test.take(lines);
  return test.report();
}

describe('rules tested against the past', () => {
  test('say how many payments they would have hit, and what became of these', () => {
    const lines = [payment(1, 0), payment(2, 10), payment(3, 20, { code: '51' }), payment(4, 300)].flat();
    const report = tested([often], lines);
    expect(report.all).toEqual({
      payments: 4,
      approved: 3,
      declined: 1,
      approvedMinorUnits: { '978': 7_500 },
    });
    expect(report.rules).toEqual([
      {
        id: 'RULE',
        action: 'block',
        payments: 2,
        approved: 1,
        declined: 1,
        approvedMinorUnits: { '978': 2_500 },
      },
    ]);
    expect(report.would.block.payments).toBe(2);
  });

  test('judge by what was known then: what was decided later is not known yet', () => {
    const lines = [payment(1, 0, { after: 30 }), payment(2, 10), payment(3, 40)].flat();
    expect(tested([often], lines).would.block.payments).toBe(1);
    const slow = [payment(1, 0, { after: 30 }), payment(2, 10, { after: 90 }), payment(3, 20)].flat();
    expect(tested([often], slow).would.block.payments).toBe(0);
  });

  test('name what the journal cannot tell', () => {
    const address = ruleOf(
      { check: 'distinct', by: 'address', what: 'consumer', of: 'proven', withinMs: 60_000, moreThan: 3 },
      { id: 'ADDRESS' },
    );
    const report = tested([ruleOf({ check: 'luhn' }, { id: 'LUHN' }), address, often], []);
    expect(report.untested).toEqual(['LUHN', 'ADDRESS']);
    expect(report.rules.map(({ id }) => id)).toEqual(['RULE']);
  });
});
