import { expect, test } from 'vitest';
import { dialects, referencePage } from './index.ts';

test.each(Object.values(dialects).map((dialect) => [dialect.name, dialect] as const))(
  '%s describes every field once',
  (_, dialect) => {
    const page = referencePage(dialect);
    for (const [number, field] of Object.entries(dialect.fields)) {
      expect(
        page.split('\n').filter((line) => line.startsWith(`| ${number} | ${field.name} |`)),
      ).toHaveLength(1);
    }
    expect(page.includes('Not verified')).toBe(!dialect.conformant);
  },
);

test('a page says how a field is written and shown', () => {
  const page = referencePage(dialects['visa-base1']);
  expect(page).toContain(
    '| 2 | Primary account number | n, pan | up to 19 characters, 1 binary | bcd | masked |',
  );
  expect(page).toContain('| 62.sf2 (bit 2) | Transaction identifier | n | 15 | bcd | clear |');
});
