import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testToken } from '../testing/token.ts';
import { pkcs11, TokenSession } from '../token/pkcs11.ts';
import { readSettings, readTokenAccess } from './settings.ts';

let directory: string;
let env: Record<string, string>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'etika-settings-'));
  env = await testToken(directory);
  process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('opens the token of a label in the slot asked for, and in no other', () => {
  const { token, userPin } = readTokenAccess(env);
  const session = TokenSession.open(token, userPin);
  const slot = session.module
    .C_GetSlotList(true)
    .find((candidate) => session.module.C_GetTokenInfo(candidate).label.trim() === token.label);
  session.close();
  const there = slot?.readUInt32LE() ?? 0;
  const asked = readTokenAccess({ ...env, PKCS11_SLOT: String(there) });
  const opened = TokenSession.open(asked.token, userPin);
  expect(opened.find([{ type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY }]).length).toBeGreaterThan(40);
  opened.close();
  const elsewhere = readTokenAccess({ ...env, PKCS11_SLOT: String(there === 0 ? 1 : there - 1) });
  expect(() => TokenSession.open(elsewhere.token, userPin)).toThrow('HSM_TOKEN_FAILED');
});

it.each([
  ['HSM_SOCKET', ''],
  ['HSM_TOKEN_LABEL', ''],
  ['PKCS11_SLOT', 'first'],
  ['PKCS11_SLOT', '4294967296'],
  ['HSM_OPEN_KEYS', '15'],
  ['HSM_OPEN_KEYS', '65537'],
  ['HSM_OPERATION_MS', '-1'],
  ['HSM_OPERATION_MS', '1001'],
  ['HSM_HANG_MS', '999'],
  ['HSM_PIN_TRIES', '0'],
  ['HSM_PIN_FD', 'x'],
  ['HSM_PIN_FILE', '/nowhere/pin'],
])('names %s where it is "%s"', (key, value) => {
  expect(() => readSettings({ ...env, [key]: value })).toThrow(new RegExp(`HSM_SETTINGS_INVALID.*${key}`));
});

it('asks production for a ledger, a policy, and for leave to use a software token', () => {
  const production = { ...env, NODE_ENV: 'production', HSM_POLICY: '/etc/etika/hsm-policy.json' };
  expect(() => readSettings(production)).toThrow('HSM_ALLOW_SOFTWARE_TOKEN=1');
  const allowed = { ...production, HSM_ALLOW_SOFTWARE_TOKEN: '1' };
  expect(readSettings(allowed).ledgerPath).toBe(env['HSM_USE_LEDGER']);
  expect(() => readSettings({ ...allowed, HSM_USE_LEDGER: '' })).toThrow('HSM_USE_LEDGER is missing');
  expect(() => readSettings({ ...allowed, HSM_POLICY: '' })).toThrow('HSM_POLICY is missing');
});

it('refuses an empty user PIN', () => {
  const empty = join(directory, 'empty-pin');
  writeFileSync(empty, '\n', { mode: 0o600 });
  expect(() => readSettings({ ...env, HSM_PIN_FILE: empty })).toThrow('an empty user PIN');
});
