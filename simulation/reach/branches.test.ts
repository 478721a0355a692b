import { expect, test } from 'vitest';
import { branchesOf } from './branches.ts';

const SOURCE = `
/** Fees: 1 € and more. */
export class Till {
  #open = false;
  constructor(private_: boolean) { this.#open = private_; }
  total(amounts: readonly number[], tip?: number): number {
    if (!this.#open) return 0;
    let sum = tip ?? 0;
    for (const amount of amounts) sum += amount > 0 ? amount : 0;
    return sum;
  }
}
export type Shape = { kind: 'a' | 'b' };
export function name(kind: 'a' | 'b'): string {
  switch (kind) {
    case 'a':
      return 'first';
    default:
      return 'other';
  }
}
`;

test('every function and every way that a path may take is a branch, and nothing of what is erased', () => {
  const named = branchesOf(SOURCE).map(({ kind, line }) => `${line} ${kind}`);
  expect(named.sort()).toEqual([
    '14 function',
    '16 case',
    '18 case',
    '5 function',
    '6 function',
    '7 then',
    '8 operand',
    '8 otherwise',
    '9 either',
    '9 either',
    '9 loop',
  ]);
});

test('a branch begins where the source has it, whatever letters stand before it, and lies in its function', () => {
  const branches = branchesOf(SOURCE);
  const then = branches.find(({ kind }) => kind === 'then');
  expect(SOURCE.slice(then?.at).startsWith('return 0;')).toBe(true);
  expect(branches[then?.within ?? -1]).toMatchObject({ kind: 'function', line: 6 });
});
