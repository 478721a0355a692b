/**
 * What people type is walked from end to end: every script of package.json that is a program of ours, and every
 * command of `etika-switch`. Each has help and tells its release, and none of the mistakes that people make prints a
 * stack trace.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { commands } from '../deploy/cli/commands.ts';
import { programFor } from '../deploy/cli/program.ts';
import packageJson from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const cli = join(root, 'deploy/cli/etika-switch.js');
const folder = mkdtempSync(join(tmpdir(), 'command line '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STACK_TRACE = /^\s+at .+:\d+:\d+\)?$|node:internal|ExperimentalWarning|^Node\.js v/m;
/** Nobody listens there. */
const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/nothing';
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  HOME: folder,
  DATABASE_URL: NO_DATABASE,
  DATA_DIR: folder,
};

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], { cwd = root, env = {} }: { cwd?: string; env?: object } = {}) {
  return new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...ENVIRONMENT, ...env }, timeout: 50_000 });
    const said = { out: '', err: '' };
    child.stdin.end();
    child.stdout.on('data', (chunk) => {
      said.out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      said.err += String(chunk);
    });
    child.on('close', (status) => resolve({ status, ...said }));
  });
}

/** The scripts that are programs of ours: `node FILE`, nothing before it and nothing after. */
const scripts = Object.entries(packageJson.scripts).flatMap(([name, script]) => {
  const entry = /^(?:exec )?node (\S+\.(?:ts|mjs))$/.exec(script)?.[1];
  return entry === undefined || name.startsWith('pre') ? [] : [{ name, entry: join(root, entry) }];
});

test('the scripts that are walked are those that people know', () => {
  const names = scripts.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['start', 'bench', 'chaos', 'sim', 'conformance', 'fuzz', 'setup']),
  );
});

describe.each(scripts)('npm run $name', ({ entry }) => {
  test('has help, tells its release, and refuses an option that it does not have', async () => {
    const help = await run([entry, '--help']);
    expect(help).toMatchObject({ status: 0, err: '' });
    expect(help.out).toMatch(/npm (run |start)/);

    const version = await run([entry, '--version']);
    expect(version).toMatchObject({ status: 0, err: '' });
    expect(version.out.trim()).toMatch(new RegExp(`${packageJson.version.replaceAll('.', '\\.')}$`));

    const mistyped = await run([entry, '--no-such-option']);
    expect(mistyped.status).toBeGreaterThan(0);
    expect(mistyped.err).toContain('--no-such-option');
    expect(mistyped.err).not.toMatch(STACK_TRACE);
  });
});

test('each benchmark has a page of its own', async () => {
  for (const name of ['growth', 'codec', 'end-to-end', 'compare', 'profile']) {
    const { status, out } = await run([join(root, 'bench/main.ts'), name, '--help']);
    expect({ name, status }).toEqual({ name, status: 0 });
    expect(out).toContain(`npm run bench -- ${name}`);
  }
});

describe('etika-switch', () => {
  test('every command, and all below it, knows --help and --version', async () => {
    for (const { name } of commands) {
      const program = await programFor([name], commands);
      for (const [path, command] of below(program, '')) {
        const flags = command.options.map(({ long }) => long);
        expect({ path, hasVersion: flags.includes('--version') }).toEqual({ path, hasVersion: true });
        expect({ path, help: command.helpInformation() }).toMatchObject({
          help: expect.stringContaining('--help'),
        });
      }
    }
  });

  const asked = [['--version'], ['decode', '--version'], ['hsm', 'ceremony', 'export', '--version']];
  test.each(asked)('%j tells the release', async (...args) => {
    const answer = { status: 0, out: `etika-switch ${packageJson.version}\n`, err: '' };
    expect(await run([cli, ...args])).toEqual(answer);
  });

  const missing = join(folder, 'no such file.json');
  const noJson = join(folder, 'no json.json');
  writeFileSync(noJson, '{');
  const port = ['--port', '1', '--timeout', '500'];
  const mistakes: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['a command that is none', ['frobnicate'], /frobnicate/],
    ['an option that is none', ['decode', '--frobnicate'], /--frobnicate/],
    ['no message', ['decode', 'nohex'], /hex digits/],
    ['half a message', ['decode', '30383030822000000000000004'], /\n +\^$/m],
    ['a specification that is not there', ['decode', '--jpos-packager', missing, '00'], /no such file/],
    ['a folder for a file', ['decode', '--moov-spec', folder, '00'], /directory/],
    ['no JSON', ['encode', '{'], /JSON/],
    ['a terminal and no switch', ['terminal', 'purchase', ...port], /127\.0\.0\.1:1/],
    ['an echo and no switch', ['terminal', 'echo', ...port], /127\.0\.0\.1:1/],
    ['a settlement and no switch', ['terminal', 'settle', ...port], /127\.0\.0\.1:1/],
    ['a sample that is not there', ['terminal', 'send', missing, ...port], /no such file/],
    ['a sample and no switch', ['terminal', 'send', sample('iso87-ascii-echo'), ...port], /127\.0\.0\.1:1/],
    [
      'a load and no switch',
      ['terminal', 'load', '--rate', '2', '--seconds', '1', ...port],
      /127\.0\.0\.1:1/,
    ],
    ['an amount that is none', ['terminal', 'purchase', '--amount', 'much', ...port], /--amount/],
    ['a host that is not there', ['terminal', 'echo', '--host', 'no.such.host.invalid'], /no\.such\.host/],
    ['no simulator', ['network', '--url', 'http://127.0.0.1:59999', 'ledger'], /127\.0\.0\.1:59999/],
    ['a rule that is no JSON', ['network', 'script', '{'], /JSON/],
    ['no HSM process', ['hsm', 'status', '--socket', join(folder, 'hsm.sock')], /hsm\.sock/],
    ['vectors that are not there', ['hsm', 'kat', '--vectors', missing], /no such file/],
    ['certificates that are not there', ['certs', missing], /no such file|0 certificates/],
    ['no database', ['recon', 'cases'], /127\.0\.0\.1:1/],
    ['no database', ['parked', 'list'], /127\.0\.0\.1:1/],
    ['no database', ['audit', 'verify'], /127\.0\.0\.1:1|public key/],
    ['no database', ['migrate'], /127\.0\.0\.1:1/],
    ['settings that are not there', ['recon', 'cases', '--settings', missing], /no such file/],
    ['settings that are no JSON', ['parked', 'list', '--settings', noJson], /SW_SETTINGS/],
    ['a ledger that is not there', ['recon', 'run', '--network-ledger', `visa=${missing}`], /./],
    ['a node without settings', ['switch'], /SWITCH_SETTINGS_FILE/],
    ['a worker whose settings are not there', ['worker'], /SWITCH_SETTINGS_FILE/],
  ];
  test.each(mistakes)('%s is told in a few lines: %j', async (_, args, says) => {
    const { status, out, err } = await run([cli, ...args]);
    expect(status).toBeGreaterThan(0);
    expect(out + err).toMatch(says);
    expect(out + err).not.toMatch(STACK_TRACE);
  });

  test('what people type for a reader that goes away ends without a word', async () => {
    const help = `"${process.execPath}" "${cli}" decode --describe | head -1`;
    const ended = await new Promise<Ended>((resolve) => {
      const child = spawn('bash', ['-c', help], { cwd: root, env: ENVIRONMENT });
      const said = { out: '', err: '' };
      child.stdout.on('data', (chunk) => {
        said.out += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        said.err += String(chunk);
      });
      child.on('close', (status) => resolve({ status, ...said }));
    });
    expect(ended).toMatchObject({ status: 0, err: '' });
  });
});

describe('etika-switch.config.json', () => {
  test('what npm start was configured with holds for the commands beside it', async () => {
    const config = { ports: { iso87: 18_583, tls: 18_587 }, simulators: { visaControl: 19_584 } };
    writeFileSync(join(folder, 'etika-switch.config.json'), JSON.stringify(config));
    const within = { cwd: folder };
    expect((await run([cli, 'terminal', 'echo'], within)).out).toContain('127.0.0.1:18583');
    expect((await run([cli, 'network', 'status'], within)).err).toContain('127.0.0.1:19584');
    const beaten = await run([cli, 'terminal', 'echo'], { ...within, env: { SWITCH_PORT_ISO87: '18600' } });
    expect(beaten.out).toContain('127.0.0.1:18600');
  });

  test('one that cannot be read is named, and keeps nobody from help', async () => {
    writeFileSync(join(folder, 'etika-switch.config.json'), '{ "ports": 7 }');
    const within = { cwd: folder };
    const refused = await run([cli, 'terminal', 'echo'], within);
    expect(refused.err).toContain('DEP_CONFIG_VALUE');
    expect(refused.err).not.toMatch(STACK_TRACE);
    expect((await run([cli, 'terminal', '--help'], within)).status).toBe(0);
    rmSync(join(folder, 'etika-switch.config.json'));
  });
});

function sample(name: string): string {
  return join(root, 'simulators/terminal/samples', `${name}.hex`);
}

function below(command: Command, path: string): [path: string, command: Command][] {
  return [
    [path, command],
    ...command.commands.flatMap((child) => below(child, `${path} ${child.name()}`.trim())),
  ];
}
