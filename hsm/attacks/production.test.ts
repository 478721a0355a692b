import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { developmentKey } from '../development/keys.ts';
import { makeKeyBlock } from '../testing/key-block.ts';
import { findSoftHsm } from '../token/pkcs11.ts';
import { OWN_ZMK, useProductionPlace } from './testing.ts';

/** A process in production, and keys that anybody knows: on its token at the start, put there later, or brought. */
const place = useProductionPlace();

it.each([
  ['AES', 'ZMK/VISA', 'K1', 'A'],
  ['AES, derived from', 'BDK/AES', 'B0', 'A'],
  ['triple DES', 'ZPK/VISA', 'P0', 'T'],
  ['triple DES, derived from', 'BDK/TDES', 'B0', 'T'],
  ['triple DES as AES', 'ZPK/VISA', 'D0', 'A'],
] as const)('does not start with a development key of %s', async (_, name, usage, algorithm) => {
  place.store('K/ANY', usage, algorithm, developmentKey(name));
  expect(await place.started()).toBe(79);
});

it('takes none that comes later, by whatever way', async () => {
  expect(await place.started()).toBe('serves');
  const client = await place.connected();
  place.store('ZPK/LATE', 'P0', 'T', developmentKey('ZPK/VISA'));
  place.store('ZMK/LATE', 'K1', 'A', developmentKey('ZMK/VISA'));
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
  await expect(brought('P0AB00N', developmentKey('ZMK/VISA'))).rejects.toMatchObject(refused);
  await brought('P0TB00N', Buffer.from('2315208C9110AD40022A4D1F6B853EA7', 'hex'));
});

it('knows a program for a token by what it is, whatever its file is called', async () => {
  const vendor = join(place.directory, 'libvendorhsm.so');
  symlinkSync(findSoftHsm(), vendor);
  expect(await place.started({ PKCS11_MODULE: vendor })).toBe(78);
  expect(await place.started({ PKCS11_MODULE: vendor, HSM_ALLOW_SOFTWARE_TOKEN: '1' })).toBe('serves');
});
