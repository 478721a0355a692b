import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATABASE_ERRORS } from './database/database-errors.ts';
import { MIGRATION_ERRORS } from './database/migrate.ts';
import { Refusal, SWITCH_ERRORS } from './errors.ts';
import { GATEWAY_ERRORS } from './gateway/problems.ts';
import { JOURNAL_ERRORS } from './journal/journal.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');

describe('the error registry of the switch', () => {
  const registries = { ...SWITCH_ERRORS, ...JOURNAL_ERRORS, ...MIGRATION_ERRORS, ...DATABASE_ERRORS };

  it.each([...Object.keys({ ...registries, ...GATEWAY_ERRORS }), 'SW_SETTINGS'])(
    '%s has its section in docs/errors.md',
    (code) => {
      expect(page).toMatch(new RegExp(`^### ${code}$`, 'm'));
    },
  );

  it('the page says the DE39 that the registry says', () => {
    for (const [code, { responseCode }] of Object.entries(SWITCH_ERRORS)) {
      expect(page).toMatch(new RegExp(`### ${code}\n+DE39 \\*\\*${responseCode}\\*\\*`));
    }
  });

  it('a refusal carries its code and DE39', () => {
    expect(new Refusal('SW_NO_ROUTE', { iin: '555555' })).toMatchObject({
      code: 'SW_NO_ROUTE',
      responseCode: '92',
      detail: { iin: '555555' },
    });
  });
});
