import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTerminal, openRecords, type Terminal, type TerminalOptions } from '../simulators/index.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { ask, connectRaw, frame, purchase, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const run = promisify(execFile);
const OVERLAP_MS = 2_000;
const order = { card: '4242424242424242', pin: '1234', amount: 2_500, currency: '978' };

let house: House;
let database: Client;
const folder = mkdtempSync(join(tmpdir(), 'etika-terminal-keys-'));
const closing: (() => unknown)[] = [];

beforeAll(inOrder);
beforeAll(async () => {
  house = await startHouse({
    settings: (settings) => ({
      ...settings,
      keyLife: { overlapMs: OVERLAP_MS, pendingMs: 60_000 },
      terminals: settings.terminals.map(({ masterKey = '', ...terminal }) =>
        terminal.id === 'TERM0010' ? terminal : { ...terminal, masterKey },
      ),
    }),
  });
  database = new Client({ connectionString: house.databaseUrl });
  await database.connect();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await database?.end();
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A terminal; of the same `device` it has the same records, and so the same keys. */
async function terminal(id: string, device: string, more: Partial<TerminalOptions> = {}): Promise<Terminal> {
  const { iso87, pos } = house.ports();
  const dialect = more.dialect ?? 'iso87-ascii';
  const address = { host: '127.0.0.1', port: dialect === 'pos-bcd' ? pos : iso87 };
  const records = await openRecords(join(folder, device));
  const made = createTerminal({ dialect, address, records, terminal: id, timeoutMs: 3_000, ...more });
  closing.push(() => {
    made.close();
    return records.ledger.close();
  });
  return made;
}

/** The states that a terminal's key sets have been in, oldest first. */
async function steps(id: string): Promise<string[]> {
  const { rows } = await database.query<{ step: string }>(
    `select generation || ' ' || state as step from switch.key_change where owner = $1 order by position`,
    [`terminal/${id}`],
  );
  return rows.map(({ step }) => step);
}

const approved = { outcome: 'answered', code: '00', macVerified: true };

describe.each([
  ['iso87-ascii', 'TERM0001'],
  ['pos-bcd', 'TERM0002'],
] as const)('in %s', (dialect, id) => {
  it('a terminal downloads and confirms; what it had is good for the overlap, and no longer', async () => {
    const [device, before] = await Promise.all([
      terminal(id, `${id}-new`, { dialect }),
      terminal(id, `${id}-old`, { dialect }),
    ]);
    expect(await before.purchase(order)).toMatchObject(approved);
    const download = await device.downloadKeys();
    expect(download).toMatchObject({ installed: true, exchanges: [{ code: '00' }, { code: '00' }] });
    expect(await steps(id)).toEqual(['1 pending', '1 active', '0 expiring']);
    expect(await device.purchase(order)).toMatchObject(approved);
    expect(await before.purchase(order)).toMatchObject(approved);
    await waitUntil(async () => (await before.purchase(order)).code === '63');
    expect(await device.purchase(order)).toMatchObject(approved);
  });

  it('the keys live on in the records of the terminal and of the switch', async () => {
    await house.stop();
    await house.startSwitch();
    await house.startWorker();
    const device = await terminal(id, `${id}-new`, { dialect });
    expect(await device.purchase(order)).toMatchObject(approved);
  });
});

it('the first message under new keys is a confirmation', async () => {
  const device = await terminal('TERM0003', 'TERM0003');
  expect(await device.downloadKeys(false)).toMatchObject({ installed: true, exchanges: [{ code: '00' }] });
  expect(await steps('TERM0003')).toEqual(['1 pending']);
  expect(await device.purchase(order)).toMatchObject(approved);
  expect(await steps('TERM0003')).toEqual(['1 pending', '1 active', '0 expiring']);
});

it('asked for again, or after a lost answer, they are the same until they are used, and then others', async () => {
  const lost = await connectRaw(house.ports().iso87);
  lost.send(frame(sealed({ ...management('101', 'TERM0004'), de11: '000777' })));
  await waitUntil(async () => (await steps('TERM0004')).length === 1);
  lost.close();
  const device = await terminal('TERM0004', 'TERM0004');
  const first = await device.downloadKeys(false);
  const again = await device.downloadKeys(false);
  expect(again.computed).toEqual(first.computed);
  expect(await steps('TERM0004')).toEqual(['1 pending']);
  expect(await device.purchase(order)).toMatchObject(approved);
  const next = await device.downloadKeys();
  expect(next.computed).not.toEqual(first.computed);
  expect(await steps('TERM0004')).toEqual([
    '1 pending',
    '1 active',
    '0 expiring',
    '2 pending',
    '2 active',
    '1 expiring',
  ]);
});

describe('keys that did not arrive as they were sent', () => {
  it('of which the terminal tells other check values, are discarded; the next are others', async () => {
    const device = await terminal('TERM0005', 'TERM0005');
    const { computed: first } = await device.downloadKeys(false);
    const wrong = { ...management('102', 'TERM0005'), de62: 'A1B2C3D4E5F6' };
    expect(await ask(house.ports().iso87, wrong)).toMatchObject({ de39: '79' });
    expect(await steps('TERM0005')).toEqual(['1 pending', '1 discarded']);
    expect(await device.purchase(order)).toMatchObject({ code: '63' });
    const { installed, computed: second } = await device.downloadKeys();
    expect(installed).toBe(true);
    expect(second).not.toEqual(first);
    expect(await device.purchase(order)).toMatchObject(approved);
  });

  it('or that another master key protects, are not installed, and the terminal goes on with its own', async () => {
    const masterKey = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
    const device = await terminal('TERM0006', 'TERM0006', { masterKey });
    const download = await device.downloadKeys();
    expect(download).toMatchObject({ installed: false, exchanges: [{ code: '00' }, { code: '79' }] });
    expect(await steps('TERM0006')).toEqual(['1 pending', '1 discarded']);
    expect(await device.purchase(order)).toMatchObject(approved);
  });
});

it('a confirmation says so again when it is repeated, and needs the right MAC', async () => {
  const device = await terminal('TERM0007', 'TERM0007');
  const { computed = { pin: '', mac: '' } } = await device.downloadKeys(false);
  const confirmation = { ...management('102', 'TERM0007'), de62: computed.pin + computed.mac };
  expect(await ask(house.ports().iso87, confirmation, 'TERM0008')).toMatchObject({ de39: '63' });
  expect(await steps('TERM0007')).toEqual(['1 pending']);
  const told = await device.downloadKeys();
  expect(told).toMatchObject({ installed: true, computed });
  expect(await steps('TERM0007')).toEqual(['1 pending', '1 active', '0 expiring']);
});

it('another node takes the new keys at once', async () => {
  const other = await house.addNode('node-2');
  const at = (port: number) => ({ address: { host: '127.0.0.1', port } });
  const elsewhere = await terminal('TERM0008', 'TERM0008', at(other.ports().iso87));
  expect(await elsewhere.purchase(order)).toMatchObject(approved);
  const device = await terminal('TERM0008', 'TERM0008-too', { keyFolder: join(folder, 'TERM0008') });
  expect(await device.downloadKeys()).toMatchObject({ installed: true });
  const again = await terminal('TERM0008', 'TERM0008', at(other.ports().iso87));
  expect(await again.purchase(order)).toMatchObject(approved);
  await other.stop();
});

it('while the HSM is away nothing is given and nothing changes; then all is as it should be', async () => {
  const device = await terminal('TERM0009', 'TERM0009');
  expect(await device.downloadKeys(false)).toMatchObject({ installed: true });
  await killHsm();
  expect(await device.purchase(order)).toMatchObject({ code: '96', macVerified: false });
  const request = management('101', 'TERM0001');
  await killHsm();
  expect(await ask(house.ports().iso87, request)).toMatchObject({ de39: '96' });
  expect(await steps('TERM0009')).toEqual(['1 pending']);
  await house.hsm.ready();
  await waitUntil(async () => (await device.purchase(order)).code === '00');
  expect(await steps('TERM0009')).toEqual(['1 pending', '1 active', '0 expiring']);
});

it('the command line downloads keys, and pays with them', async () => {
  const entry = join(import.meta.dirname, '../deploy/cli/etika-switch.js');
  const cli = async (...args: string[]) => {
    const line = [
      '--terminal',
      'TERM0006',
      '--port',
      String(house.ports().iso87),
      '--records',
      join(folder, 'cli'),
    ];
    const { stdout } = await run(process.execPath, [entry, 'terminal', ...args, ...line, '--json']);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  expect(await cli('keys')).toMatchObject({ installed: true });
  expect(await cli('purchase', '--pin', '1234')).toMatchObject(approved);
  expect((await steps('TERM0006')).at(-1)).toMatch(/expiring$/);
});

it.each([
  ['a terminal without a master key', 'TERM0010', '101', '58'],
  ['a terminal that nobody knows', 'TERM0099', '101', '58'],
  ['what an 0800 does not know', 'TERM0001', '999', '12'],
])('%s is refused', async (_, id, code, expected) => {
  const message = management(code, id);
  const raw = await connectRaw(house.ports().iso87);
  try {
    raw.send(frame(sealed(message, 'TERM0001')));
    expect(await raw.receive()).toMatchObject({ mti: '0810', de39: expected });
  } finally {
    raw.close();
  }
});

it('neither the log nor the records show a key', async () => {
  const { rows } = await database.query<{ keys: unknown }>('select keys from switch.key_change');
  const written = house.switchLog() + JSON.stringify(rows);
  // A sealed record is no key block, and of both only the HSM opens the one and the terminal the other.
  expect(written).not.toMatch(/B\d{4}(P0|M3)T[EC]00N/);
  expect(rows.length).toBeGreaterThan(10);
});

/** An 0800 of the ASCII dialect. */
function management(code: string, id: string) {
  const { de7 = '', de11 = '', de42 = '' } = purchase();
  return { mti: '0800', de7, de11, de41: id, de42, de70: code };
}

async function killHsm(): Promise<void> {
  await house.hsm.ready();
  const pid = house.hsm.pid();
  if (pid === undefined) throw new Error('the HSM is not running');
  process.kill(pid, 'SIGKILL');
}
