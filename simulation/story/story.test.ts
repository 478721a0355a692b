import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { INVARIANTS, meaningOf } from './invariant-words.ts';

test('every invariant has a section of its own on the page that stories link to', () => {
  for (const invariant of INVARIANTS) {
    const [page = '', anchor] = meaningOf(invariant).link.split('#');
    const text = readFileSync(join(import.meta.dirname, '..', '..', page), 'utf8');
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => slugOf(title));
    expect(headings, invariant).toContain(anchor);
  }
});

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}
