import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { connectHsm } from '../client/client.ts';
import { developmentKey } from '../development/keys.ts';
import { prepareEmptyToken } from '../development/software-token.ts';
import { generateStoredKey, storeKey } from '../keys/create.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import type { KeyAlgorithm, KeyUsage } from '../keys/usage.ts';
import { readTokenAccess } from '../process/settings.ts';
import { makeKeyBlock } from '../testing/key-block.ts';
import { initialiseToken } from '../token/initialise.ts';
import { findSoftHsm, TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import { Scratch } from '../token/secrets.ts';

/** A process in production, and keys that anybody knows: on its token at the start, put there later, or brought. */
const OWN_ZMK = Buffer.from('5B8C1E4FA7D3926E0F31C2B4687AD95E', 'hex');
const MAIN = join(import.meta.dirname, '..', 'main.ts');

let directory: string;
let env: Record<string, string>;
let session: TokenSession;
let ended: (() => Promise<unknown>)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'etika-production-'));
  env = prepareEmptyToken('softhsm', directory);
  process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
  const { token, userPin } = readTokenAccess(env);
  initialiseToken(token, userPin);
  session = TokenSession.open(token, userPin);
  ended = [];
  for (const [label, usage, algorithm] of [
    ['LMK/1', 'K0', 'A'],
    ['LMK-SEAL/1', 'KM', 'H'],
    ['PAN-DATA/1', 'D0', 'A'],
    ['PAN-LOOKUP/1', 'HL', 'H'],
  ] as const) {
    on((scratch) => generateStoredKey(scratch, label, usage, algorithm, 32));
  }
  new SigningKeys(session).generate('AUDIT/1');
  store('ZMK/OWN', 'K1', 'A', OWN_ZMK);
});
afterEach(async () => {
  for (const end of ended) await end();
  session.close();
  rmSync(directory, { recursive: true, force: true });
});

function on(work: (scratch: Scratch) => unknown): void {
  Scratch.use(session, probeToken(session), work);
}

function store(label: string, usage: KeyUsage, algorithm: KeyAlgorithm, value: Buffer): void {
  on((scratch) => storeKey(scratch, label, usage, algorithm, value));
}

/** @returns its exit code, or `serves` */
function started(more: Record<string, string> = { HSM_ALLOW_SOFTWARE_TOKEN: '1' }): Promise<unknown> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      ...env,
      NODE_ENV: 'production',
      HSM_SOCKET: join(directory, 's'),
      HSM_USE_LEDGER: join(directory, 'l.db'),
      LOG_LEVEL: 'info',
      ...more,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  ended.push(() => {
    child.kill();
    return exit;
  });
  const ready = new Promise((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => chunk.includes('hsm.ready') && resolve('serves'));
  });
  return Promise.race([ready, exit]);
}

it.each([
  ['AES', 'ZMK/VISA', 'K1', 'A'],
  ['AES, derived from', 'BDK/AES', 'B0', 'A'],
  ['triple DES', 'ZPK/VISA', 'P0', 'T'],
  ['triple DES, derived from', 'BDK/TDES', 'B0', 'T'],
  ['triple DES as AES', 'ZPK/VISA', 'D0', 'A'],
] as const)('does not start with a development key of %s', async (_, name, usage, algorithm) => {
  store('K/ANY', usage, algorithm, developmentKey(name));
  expect(await started()).toBe(79);
});

it('takes none that comes later, by whatever way', async () => {
  expect(await started()).toBe('serves');
  const client = connectHsm({ socketPath: join(directory, 's'), clock: systemClock, log: silentLog });
  ended.unshift(() => client.close());
  await client.whenConnected();
  store('ZPK/LATE', 'P0', 'T', developmentKey('ZPK/VISA'));
  store('ZMK/LATE', 'K1', 'A', developmentKey('ZMK/VISA'));
  const refused = { code: 'HSM_DEVELOPMENT_KEY' };
  // A name that is not known is looked for once a second.
  for (const late of ['ZPK/LATE', 'ZMK/LATE']) {
    await vi.waitFor(() => expect(client.keyCheckValue(late)).rejects.toMatchObject(refused), 10_000);
  }
  const brought = (fields: string, value: Buffer) =>
    client.importKeyBlock('ZMK/OWN', makeKeyBlock({ version: 'D', under: OWN_ZMK, fields, value }), {
      owner: 'X',
    });
  await expect(brought('P0TB00N', developmentKey('ZPK/VISA'))).rejects.toMatchObject(refused);
  await expect(brought('K1AB00N', developmentKey('ZMK/VISA'))).rejects.toMatchObject(refused);
  await brought('P0TB00N', Buffer.from('2315208C9110AD40022A4D1F6B853EA7', 'hex'));
});

it('knows a program for a token by what it is, whatever its file is called', async () => {
  const vendor = join(directory, 'libvendorhsm.so');
  symlinkSync(findSoftHsm(), vendor);
  expect(await started({ PKCS11_MODULE: vendor })).toBe(78);
  expect(await started({ PKCS11_MODULE: vendor, HSM_ALLOW_SOFTWARE_TOKEN: '1' })).toBe('serves');
});
