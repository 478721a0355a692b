/**
 * Terminals, merchants, routes and networks' data change while real nodes serve: a version that is applied at the
 * command line is followed by switch and worker within two seconds, without a restart and without a payment lost.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SharedSettings } from '../switch/config/shared-settings.ts';
import { type House, startHouse } from './support/house.ts';
import { waitUntil } from './support/wait-until.ts';

const cli = join(import.meta.dirname, '../deploy/cli/etika-switch.js');
const FOLLOWED_WITHIN_MS = 2_000;

let house: House;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shared-settings-'));
  house = await startHouse();
});
afterAll(async () => {
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(...args: string[]): Promise<Ended> {
  const env = { ...process.env, DATABASE_URL: house.databaseUrl, DATA_DIR: folder, ETIKA_TRACE: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { env, timeout: 30_000 }, (error, out, err) => {
      resolve({ status: Number(error?.code ?? 0), out, err });
    });
  });
}

const settings = (...args: string[]) =>
  run('settings', ...args, '--settings', join(house.dataDir, 'node-1.json'));

async function pay(terminal: string, merchant: string, card = '4242424242424242'): Promise<string> {
  const port = String(house.ports().iso87);
  const where = ['--port', port, '--records', join(folder, terminal), '--json'];
  const who = ['--terminal', terminal, '--merchant', merchant, '--card', card];
  const { out } = await run('terminal', 'purchase', ...where, ...who);
  return (JSON.parse(out) as { code: string }).code;
}

async function inForce(): Promise<SharedSettings> {
  const { out } = await settings('show', join(house.dataDir, 'node-1.json'));
  return JSON.parse(out) as SharedSettings;
}

function fileOf(content: unknown): string {
  const file = join(folder, 'next.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const MERCHANT = 'MERCHANT0000001';
const OTHER = 'MERCHANT0000002';

test('a new merchant and terminal are served within two seconds, and a removed one is not', async () => {
  const before = await inForce();
  const { version } = (await house.switchStatus()).settings;
  expect(await pay('TERM0001', OTHER)).not.toBe('00');

  const next = {
    ...before,
    merchants: [...before.merchants, { id: OTHER, category: '5812', pop: 'off' }],
    terminals: before.terminals.map((each) => (each.id === 'TERM0001' ? { ...each, merchant: OTHER } : each)),
  };
  const startedAt = Date.now();
  const dry = await settings('check', fileOf(next));
  const commandMs = Date.now() - startedAt; // on a busy machine a start takes seconds
  expect(dry).toMatchObject({ status: 0, err: '' });
  expect(dry.out).toContain(`added    ${OTHER}`);
  expect((await house.switchStatus()).settings).toEqual({ version });

  const appliedAt = Date.now();
  const applied = await settings('apply', fileOf(next), '--by', 'alice', '--why', 'a new shop');
  expect(applied).toMatchObject({ status: 0, err: '' });
  expect(applied.out).toMatch(new RegExp(`node-1 +follows version ${version + 1}`));
  expect(applied.out).toMatch(new RegExp(`node-1\\.worker +follows version ${version + 1}`));
  expect(Date.now() - appliedAt).toBeLessThan(FOLLOWED_WITHIN_MS + 3_000 + commandMs);
  expect(await pay('TERM0001', OTHER)).toBe('00');
  expect(await pay('TERM0001', MERCHANT)).not.toBe('00');
});

test('a version is followed within two seconds of its commit', async () => {
  const before = await inForce();
  const next = (await house.switchStatus()).settings.version + 1;
  const done = settings('apply', fileOf(before), '--by', 'bob');
  await waitUntil(async () => (await settings('show', String(next))).status === 0);
  const seenAt = Date.now();
  await waitUntil(async () => (await house.switchStatus()).settings.version === next);
  await waitUntil(async () => (await house.workerStatus()).settings.version === next);
  expect(Date.now() - seenAt).toBeLessThan(FOLLOWED_WITHIN_MS);
  expect(await done).toMatchObject({ status: 0 });
});

test("a network's data are followed, and no payment finds the network away meanwhile", async () => {
  const before = await inForce();
  const networks = before.networks.map((each) =>
    each.name === 'visa'
      ? { ...each, clearingCutOffHour: 22, answers: { matchedBy: ['de11', 'de37'] } }
      : each,
  );
  let isOver = false;
  const codes: string[] = [];
  const paying = (async () => {
    while (!isOver) codes.push(await pay('TERM0002', MERCHANT));
  })();
  const applied = await settings('apply', fileOf({ ...before, networks }), '--by', 'alice');
  expect(applied).toMatchObject({ status: 0, err: '' });
  await waitUntil(async () => house.switchLog().includes('network.data-followed'));
  expect(await pay('TERM0003', MERCHANT)).toBe('00');
  isOver = true;
  await paying;
  expect(codes.filter((code) => code !== '00')).toEqual([]);
});

test('a route that is taken away leads nowhere from then on, and going back brings it again', async () => {
  const before = await inForce();
  const routes = before.routes.filter(({ network }) => network !== 'iso87');
  const { out } = await settings('apply', fileOf({ ...before, routes }), '--by', 'alice', '--json');
  const { version } = JSON.parse(out) as { version: number };
  expect(await pay('TERM0004', MERCHANT, '5555555555554444')).toBe('92');

  const again = await settings('apply', '--again', String(version - 1), '--by', 'alice', '--why', 'back');
  expect(again).toMatchObject({ status: 0, err: '' });
  expect(await pay('TERM0004', MERCHANT, '5555555555554444')).toBe('00');
  const { out: listed } = await settings('list');
  expect(listed).toMatch(new RegExp(`${version + 1} .*alice +back`));
});

describe('what does not fit is refused, and nothing changes', () => {
  const spoilt: readonly (readonly [string, (good: SharedSettings) => unknown, RegExp])[] = [
    ['a misspelt key', (good) => ({ ...good, terminal: [] }), /\/terminal: no such key/],
    [
      'a misspelt key of a terminal',
      (good) => ({ ...good, terminals: good.terminals.map((each) => ({ ...each, partialAproval: true })) }),
      /\/terminals\/0\/partialAproval: no such key/,
    ],
    [
      'a terminal without its merchant',
      (good) => ({ ...good, merchants: [] }),
      /no such merchant: "MERCHANT0000001"/,
    ],
    [
      'a route to a network that nobody has',
      (good) => ({ ...good, routes: [{ from: '4', to: '4', network: 'amex' }] }),
      /no such network: "amex"/,
    ],
    [
      'data of a network that nobody has',
      (good) => ({ ...good, networks: [{ name: 'amex' }] }),
      /no such network in the node's own file/,
    ],
    [
      'a key that the token does not have',
      (good) => ({
        ...good,
        terminals: good.terminals.map((each, at) => (at === 0 ? { ...each, macKey: 'TAK/NOBODY' } : each)),
      }),
      /no such key on the token: "TAK\/NOBODY"/,
    ],
    ['no object', () => 7, /expected|must be/i],
  ];
  test.each(spoilt)('%s', async (_, spoil, says) => {
    const version = (await house.switchStatus()).settings.version;
    const file = fileOf(spoil(await inForce()));
    for (const command of ['check', 'apply']) {
      const { status, out, err } = await settings(command, file);
      expect({ status, err }).toEqual({ status: 1, err: '' });
      expect(out).toMatch(says);
    }
    expect((await house.switchStatus()).settings).toEqual({ version });
  });
});

test('a restarted node begins with the version in force', async () => {
  const { version } = (await house.switchStatus()).settings;
  await house.stopSwitch();
  await house.startSwitch();
  expect((await house.switchStatus()).settings).toEqual({ version });
});

describe('a payment is found', () => {
  const find = async (...args: string[]) => {
    const { out } = await run('find', '--json', ...args);
    return (JSON.parse(out) as { transactions: { stan: string; rrn: string }[] }).transactions;
  };

  test('by each thing that a caller may have at hand, and by nothing that differs', async () => {
    const port = String(house.ports().iso87);
    const card = ['--card', '4242424242424242', '--amount', '31.07', '--stan', '004711'];
    const where = ['--port', port, '--records', join(folder, 'found'), '--terminal', 'TERM0007', '--json'];
    const { out } = await run('terminal', 'purchase', ...where, ...card);
    const { rrn } = JSON.parse(out) as { rrn: string };
    await waitUntil(async () => (await find('--rrn', rrn)).length === 1);

    for (const known of [
      ['--rrn', rrn],
      ['--stan', '4711'],
      ['--terminal', 'TERM0007', '--since', '10m'],
      ['--last4', '4242', '--amount', '31.07'],
      ['--amount', '31.07', '--merchant', MERCHANT],
    ]) {
      expect({ known, found: await find(...known) }).toMatchObject({
        known,
        found: [{ stan: '004711', rrn }],
      });
    }
    expect(await find('--amount', '31.08')).toEqual([]);
    expect(await find('--stan', '4711', '--until', '10m')).toEqual([]);
    expect((await run('find', '--stan', '4711')).out).toContain('purchase 31.07 978  00');
  });
});

describe.each(['runbooks', 'terminal-of-your-own'])('what docs/%s.md has people paste', (page) => {
  const text = readFileSync(join(import.meta.dirname, `../docs/${page}.md`), 'utf8');
  const commands = [...text.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.trim().split('\n'))
    .filter((line) => /^npx etika-switch (?!terminal send|find --terminal SHOP)|^curl .*:8585/.test(line));

  beforeAll(async () => {
    await pay('TERM0001', MERCHANT); // there is something to be found
  });

  test.each([...new Set(commands)])('%s', async (command) => {
    const node = join(house.dataDir, 'node-1.json');
    const here: readonly (readonly [written: string, actual: string])[] = [
      ['npx etika-switch', `"${process.execPath}" "${cli}"`],
      ['/etc/etika/switch.json', node],
      ['.data/switch.settings.json', node],
      ['/run/etika/hsm.sock', house.hsm.socketPath],
      ['127.0.0.1:8585', `127.0.0.1:${house.ports().status}`],
      ['shared.json', join(folder, 'shared.json')],
    ];
    const line = here.reduce((so, [written, actual]) => so.replaceAll(written, actual), command);
    const env = { ...process.env, DATABASE_URL: house.databaseUrl };
    const ended = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', line], { env, cwd: join(import.meta.dirname, '..') }, (error, _, err) =>
        resolve(error ? `${error.message} ${err}` : ''),
      );
    });
    expect(ended).toBe('');
  });
});
