import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AUDIT_ERRORS } from './errors.ts';
import { BREAKS, DOUBTS } from './findings.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/audit.md'), 'utf8');

it.each(Object.keys({ ...BREAKS, ...DOUBTS, ...AUDIT_ERRORS }))(
  '%s has its section in docs/audit.md',
  (code) => {
    expect(page).toMatch(new RegExp(`^### ${code}$`, 'm'));
  },
);
