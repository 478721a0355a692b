import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PKCS11 } from 'pkcs11js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UseLedger } from '../keys/use-ledger.ts';
import { testToken } from '../testing/token.ts';
import { HsmService, TokenLostError } from './service.ts';
import { readTokenAccess } from './settings.ts';

/** Faults the module shows, by function: how often still, and what it does instead. */
const faults = new Map<string, { times: number; act: (...args: unknown[]) => unknown }>();
const calls: string[] = [];
/** What a fault answers that only wanted to be told: the module is asked. */
const GO_ON = Symbol('go on');

/** The real SoftHSM, with faults in between. */
function faulty(module: PKCS11): PKCS11 {
  return new Proxy(module, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...args: unknown[]) => {
        calls.push(name);
        const fault = faults.get(name);
        const answer = fault && fault.times-- > 0 ? fault.act(...args) : GO_ON;
        if (answer !== GO_ON) return answer;
        return member.apply(target, args);
      };
    },
  });
}

function answers(ckr: number, name = 'CKR_FAULT') {
  return () => {
    throw Object.assign(new Error(`${name}:${ckr}`), { code: ckr });
  };
}

/**
 * Every use of a key fails until the module is initialised anew: whichever key the token is asked for as a sign of
 * life.
 */
function breakUntilOpenedAnew(ckr: number, name: string): void {
  const uses = ['C_EncryptInit', 'C_EncryptUpdate', 'C_SignInit'] as const;
  for (const use of uses) faults.set(use, { times: 1_000, act: answers(ckr, name) });
  faults.set('C_Initialize', {
    times: 1,
    act: () => {
      for (const use of uses) faults.delete(use);
      return GO_ON;
    },
  });
}

let directory: string;
let service: HsmService;
let tokenEnv: Readonly<Record<string, string>>;
const OPEN_KEYS = 16;
const MAC_REQUEST = {
  key: 'TAK/TERM0001',
  ksn: Buffer.alloc(0),
  data: Buffer.from('data of several blocks'),
};
const mac = () => service.execute('generateMac', MAC_REQUEST).mac;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-service-'));
  const env = await testToken(directory);
  tokenEnv = env;
  // Read by the module when it is initialised, which is what opening does.
  process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
  const { token, userPin } = readTokenAccess(env);
  faults.clear();
  service = new HsmService(
    { ...token, openKeys: OPEN_KEYS },
    userPin,
    { monotonic: () => performance.now(), wall: () => Date.now() },
    UseLedger.open(undefined),
    faulty,
  );
});
afterEach(() => {
  service.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A service whose operations stay open, on a clock that stands still until it is told. */
function lasting() {
  service.close();
  const { token, userPin } = readTokenAccess(tokenEnv);
  const time = { now: 0, due: [] as { at: number; action: () => void }[] };
  const after = (milliseconds: number, action: () => void) => {
    const entry = { at: time.now + milliseconds, action };
    time.due.push(entry);
    return { cancel: () => void time.due.splice(time.due.indexOf(entry), 1) };
  };
  const clocks = { monotonic: () => time.now, wall: () => Date.now(), after };
  service = new HsmService(token, userPin, clocks, UseLedger.open(undefined), faulty);
  const pass = (milliseconds: number) => {
    time.now += milliseconds;
    const due = time.due.filter(({ at }) => at <= time.now);
    time.due = time.due.filter((entry) => !due.includes(entry));
    for (const { action } of due) action();
  };
  return { pass, called: (name: string) => calls.filter((call) => call === name).length };
}

it('keeps operations open for the next request, and ends them at an age that use does not extend', () => {
  const once = mac();
  const { pass, called } = lasting();
  calls.length = 0;
  for (let turn = 0; turn < 4; turn++) {
    expect(mac()).toEqual(once);
    service.endTurn();
    pass(6);
  }
  // One of the chain under the left half, one of the block under the key.
  expect(called('C_EncryptInit')).toBe(2);
  expect(called('C_EncryptFinal')).toBe(0);
  pass(1);
  expect(called('C_EncryptFinal')).toBe(2);
  expect(mac()).toEqual(once);
  expect(called('C_EncryptInit')).toBe(4);
});

it('a chain that stays open gives each message the MAC of its own', () => {
  const messages = ['one block', 'a message of some blocks', 'x'.repeat(200)].map((text) =>
    Buffer.from(text),
  );
  const macs = () => messages.map((data) => service.execute('generateMac', { ...MAC_REQUEST, data }).mac);
  const alone = messages.map((data) => {
    const { mac: value } = service.execute('generateMac', { ...MAC_REQUEST, data });
    service.endTurn();
    return value;
  });
  expect(macs()).toEqual(alone);
  expect(macs()).toEqual(alone);
});

it('a chain that breaks is begun anew, and the MAC is right', () => {
  const before = mac();
  faults.set('C_EncryptUpdate', { times: 1, act: answers(0x30, 'CKR_DEVICE_ERROR') });
  expect(mac()).toEqual(before);
  expect(mac()).toEqual(before);
});

it('opens the token anew, once, when its session is lost, and the request does not notice', () => {
  const before = mac();
  calls.length = 0;
  breakUntilOpenedAnew(0xb3, 'CKR_SESSION_HANDLE_INVALID');
  expect(mac()).toEqual(before);
  expect(calls.filter((name) => name === 'C_Login')).toHaveLength(1);
});

it('gives up on a token that stays broken, after one try to open it', () => {
  mac();
  calls.length = 0;
  faults.set('C_EncryptInit', { times: 1_000, act: answers(0x30, 'CKR_DEVICE_ERROR') });
  faults.set('C_EncryptUpdate', { times: 1_000, act: answers(0x30, 'CKR_DEVICE_ERROR') });
  faults.set('C_SignInit', { times: 1_000, act: answers(0x30, 'CKR_DEVICE_ERROR') });
  expect(mac).toThrow(TokenLostError);
  expect(calls.filter((name) => name === 'C_Login')).toHaveLength(1);
});

it('never tries the user PIN again once it is refused', () => {
  mac();
  calls.length = 0;
  breakUntilOpenedAnew(0xe0, 'CKR_TOKEN_NOT_PRESENT');
  faults.set('C_Login', { times: 1, act: answers(0xa0, 'CKR_PIN_INCORRECT') });
  expect(mac).toThrow('HSM_WRONG_USER_PIN');
  expect(calls.filter((name) => name === 'C_Login')).toHaveLength(1);
});

it('takes an answer that is too short for a failure, not for a MAC, and asks again', () => {
  const before = mac();
  calls.length = 0;
  // The open operation first, then the one that is begun anew.
  faults.set('C_EncryptUpdate', { times: 1, act: () => Buffer.alloc(3) });
  faults.set('C_Encrypt', { times: 1, act: () => Buffer.alloc(3) });
  expect(mac()).toEqual(before);
  expect(calls).toContain('C_Login');
});

it('refuses a PIN block that a token decrypted to garbage', () => {
  faults.set('C_Decrypt', { times: 1, act: (_session, _input, output) => (output as Buffer).fill(0x9e) });
  const request = {
    key: 'TPK/TERM0001',
    ksn: Buffer.alloc(0),
    transaction: '',
    format: 0,
    block: Buffer.alloc(8),
    pan: Buffer.from('4111111111111111', 'latin1'),
    to: 'ZPK/VISA',
    toFormat: 0,
  };
  expect(() => service.execute('translatePin', request)).toThrow('HSM_PIN_BLOCK_INVALID');
});

it('keeps so many working keys open, and opens another anew at its next use', () => {
  const plan = { owner: 'x', state: 'active', notBefore: 0, notAfter: 2 ** 48 - 1, useLimit: 0 };
  const kind = { usage: 'M3', algorithm: 'T', length: 16 };
  const macUnder = (key: string) => service.execute('generateMac', { ...MAC_REQUEST, key }).mac;
  const records = Array.from({ length: OPEN_KEYS + 4 }, () => {
    return service.execute('generateKey', { ...kind, ...plan }).record;
  });
  const before = records.map(macUnder);
  expect(service.status().cachedWorkingKeys).toBe(OPEN_KEYS);
  expect(records.map(macUnder)).toEqual(before);
  service.endTurn();
  expect(records.map(macUnder)).toEqual(before);
});

it('ends with a turn what stood open in it, and opens no session for the next', () => {
  mac();
  service.endTurn();
  calls.length = 0;
  mac();
  service.endTurn();
  // The chain and the last block.
  expect(calls.filter((name) => name === 'C_EncryptFinal')).toHaveLength(2);
  expect(calls.filter((name) => /Session/.test(name))).toEqual([]);
});
