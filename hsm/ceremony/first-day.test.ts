import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareEmptyToken } from '../development/software-token.ts';
import { readTokenAccess } from '../process/settings.ts';
import { initialiseToken } from '../token/initialise.ts';
import { auditEntries, importSession, kcvOf, place, Session, twoAgree, useCeremonyPlace } from './testing.ts';

useCeremonyPlace();

describe('a token from its first day', () => {
  const COMPONENTS = ['12F0', '2A55', '4C81'].map((digits) => digits.repeat(16));
  const zmk = Buffer.from('7424'.repeat(16), 'hex');

  async function importZmk(): Promise<void> {
    const order = ['--usage', 'K1', '--algorithm', 'A', '--length', '32', '--components', '3'];
    const session = new Session([
      'ceremony',
      'import',
      '--label',
      'ZMK/VISA',
      ...order,
      '--audit-log',
      place.auditLog,
    ]);
    const kcv = aesKcv(zmk);
    for (const [index, name] of ['Alice', 'Bob', 'Carol'].entries()) {
      await session.answer(`custodian ${index + 1}, your name: `, name);
      await session.answer('(not shown): ', COMPONENTS[index] ?? '');
      await session.sees(`KCV of component ${index + 1}  ${aesKcv(hex(COMPONENTS[index] ?? ''))}`);
      await session.answer('(yes/no) ', 'yes');
    }
    await session.answer('covering letter: ', kcv);
    for (const name of ['Alice', 'Bob', 'Carol']) await session.answer(`${name}, store ZMK/VISA`, 'yes');
    expect(await session.exit).toBe(0);
  }

  it('is prepared, gets a ZMK, and gives out a working key that the other party can open', async () => {
    const folder = join(place.dataDir, 'fresh');
    place.env = prepareEmptyToken('softhsm', folder);
    process.env['SOFTHSM2_CONF'] = place.env['SOFTHSM2_CONF'];
    const { token, userPin } = readTokenAccess(place.env);
    initialiseToken(token, userPin);
    const early = importSession();
    await early.sees('run "hsm ceremony prepare" on this token first');
    expect(await early.exit).toBe(1);

    const prepare = new Session(['ceremony', 'prepare', '--audit-log', place.auditLog]);
    await twoAgree(prepare, 'make LMK/1, LMK-SEAL/1, PAN-DATA/1, PAN-LOOKUP/1');
    expect(await prepare.exit).toBe(0);
    await importZmk();

    const record = join(place.dataDir, 'key.txt');
    const order = ['--usage', 'P0', '--owner', 'VISA', '--to', record, '--audit-log', place.auditLog];
    const generate = new Session(['ceremony', 'generate', ...order]);
    await twoAgree(generate, 'make a working key P0 for VISA');
    await generate.sees(`the record is in ${record}, KCV `);
    expect(await generate.exit).toBe(0);
    expect(statSync(record).mode & 0o777).toBe(0o600);
    const kcv = /the record is in \S+, KCV ([0-9A-F]{6})/.exec(generate.output)?.[1] ?? '';

    const parcel = ['--record', record, '--zmk', 'ZMK/VISA', '--mode', 'B', '--audit-log', place.auditLog];
    const refused = new Session(['ceremony', 'export', ...parcel]);
    await refused.answer('custodian 1, your name: ', 'Alice');
    await refused.answer('custodian 2, your name: ', 'Bob');
    await refused.answer('Alice, export P0 key of VISA', 'no');
    expect(await refused.exit).toBe(1);
    const exported = new Session(['ceremony', 'export', ...parcel]);
    await twoAgree(exported, `export P0 key of VISA, KCV ${kcv}, under ZMK/VISA`);
    expect(await exported.exit).toBe(0);
    const block = /^D[0-9]{4}P0TB00N[0-9A-Z]+/m.exec(exported.output)?.[0] ?? '';
    expect(openedKcv(block)).toBe(kcv);

    expect(auditEntries().map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'prepare completed',
      'import agreed',
      'import completed',
      'generate completed',
      'export aborted',
      'export completed',
    ]);
    expect(readFileSync(place.auditLog, 'utf8')).not.toContain(block.slice(16, 48));
  });

  const hex = (digits: string) => Buffer.from(digits, 'hex');
  const ecb = (key: Buffer, data: Buffer) =>
    createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
      .setAutoPadding(false)
      .update(data);

  /** CMAC of less than a block, or of exactly one. */
  function cmacOf(key: Buffer, data: Buffer): Buffer {
    const twice = (block: Buffer) => {
      const doubled = Buffer.from(block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7)));
      if ((block[0] ?? 0) & 0x80) doubled[15] = (doubled[15] ?? 0) ^ 0x87;
      return doubled;
    };
    const subkey = twice(ecb(key, Buffer.alloc(16)));
    const padded = Buffer.alloc(16);
    padded.set(data);
    if (data.length < 16) padded[data.length] = 0x80;
    const mask = data.length < 16 ? twice(subkey) : subkey;
    return ecb(key, Buffer.from(padded.map((byte, i) => byte ^ (mask[i] ?? 0))));
  }

  const aesKcv = (key: Buffer) => cmacOf(key, Buffer.alloc(16)).toString('hex', 0, 3).toUpperCase();

  /** What the other party does with a block of version D, by X9.143 and OpenSSL alone: its key's KCV. */
  function openedKcv(block: string): string {
    const derived = [1, 2].map((counter) =>
      cmacOf(zmk, Buffer.from([counter, 0x00, 0x00, 0x00, 0x00, 0x04, 0x01, 0x00])),
    );
    const mac = hex(block.slice(-32));
    const payload = createDecipheriv('aes-256-cbc', Buffer.concat(derived), mac)
      .setAutoPadding(false)
      .update(hex(block.slice(16, -32)));
    expect(payload.readUInt16BE()).toBe(128);
    return kcvOf(payload.toString('hex', 2, 18));
  }
});

it('a new token gets the keys that every token needs, once', async () => {
  place.env = prepareEmptyToken('softhsm', join(place.dataDir, 'empty'));
  const pin = readFileSync(place.env['HSM_PIN_FILE'] ?? '', 'utf8').trim();
  const label = place.env['HSM_TOKEN_LABEL'] ?? '';
  const initialise = ['--init-token', '--free', '--label', label, '--so-pin', 'security', '--pin', pin];
  expect(spawnSync('softhsm2-util', initialise, { env: { ...process.env, ...place.env } }).status).toBe(0);
  const prepare = async (what: string) => {
    const session = new Session(['ceremony', 'prepare', '--audit-log', place.auditLog]);
    for (const [index, name] of ['Alice', 'Bob'].entries()) {
      await session.answer(`custodian ${index + 1}, your name: `, name);
    }
    for (const name of ['Alice', 'Bob']) await session.answer(`${name}, make ${what}`, 'yes');
    expect(await session.exit).toBe(0);
    return session.output;
  };
  const shown = await prepare('LMK/1, LMK-SEAL/1, PAN-DATA/1, PAN-LOOKUP/1, AUDIT/1');
  const [, fingerprint] = /AUDIT\/1 {2}SHA-256 of its public key ([0-9a-f]{64})/.exec(shown) ?? [];
  expect(fingerprint).toBeDefined();
  await prepare('nothing');
  expect(auditEntries()).toMatchObject([{ keys: { 'AUDIT/1': fingerprint } }, { keys: {} }]);
  const backup = join(place.dataDir, 'backup');
  await twoAgree(
    new Session(['ceremony', 'backup', '--to', backup, '--audit-log', place.auditLog]),
    'list all keys',
  );
  const { keys } = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'));
  expect(keys).toContainEqual({ label: 'AUDIT/1', usage: 'S0', algorithm: 'E', kcv: fingerprint });
});
