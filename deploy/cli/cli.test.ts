import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { commands } from './commands.ts';
import { EXAMPLES } from './examples.ts';
import { programFor } from './program.ts';

const entry = join(import.meta.dirname, 'etika-switch.js');
const machineNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) =>
    existsSync(path) && execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() !== process.version,
);

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, [...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('--help lists every command, and exits 0', () => {
  const { status, stdout } = run(process.execPath, [entry, '--help']);
  expect(status).toBe(0);
  for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test.skipIf(!machineNode)('an older Node hands over to the pinned one, exit code included', () => {
  const older = machineNode ?? '';
  expect(run(older, [entry, '--help'])).toEqual(run(process.execPath, [entry, '--help']));
  expect(run(older, [entry, 'no-such-command']).status).toBe(1);
});

test('an unknown command or option fails and says where help is', () => {
  for (const args of [['no-such-command'], ['--no-such-option']]) {
    const { status, stderr } = run(process.execPath, [entry, ...args]);
    expect(status).toBe(1);
    expect(stderr).toContain('etika-switch --help');
  }
});

test('without any command it prints its help and fails', () => {
  const { status, stderr } = run(process.execPath, [entry]);
  expect(status).toBe(1);
  expect(stderr).toContain('Usage: etika-switch');
});

test('a room that does not load breaks its own command only', async () => {
  const known = [
    { name: 'broken', summary: 'cannot be loaded', load: () => Promise.reject(new Error('no such room')) },
    { name: 'sound', summary: 'works', load: async () => new Command('sound') },
  ];
  await expect(programFor(['broken'], known)).rejects.toThrow('no such room');
  const program = await programFor(['sound'], known);
  expect(program.commands.map((command) => command.name())).toEqual(['broken', 'sound']);
});

describe('every command', () => {
  test.each(commands)(
    '$name and all below it have help with an example of their own',
    async ({ name, load }) => {
      for (const path of pathsOf(await load(), name)) {
        const help = run(process.execPath, [entry, ...path.split(' '), '--help']);
        expect({ path, status: help.status }).toEqual({ path, status: 0 });
        expect(help.stdout).toMatch(new RegExp(`^ {2}\\$ .*npx etika-switch ${path}\\b`, 'm'));
      }
    },
  );

  test('no example is left of a command that is gone', async () => {
    const loaded = await Promise.all(commands.map(async ({ name, load }) => pathsOf(await load(), name)));
    expect(Object.keys(EXAMPLES).sort()).toEqual(['', ...loaded.flat()].sort());
  });
});

function pathsOf(command: Command, path: string): string[] {
  return [path, ...command.commands.flatMap((child) => pathsOf(child, `${path} ${child.name()}`))];
}
