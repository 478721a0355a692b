import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeOfWire, HSM_ERRORS, HsmError, type HsmErrorCode } from './errors.ts';

const codes = Object.keys(HSM_ERRORS) as HsmErrorCode[];

it('every code has its section in docs/hsm.md, and no section is of a code that is gone', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'hsm.md'), 'utf8');
  const sections = [...page.matchAll(/^### (HSM_[A-Z_]+)$/gm)].map((match) => match[1]);
  expect(sections.sort()).toEqual([...codes].sort());
});

it('numbers on the wire are one per code, and an unknown one is a fault of the protocol', () => {
  for (const code of codes) expect(codeOfWire(HSM_ERRORS[code].wire)).toBe(code);
  expect(codeOfWire(250)).toBe('HSM_PROTOCOL');
});

it('a message tells code, text and detail', () => {
  expect(new HsmError('HSM_UNKNOWN_KEY', 'TPK/X').message).toBe(
    'HSM_UNKNOWN_KEY: there is no key of this name (TPK/X)',
  );
});
