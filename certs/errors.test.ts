import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CERT_ERRORS } from './errors.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/certificates.md'), 'utf8');

test.each(Object.keys(CERT_ERRORS))('%s has its section in docs/certificates.md', (code) => {
  expect(page).toMatch(new RegExp(`^### ${code}$`, 'm'));
});
