import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { ask, connectRaw, frame, purchase, sealed } from './support/raw-terminal.ts';
import type { SwitchNode } from './support/switch-node.ts';
import { waitUntil } from './support/wait-until.ts';

const LEASE_MS = 4_000;

let house: House;
let other: SwitchNode;
let elsewhere: string;

beforeAll(inOrder);
beforeAll(async () => {
  house = await startHouse({
    settings: (settings) => ({
      ...settings,
      deadlineMs: 1_000,
      journal: { ...settings.journal, appendDeadlineMs: 500, leaseMs: LEASE_MS, takeOverEveryMs: 300 },
    }),
  });
  other = await house.addNode('node-2');
  elsewhere = mkdtempSync(join(tmpdir(), 'etika-auditor-'));
});
afterAll(async () => {
  await house?.close();
  rmSync(elsewhere, { recursive: true, force: true });
});

/** `etika-switch …`, beside the house. */
function run(...args: string[]) {
  const env = { ...process.env, HSM_SOCKET: house.hsm.socketPath, DATABASE_URL: house.databaseUrl };
  const entry = join(import.meta.dirname, '../deploy/cli/etika-switch.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const heads = () => ['--heads', join(house.dataDir, 'audit')];
const publicKey = () => ['--public-key', join(elsewhere, 'audit.pem')];
const verify = (...args: string[]) => run('audit', 'verify', ...heads(), ...publicKey(), ...args);

/** Everything that a node has written is under a head: of its switch, and of its worker. */
async function isSigned(node: SwitchNode): Promise<void> {
  await waitUntil(async () => {
    const said = [await node.switchStatus(), await node.workerStatus()];
    return said.every(({ audit: { sequence, signedSequence } }) => sequence === (signedSequence ?? 0));
  });
}

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: house.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

describe('the audit of a running installation', () => {
  it('verifies under the public key that the HSM gave out', async () => {
    for (const node of [house, other]) {
      for (let i = 0; i < 3; i += 1) {
        expect(await ask(node.ports().iso87, purchase())).toMatchObject({ de39: '00' });
      }
      await isSigned(node);
    }
    const given = run('hsm', 'public-key');
    expect(given).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(join(elsewhere, 'audit.pem'), given.stdout);
    const verified = verify('--json');
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(verified.stdout)).toMatchObject({
      outcome: 'verified',
      epochs: [
        { node: 'node-1', state: 'running', breaks: [], doubts: [] },
        { node: 'node-1.worker', state: 'running', breaks: [], doubts: [] },
        { node: 'node-2', state: 'running', breaks: [], doubts: [] },
        { node: 'node-2.worker', state: 'running', breaks: [], doubts: [] },
      ],
    });
    const newest = JSON.parse(run('audit', 'head', ...heads(), ...publicKey(), '--json').stdout);
    expect(newest.map(({ node }: { node: string }) => node)).toEqual([
      'node-1',
      'node-1.worker',
      'node-2',
      'node-2.worker',
    ]);
  });

  it.each(['intended', 'network-answered', 'decided'])('verifies after kill -9 at %s', async (step) => {
    await house.startSwitch({ CRASH_AT: step });
    const raw = await connectRaw(house.ports().iso87);
    raw.send(frame(sealed(purchase())));
    await raw.closed;
    await house.switchDied();
    await house.startSwitch();
    await isSigned(house);
    await waitUntil(async () => verify().status === 0);
  });

  it('verifies after kill -9 of the HSM process', async () => {
    const pid = house.hsm.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await house.hsm.ready();
    await house.hsm.client.whenConnected();
    await waitUntil(async () => (await ask(house.ports().iso87, purchase())).de39 === '00');
    await isSigned(house);
    expect(verify().status).toBe(0);
  });

  it('verifies after a stop in order: then nothing is unsigned', async () => {
    await Promise.all([house.stop(), other.stop()]);
    const { status, stdout } = verify('--json', '--max-lag', '0');
    const { epochs } = JSON.parse(stdout);
    expect(
      epochs.every(
        (epoch: { state: string; unsigned: number }) => epoch.state === 'ended' && !epoch.unsigned,
      ),
    ).toBe(true);
    expect(status).toBe(0);
  });

  it('is exported, and verified without database and token', () => {
    const file = join(elsewhere, 'evidence.jsonl');
    expect(run('audit', 'export', ...heads(), '--out', file)).toMatchObject({ status: 0 });
    const offline = run('audit', 'verify', '--file', file, ...publicKey());
    expect(offline.stdout).toContain('Verified');
    expect(offline.status).toBe(0);
    expect(run('audit', 'verify', '--file', file)).toMatchObject({ status: 3 }); // under no key
    expect(run('audit', 'export', ...heads(), '--out', file)).toMatchObject({ status: 1 }); // it is there
  });

  it('finds what a superuser changed, names it, and exits 2', async () => {
    const [changed] = await query<{ epoch: string; sequence: string }>(
      `update switch.journal set body = replace(body::text, '"00"', '"05"')::json
        where (epoch, sequence) = (
          select epoch, sequence from switch.journal where kind = 'decided' and body::text like '%"00"%' limit 1
        ) returning epoch, sequence`,
    );
    const { status, stdout } = verify();
    expect(status).toBe(2);
    expect(stdout).toContain(`epoch ${changed?.epoch} of `);
    expect(stdout).toMatch(/✗ AUDIT_(ALTERED|REWRITTEN) (from|at) /);
    expect(stdout).toContain('BROKEN');
  });
});
