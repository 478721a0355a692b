import { expect, test } from 'vitest';
import type { Fault } from './faults.ts';
import { PLAIN } from './features.ts';
import { runSeed } from './run.ts';

const LONG_MS = 600_000;

function diesIntending(from: number): Fault {
  return {
    on: 'node',
    kind: 'crash at',
    node: 0,
    from,
    to: from + 1_500,
    checkpoint: { name: 'intended', count: 1 },
  };
}

/** Faults that once found a defect: docs/simulation.md has a line for each. */
const REGRESSIONS: readonly [what: string, faults: readonly Fault[]][] = [
  ['where nothing is wrong', []],
  [
    'where a proof is initiated after it was looked up',
    [{ on: 'pop', kind: 'overtaken', share: 1, from: 0, to: 30_000 }],
  ],
  [
    'where proofs are asked for late, and that of another amount comes later still',
    [
      { on: 'pop', kind: 'down', share: 0.7, from: 0, to: 10_000 },
      { on: 'pop', kind: 'overtaken', share: 1, from: 10_000, to: 40_000 },
    ],
  ],
  [
    'where a proof is validated that was called rejected',
    [{ on: 'pop', kind: 'contradicting', share: 0.5, from: 0, to: 60_000 }],
  ],
  [
    'where a node dies with intentions meanwhile',
    [
      { on: 'pop', kind: 'contradicting', share: 0.7, from: 0, to: 60_000 },
      ...[1, 4, 7, 10, 13, 16].map((second) => diesIntending(second * 1_000)),
    ],
  ],
  [
    'where the journal is lost between asking for a proof and its acceptance',
    [
      { on: 'pop', kind: 'failing', share: 0.9, from: 0, to: 40_000 },
      { on: 'database', kind: 'database cut', node: 0, from: 5_000, to: 5_100 },
    ],
  ],
];

test.each(REGRESSIONS)('the invariants hold %s', { timeout: LONG_MS }, async (_, faults) => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const { violations } = await runSeed({ seed, faults, features: PLAIN });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
  }
});
