import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const COMMAND = join(import.meta.dirname, '..', 'cli', 'command.ts');
const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'key-ceremony.md'), 'utf8');
const PASTED = PAGE.split('\n')
  .map((line) => line.trim())
  .filter((line) => line.startsWith('npx etika-switch hsm '));

it('docs/key-ceremony.md has a command for every ceremony', () => {
  const actions = 'prepare import create generate export authorise backup restore verify-log';
  expect(PASTED.map((line) => line.split(' ')[4]).join(' ')).toBe(actions);
});

/** Without a token each gets as far as its settings: a command or option that is not there ends before. */
it.each(PASTED)('%s: the program knows it', (line) => {
  const { HSM_TOKEN_LABEL: _label, ...env } = process.env;
  const args = line.split(' ').slice(3);
  const { stderr } = spawnSync(process.execPath, [COMMAND, ...args], { env, encoding: 'utf8' });
  expect(stderr).toContain('HSM_TOKEN_LABEL is missing');
});
