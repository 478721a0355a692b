import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UseLedger } from '../keys/use-ledger.ts';
import { HsmService } from '../process/service.ts';
import { readTokenAccess } from '../process/settings.ts';
import { testToken } from '../testing/token.ts';
import { pkcs11 } from '../token/pkcs11.ts';

/** Tokens as vendors make them: with a mechanism less, or with objects that are gone after a fail-over. */
let directory: string;
let env: Record<string, string>;
let service: HsmService | undefined;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-vendor-'));
  env = await testToken(directory);
  process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
});
afterEach(() => {
  service?.close();
  service = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** @param hinder throws what the token would answer in the place of a call */
function open(hinder: (call: string, args: readonly unknown[]) => void): HsmService {
  const { token, userPin } = readTokenAccess(env);
  const clocks = { monotonic: () => performance.now(), wall: () => Date.now() };
  service = new HsmService(token, userPin, clocks, UseLedger.open(undefined), (module) => {
    return new Proxy(module, {
      get(target, name) {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function' || typeof name !== 'string') return own;
        return (...args: unknown[]) => {
          hinder(name, args);
          return own.apply(target, args);
        };
      },
    });
  });
  return service;
}

function answers(name: string, ckr: number): never {
  throw Object.assign(new Error(`${name}:${ckr}`), { code: ckr });
}

const PLAN = { owner: 'X', state: 'active', notBefore: 0, notAfter: 2 ** 47, useLimit: 0 };
const macUnder = (key: string, hsm: HsmService, ksn = '') =>
  hsm.execute('generateMac', { key, ksn: Buffer.from(ksn, 'hex'), data: Buffer.alloc(40) }).mac;

it('without derivation by encryption derives here, from keys that it got itself, and says what it cannot', () => {
  const lacking: readonly unknown[] = [pkcs11.CKM_DES3_ECB_ENCRYPT_DATA, pkcs11.CKM_AES_ECB_ENCRYPT_DATA];
  const hsm = open((name, [, mechanism]) => {
    if (name === 'C_DeriveKey' && lacking.includes((mechanism as { mechanism: number }).mechanism)) {
      answers(name, 0x70);
    }
  });
  const { record } = hsm.execute('generateKey', { ...PLAN, usage: 'B0', algorithm: 'T', length: 16 });
  expect(macUnder(record, hsm, 'FFFF9876543210E00005')).toHaveLength(8);
  // Put there by a token that derives: it may do nothing else.
  expect(() => macUnder('BDK/TDES', hsm, 'FFFF9876543210E00005')).toThrow('HSM_UNSUPPORTED');
});

it('without copies of objects uses those that lie on it', () => {
  const hsm = open((name) => void (name === 'C_CopyObject' && answers(name, 0x54)));
  expect(macUnder('TAK/TERM0001', hsm)).toHaveLength(8);
});

it.each([
  ['CKR_USER_NOT_LOGGED_IN', 0x101],
  ['CKR_SESSION_CLOSED', 0xb0],
  ['CKR_DEVICE_ERROR', 0x30],
])('that answers %s until it is opened anew is opened anew, and the request does not notice', (_, ckr) => {
  let isBroken = false;
  const hsm = open((name) => {
    if (name === 'C_Initialize') isBroken = false;
    if (isBroken && /^C_(Encrypt|Decrypt|Sign)Init$/.test(name)) answers(name, ckr);
  });
  const before = macUnder('TAK/TERM0001', hsm);
  hsm.endTurn();
  isBroken = true;
  expect(macUnder('TAK/TERM0001', hsm)).toEqual(before);
});

it('whose keys, once stored, can be neither changed nor copied with more rights', () => {
  let module: Record<string, (...args: unknown[]) => unknown> = {};
  const { token, userPin } = readTokenAccess(env);
  const clocks = { monotonic: () => performance.now(), wall: () => Date.now() };
  service = new HsmService(token, userPin, clocks, UseLedger.open(undefined), (own) => {
    module = own as unknown as typeof module;
    return own;
  });
  const [slot] = (module['C_GetSlotList']?.(true) ?? []) as unknown[];
  const session = module['C_OpenSession']?.(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  const more = [
    [pkcs11.CKA_ENCRYPT, true],
    [pkcs11.CKA_DECRYPT, true],
    [pkcs11.CKA_EXTRACTABLE, true],
    [pkcs11.CKA_SENSITIVE, false],
    [pkcs11.CKA_ID, Buffer.from('P0T:whole:::TAK/TERM0001')],
  ] as const;
  for (const label of ['LMK/1', 'ZMK/VISA', 'TAK/TERM0001', 'BDK/TDES']) {
    module['C_FindObjectsInit']?.(session, [{ type: pkcs11.CKA_LABEL, value: label }]);
    const [key] = (module['C_FindObjects']?.(session, 1) ?? []) as unknown[];
    expect(key).toBeDefined();
    module['C_FindObjectsFinal']?.(session);
    for (const [type, value] of more) {
      expect(() => module['C_SetAttributeValue']?.(session, key, [{ type, value }])).toThrow();
    }
    expect(() =>
      module['C_CopyObject']?.(session, key, [{ type: pkcs11.CKA_EXTRACTABLE, value: true }]),
    ).toThrow();
  }
});
