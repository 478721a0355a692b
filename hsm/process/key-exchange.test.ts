import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { developmentKey } from '../development/keys.ts';
import { UseLedger } from '../keys/use-ledger.ts';
import { makeKeyBlock } from '../testing/key-block.ts';
import { testToken } from '../testing/token.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import { HsmService } from './service.ts';
import { readTokenAccess } from './settings.ts';

/** A zone key that comes: whether it may, and whether it works before anybody is told. */
const VALUE = Buffer.from('2315208C9110AD40022A4D1F6B853EA7', 'hex');
const PLAN = { owner: 'VISA', state: 'pending', notBefore: 0, notAfter: 2 ** 47, useLimit: 0, kcv: '' };

let directory: string;
let env: Record<string, string>;
let service: HsmService;
/** From now on blocks of triple DES in ECB are decrypted to something else. */
let isBroken: boolean;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-exchange-'));
  env = await testToken(directory);
  process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
  isBroken = false;
});
afterEach(() => {
  service.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(more: Record<string, string> = {}): void {
  const { token, userPin } = readTokenAccess({ ...env, ...more });
  const clocks = { monotonic: () => 0, wall: () => 1 };
  let isEcb = false;
  service = new HsmService(token, userPin, clocks, UseLedger.open(undefined), (module) => {
    return new Proxy(module, {
      get(target, name) {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function') return own;
        return (...args: unknown[]) => {
          if (name === 'C_DecryptInit') {
            isEcb = (args[1] as { mechanism: number }).mechanism === pkcs11.CKM_DES3_ECB;
          }
          const result: unknown = own.apply(target, args);
          const decrypts = name === 'C_Decrypt' || name === 'C_DecryptUpdate';
          if (decrypts && isBroken && isEcb && Buffer.isBuffer(result)) result[0] = 0xff;
          return result;
        };
      },
    });
  });
}

const comes = (value = VALUE) =>
  service.execute('importKeyBlock', {
    ...PLAN,
    protection: 'ZMK/VISA',
    block: makeKeyBlock({ version: 'D', under: developmentKey('ZMK/VISA'), fields: 'P0TB00N', value }),
  });

it('is refused where a PIN block under it does not come through', () => {
  open();
  expect(comes()).toMatchObject({ kcv: expect.any(String) });
  isBroken = true;
  expect(comes).toThrow(/HSM_KEY_BLOCK_INVALID.*trial/);
});

it('is refused where it is weaker than a setting asks for, and so is one that is made', () => {
  open({ HSM_LEAST_STRENGTH: '112' });
  expect(() => comes()).toThrow(/HSM_KEY_WEAK.*80 bits.*112/);
  const make = (length: number) =>
    service.execute('generateKey', { ...PLAN, usage: 'P0', algorithm: 'T', length });
  expect(() => make(16)).toThrow(/HSM_KEY_WEAK/);
  expect(make(24)).toMatchObject({ kcv: expect.any(String) });
});
