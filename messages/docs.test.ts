import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dialects, framingNames, isoErrors } from './index.ts';

const page = readFileSync(new URL('../docs/messages.md', import.meta.url), 'utf8');

test.each(Object.keys(isoErrors))('docs/messages.md has a section on %s', (code) =>
  expect(page).toContain(`\n### ${code}\n`),
);

test.each([...Object.keys(dialects), ...framingNames])('docs/messages.md names %s', (name) =>
  expect(page).toContain(`\`${name}\``),
);
