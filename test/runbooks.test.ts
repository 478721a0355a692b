/**
 * docs/runbooks.md on a real installation: each fault that can be made without a machine of one's own is made, shows
 * as its page says, and the page's commands are pasted while it lasts and after it. What they say is what people act
 * on, so a command that fails has to say why, in words.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/runbooks.md'), 'utf8');
const dataDir = mkdtempSync(join(tmpdir(), 'runbooks '));
let postgres: RunningPostgres;
let house: House;

beforeAll(async () => {
  await madeCluster(dataDir);
  postgres = await startPostgres({ dataDir, log: silentLog });
  await migrate(postgres.url, silentLog);
  house = await startHouse({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await house?.close();
  await postgres?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Pasted {
  readonly status: number;
  readonly said: string;
}

/** The commands of a section, and of the page's beginning, that need no service manager. */
function commandsOf(title: string): string[] {
  const sections = page.split(/^## /m);
  const section = sections.find((each) => each.startsWith(`${title}\n`));
  if (!section) throw new Error(`docs/runbooks.md has no section "${title}"`);
  return [sections[0] ?? '', section]
    .flatMap((text) => [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.split('\n')))
    .filter((line) => /^npx etika-switch |^curl .*:8585|^df |^du |^date /.test(line));
}

function paste(command: string): Promise<Pasted> {
  const node = join(house.dataDir, 'node-1.json');
  const here: readonly (readonly [written: string, actual: string])[] = [
    ['npx etika-switch', `"${process.execPath}" "${join(root, 'deploy/cli/etika-switch.js')}"`],
    ['/etc/etika/switch.json', node],
    ['/run/etika/hsm.sock', house.hsm.socketPath],
    ['127.0.0.1:8585', `127.0.0.1:${house.ports().status}`],
    ['/var/log', house.dataDir],
    ['/var/lib/postgresql', house.dataDir],
    ['/var/lib/etika', house.dataDir],
  ];
  const line = here.reduce((so, [written, actual]) => so.replaceAll(written, actual), command);
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { cwd: root, timeout: 40_000 }, (error, out, err) =>
      resolve({ status: error ? 1 : 0, said: out + err }),
    );
  });
}

/** All of a section, by what each begins with. */
async function pasteAll(title: string): Promise<Record<string, Pasted>> {
  const pasted: Record<string, Pasted> = {};
  for (const command of commandsOf(title)) pasted[command.split(' --')[0] ?? ''] = await paste(command);
  return pasted;
}

const fails = (why: RegExp) => ({ status: 1, said: expect.stringMatching(why) });
const works = { status: 0, said: expect.stringMatching(/./) };
const expectNoStack = (pasted: Record<string, Pasted>) =>
  expect(JSON.stringify(pasted)).not.toMatch(/\\n\s+at .+:\d+:\d+/);

test('the database is away', async () => {
  const { port } = new URL(postgres.url);
  await postgres.stop();
  await waitUntil(async () => !(await house.switchStatus()).ready);
  expect((await ask(house.ports().iso87, purchase())).de39).toBe('96');
  await waitUntil(async () => /settings\.not-looked-at/.test(house.switchLog()));
  const during = await pasteAll('The database is away');
  expect(during).toMatchObject({
    'npx etika-switch parked list': fails(/ECONNREFUSED/),
    'npx etika-switch alerts list': fails(/ECONNREFUSED/),
    'curl -sS': { status: 0, said: expect.stringContaining('the database does not answer') },
  });
  expectNoStack(during);

  postgres = await startPostgres({ dataDir, log: silentLog, port: Number(port) });
  await waitUntil(async () => (await ask(house.ports().iso87, purchase())).de39 === '00');
  expect(await pasteAll('The database is away')).toMatchObject({
    'npx etika-switch parked list': works,
    'npx etika-switch alerts list': works,
  });
});

test('the HSM is away', async () => {
  const pid = house.hsm.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await waitUntil(async () => (await house.switchStatus()).hsm === 'disconnected');
    expect((await ask(house.ports().iso87, purchase())).de39).toBe('96');
    const during = await pasteAll('The HSM is away');
    expect(during['npx etika-switch hsm status']).toMatchObject(fails(/./));
    expectNoStack(during);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitUntil(async () => (await ask(house.ports().iso87, purchase())).de39 === '00');
  expect((await pasteAll('The HSM is away'))['npx etika-switch hsm status']).toMatchObject(works);
});

/** What no disk is too small for: the switch may write no file any longer than its log is, as on a full disk. */
async function mayWriteUpTo(bytes: string): Promise<void> {
  const limit = ['--pid', String(house.switchPid()), `--fsize=${bytes}:unlimited`];
  await new Promise<void>((resolve, reject) => {
    execFile('prlimit', limit, (error) => (error ? reject(error) : resolve()));
  });
}

/** A frame that is none, whose line the log has to take. */
async function stranger(): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(house.ports().iso87, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'));
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}

const alertsNow = async () =>
  (await paste('npx etika-switch alerts list --settings /etc/etika/switch.json')).said;

test('the disk of the logs is full', async () => {
  await mayWriteUpTo(String(house.switchLog().length));
  try {
    await waitUntil(async () => {
      await stranger();
      return (await house.switchStatus()).log.failing !== undefined;
    });
    expect((await ask(house.ports().iso87, purchase())).de39).toBe('00');
    await waitUntil(async () => /log-lost/.test(await alertsNow()));
    const during = await pasteAll('The disk is full');
    expect(during).toMatchObject({ 'curl -sS': { status: 0, said: expect.stringContaining('"failing"') } });
    const looks = Object.keys(during).filter((command) => /^d[fu] /.test(command));
    expect(looks).toHaveLength(2);
    for (const command of looks) expect(during[command]).toMatchObject(works);
    expectNoStack(during);
  } finally {
    await mayWriteUpTo('unlimited');
  }
  await waitUntil(async () => !/log-lost/.test(await alertsNow()));
  expect((await house.switchStatus()).log.failing).toBeUndefined();
}, 120_000);

const A_DAY_BEHIND = 'data:text/javascript,const{now}=Date;Date.now=()=>now()-864e5';

test('the clock of a node is wrong', async () => {
  await house.startSwitch({ NODE_OPTIONS: `--import=${A_DAY_BEHIND}` });
  await waitUntil(async () => /clock of node-1 is 86400/.test(await alertsNow()));
  const during = await pasteAll('A clock is wrong');
  expect(during).toMatchObject({
    'date -u': works,
    'npx etika-switch alerts list': {
      status: 0,
      said: expect.stringMatching(/clock of node-1 is 86400.* s behind/),
    },
  });
  expectNoStack(during);

  await house.startSwitch();
  await waitUntil(async () => !/clock of node-1/.test(await alertsNow()));
}, 120_000);

test('a node is dead', async () => {
  await house.killSwitch();
  const during = await pasteAll('A node is dead');
  expect(during['curl -sS']).toMatchObject(fails(/Failed to connect|Couldn't connect|refused/i));
  expect(during['npx etika-switch settings list']).toMatchObject(works);
  expectNoStack(during);
  await house.startSwitch();
  expect((await ask(house.ports().iso87, purchase())).de39).toBe('00');
});

test('the log is flooded: lines of one peer are bounded, and the rest is counted', async () => {
  const before = house.switchLog().length;
  for (let number = 0; number < 300; number += 1) {
    await stranger();
  }
  const flood = house.switchLog().slice(before);
  expect(flood.length).toBeLessThan(60_000);
  expect((await pasteAll('The log is flooded'))['curl -sS']).toMatchObject(works);
  expect((await ask(house.ports().iso87, purchase())).de39).toBe('00');
});
