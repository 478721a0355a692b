import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coreFiles, ROOT } from './core-files.ts';
import { covers, UNREACHABLE } from './unreachable.ts';

test('what is out of reach is of files that there are, and tested in files that there are', () => {
  const files = coreFiles();
  for (const { file, because, testedBy } of UNREACHABLE) {
    if (file !== undefined) expect(files).toContain(file);
    expect(because.length, testedBy).toBeGreaterThan(10);
    for (const named of testedBy.match(/\S+\.test\.ts/g) ?? []) {
      expect(existsSync(join(ROOT, named)), named).toBe(true);
    }
  }
});

test('an excuse is of its file, of its kinds and of what its line says', () => {
  const excuse = { file: 'a.ts', kinds: ['then'], line: /full/, because: 'it is', testedBy: 'b' } as const;
  const branch = { kind: 'then', text: 'if (full) return;' } as const;
  expect(covers(excuse, 'a.ts', branch)).toBe(true);
  expect(covers(excuse, 'c.ts', branch)).toBe(false);
  expect(covers(excuse, 'a.ts', { ...branch, kind: 'loop' })).toBe(false);
  expect(covers(excuse, 'a.ts', { ...branch, text: 'if (empty) return;' })).toBe(false);
});
