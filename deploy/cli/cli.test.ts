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
  test.each(commands)('$name and all below it have help with an example of their own', async ({ name }) => {
    const program = await programFor([name], commands);
    const loaded = program.commands.filter((command) => command.name() === name);
    for (const [path, command] of loaded.flatMap((command) => commandsBelow(command, name))) {
      expect(helpOf(command)).toMatch(new RegExp(`^ {2}\\$ .*npx etika-switch ${path}\\b`, 'm'));
    }
  });

  test.each(commands)('$name --help exits 0', ({ name }) => {
    expect(run(process.execPath, [entry, name, '--help'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('no example is left of a command that is gone', async () => {
    const loaded = await Promise.all(
      commands.map(async ({ name, load }) => commandsBelow(await load(), name)),
    );
    const paths = new Set(['', ...loaded.flat().map(([path]) => path)]);
    expect(Object.keys(EXAMPLES).filter((path) => !paths.has(path))).toEqual([]);
  });
});

function commandsBelow(command: Command, path: string): [path: string, command: Command][] {
  return [
    [path, command],
    ...command.commands.flatMap((child) => commandsBelow(child, `${path} ${child.name()}`)),
  ];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}
