import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { connectHsm, type PaymentHsmClient } from '../client/client.ts';
import { prepareEmptyToken } from '../development/software-token.ts';
import { generateStoredKey, storeKey } from '../keys/create.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import type { KeyAlgorithm, KeyUsage } from '../keys/usage.ts';
import { readTokenAccess } from '../process/settings.ts';
import { initialiseToken } from '../token/initialise.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import { Scratch } from '../token/secrets.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');

/** The one key of the token that another party knows: no published one. */
export const OWN_ZMK = Buffer.from('5B8C1E4FA7D3926E0F31C2B4687AD95E', 'hex');

/** A token as production has it, and HSM processes on it; its own for each test. */
export class ProductionPlace {
  directory = '';
  env: Record<string, string> = {};
  readonly #ended: (() => Promise<unknown>)[] = [];
  #session: TokenSession | undefined;

  open(): void {
    this.directory = mkdtempSync(join(tmpdir(), 'etika-production-'));
    this.env = {
      ...prepareEmptyToken('softhsm', this.directory),
      HSM_SOCKET: join(this.directory, 's'),
      HSM_USE_LEDGER: join(this.directory, 'l.db'),
      HSM_POLICY: join(this.directory, 'in-service.json'),
    };
    const users = [process.getuid?.() ?? 0];
    const peers = [{ name: 'switch', users, operations: ['all'], exchange: 'in-service' }];
    writeFileSync(join(this.directory, 'in-service.json'), JSON.stringify({ peers }), { mode: 0o600 });
    process.env['SOFTHSM2_CONF'] = this.env['SOFTHSM2_CONF'];
    const { token, userPin } = readTokenAccess(this.env);
    initialiseToken(token, userPin);
    this.#session = TokenSession.open(token, userPin);
    for (const [label, usage, algorithm] of [
      ['LMK/1', 'K0', 'A'],
      ['LMK-SEAL/1', 'KM', 'H'],
      ['PAN-DATA/1', 'D0', 'A'],
      ['PAN-LOOKUP/1', 'HL', 'H'],
    ] as const) {
      this.#on((scratch) => generateStoredKey(scratch, label, usage, algorithm, 32));
    }
    new SigningKeys(this.#session).generate('AUDIT/1');
    this.store('ZMK/OWN', 'K1', 'A', OWN_ZMK);
  }

  async close(): Promise<void> {
    for (const end of this.#ended.splice(0)) await end();
    this.#session?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  store(label: string, usage: KeyUsage, algorithm: KeyAlgorithm, value: Buffer): void {
    this.#on((scratch) => storeKey(scratch, label, usage, algorithm, value));
  }

  /** @returns its exit code, or `serves` */
  started(more: Record<string, string> = { HSM_ALLOW_SOFTWARE_TOKEN: '1' }): Promise<unknown> {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, ...this.env, NODE_ENV: 'production', LOG_LEVEL: 'info', ...more },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exit = new Promise((resolve) => child.once('exit', resolve));
    this.#ended.push(() => {
      child.kill();
      return exit;
    });
    const ready = new Promise((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => chunk.includes('hsm.ready') && resolve('serves'));
    });
    return Promise.race([ready, exit]);
  }

  async connected(): Promise<PaymentHsmClient> {
    const client = connectHsm({
      socketPath: join(this.directory, 's'),
      clock: systemClock,
      log: silentLog,
      requestTimeoutMs: 10_000,
    });
    this.#ended.unshift(() => client.close());
    await client.whenConnected();
    return client;
  }

  #on(work: (scratch: Scratch) => unknown): void {
    if (this.#session) Scratch.use(this.#session, probeToken(this.#session), work);
  }
}

export function useProductionPlace(): ProductionPlace {
  const place = new ProductionPlace();
  beforeEach(() => place.open());
  afterEach(() => place.close());
  return place;
}
