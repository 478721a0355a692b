import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refusePublished } from '../keys/published.ts';
import { developmentComponent, developmentKey } from './keys.ts';
import { prepareDevelopmentToken } from './prepare.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'etika-token-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('keeps the token and its PIN over a second start', async () => {
  const first = await prepareDevelopmentToken(dataDir);
  const pinFile = join(dataDir, 'secrets', 'hsm-user-pin');
  const pin = readFileSync(pinFile, 'utf8');
  expect(statSync(pinFile).mode & 0o777).toBe(0o600);
  expect(await prepareDevelopmentToken(dataDir)).toEqual(first);
  expect(readFileSync(pinFile, 'utf8')).toBe(pin);
});

it('begins anew after a start that was killed while it built the token', async () => {
  mkdirSync(join(dataDir, 'token.building', 'objects', 'half-written'), { recursive: true });
  writeFileSync(join(dataDir, 'token.building', 'objects', 'half-written', 'token.object'), 'rubbish');
  await prepareDevelopmentToken(dataDir);
  expect(existsSync(join(dataDir, 'token', 'objects'))).toBe(true);
  expect(existsSync(join(dataDir, 'token.building'))).toBe(false);
});

it('says which file is missing where the token is there but its PIN is not', async () => {
  await prepareDevelopmentToken(dataDir);
  cpSync(join(dataDir, 'secrets'), join(dataDir, 'kept'), { recursive: true });
  rmSync(join(dataDir, 'secrets'), { recursive: true });
  await expect(prepareDevelopmentToken(dataDir)).rejects.toMatchObject({
    code: 'HSM_SETTINGS_INVALID',
    message: expect.stringContaining('hsm-user-pin'),
  });
});

it('publishes development keys of odd parity that are the sum of their components', () => {
  const key = developmentKey('TPK/TERM0001');
  const [one, two] = [developmentComponent('TPK/TERM0001', 1), developmentComponent('TPK/TERM0001', 2)];
  for (const [index, byte] of key.entries()) {
    expect(byte >> 1).toBe(((one[index] ?? 0) ^ (two[index] ?? 0)) >> 1);
    expect([...byte.toString(2)].filter((bit) => bit === '1').length % 2).toBe(1);
  }
  expect(() => developmentKey('ZPK/NOBODY')).toThrow('not a development key');
});

it('knows a development key by its value, whatever its parity bits and algorithm, and no other', () => {
  const even = Buffer.from(developmentKey('ZPK/VISA').map((byte) => byte ^ 1));
  for (const known of [even, developmentKey('BDK/AES')]) {
    expect(() => refusePublished(known, 'ZPK/NEW')).toThrow('HSM_DEVELOPMENT_KEY');
  }
  refusePublished(Buffer.alloc(16, 0x57), 'ZPK/NEW');
});
