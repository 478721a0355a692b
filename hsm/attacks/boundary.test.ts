import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { authorise } from '../ceremony/authorise.ts';
import { Station } from '../ceremony/station.ts';
import type { PaymentHsmClient } from '../client/client.ts';
import { firstFault, openKeyLog } from '../keys/key-log.ts';
import { makeKeyBlock } from '../testing/key-block.ts';
import { OWN_ZMK, useProductionPlace } from './testing.ts';

/** What a caller may ask for: who he is says the kernel, what he may says the policy, and two custodians the rest. */
const place = useProductionPlace();
const VALUE = Buffer.from('2315208C9110AD40022A4D1F6B853EA7', 'hex');
const ME = process.getuid?.() ?? 0;
const ALLOWED = { HSM_ALLOW_SOFTWARE_TOKEN: '1' };

const comes = (client: PaymentHsmClient, fields: string) =>
  client.importKeyBlock('ZMK/OWN', makeKeyBlock({ version: 'D', under: OWN_ZMK, fields, value: VALUE }), {
    owner: 'X',
  });
const LEAVING = { version: 'D', mode: 'E', exportability: 'N' } as const;

async function custodiansOpen(minutes: number): Promise<void> {
  const station = Station.open({ ...place.env, ...ALLOWED }, join(place.directory, 'audit.jsonl'));
  const names = ['Alice', 'Bob'];
  const terminal = {
    say: () => {},
    ask: async (prompt: string) => (prompt.includes('your name') ? (names.shift() ?? '') : 'yes'),
    askHidden: async () => false,
    close: () => {},
  };
  try {
    await authorise(station, terminal, { ledgerPath: place.env['HSM_USE_LEDGER'] ?? '', minutes });
  } finally {
    station.close();
  }
}

describe('keys that come and go', () => {
  it('are those the switch exchanges in service; others wait for two custodians, and all are in the signed log', async () => {
    expect(await place.started(ALLOWED)).toBe('serves');
    const client = await place.connected();
    const refused = { code: 'HSM_NOT_AUTHORISED' };
    await comes(client, 'P0TB00N');
    for (const fields of ['B0TX00N', 'K1TB00N', 'V1TV00N', 'C0TV00N']) {
      await expect(comes(client, fields)).rejects.toMatchObject(refused);
    }
    const zpk = await client.generateKey(
      { usage: 'P0', algorithm: 'T', length: 16 },
      { owner: 'MASTERCARD' },
    );
    const leaves = () => client.exportKeyBlock('ZMK/OWN', zpk.record, LEAVING);
    await expect(leaves()).rejects.toMatchObject(refused);
    const tpk = await client.generateKey({ usage: 'PT', algorithm: 'T', length: 16 }, { owner: 'TERM0001' });
    await client.exportKeyBlock('ZMK/OWN', tpk.record, LEAVING);

    await custodiansOpen(5);
    await comes(client, 'B0TX00N');
    await leaves();
    expect((await client.status()).authorisedUntil).toBeGreaterThan(Date.now());
    await custodiansOpen(0);
    await expect(leaves()).rejects.toMatchObject(refused);

    const key = createPublicKey({ key: await client.publicKey('AUDIT/1'), format: 'der', type: 'spki' });
    const isSigned = (text: Buffer, signature: Buffer) =>
      verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature);
    const lines = openKeyLog(place.env['HSM_USE_LEDGER'] ?? '');
    expect(firstFault(lines, isSigned)).toBeUndefined();
    const said = lines.map(({ line }) => JSON.parse(line));
    expect(
      said.filter(({ outcome }) => outcome === 'done').map(({ operation, usage }) => `${operation} ${usage}`),
    ).toEqual([
      'importKeyBlock P0',
      'generateKey P0',
      'generateKey PT',
      'exportKeyBlock PT',
      'importKeyBlock B0',
      'exportKeyBlock P0',
    ]);
    expect(said.some(({ outcome }) => outcome === 'HSM_NOT_AUTHORISED')).toBe(true);
    expect(JSON.stringify(said)).not.toContain(VALUE.toString('hex').toUpperCase());
    const without = lines.filter((_, index) => index !== 1);
    expect(firstFault(without, isSigned)).toBe(2);
  });

  it('stay where they are under an authorisation that is not sealed by the token', async () => {
    expect(await place.started(ALLOWED)).toBe('serves');
    const client = await place.connected();
    const database = new DatabaseSync(place.env['HSM_USE_LEDGER'] ?? '');
    database
      .prepare('INSERT OR REPLACE INTO authorised (one, until, seal) VALUES (1, ?, ?)')
      .run(Date.now() + 600_000, Buffer.alloc(32, 7));
    database.close();
    await expect(comes(client, 'B0TX00N')).rejects.toMatchObject({ code: 'HSM_NOT_AUTHORISED' });
  });
});

it('the audit key signs heads of a journal, and no text of a caller', async () => {
  expect(await place.started(ALLOWED)).toBe('serves');
  const client = await place.connected();
  for (const text of ['forged head of a chain', '{"format":"etika-key-log/1","sequence":1}', '{}', '']) {
    await expect(client.sign('AUDIT/1', Buffer.from(text))).rejects.toMatchObject({
      code: 'HSM_REQUEST_INVALID',
    });
  }
});

describe('a policy', () => {
  const policy = (peers: unknown) => {
    const path = join(place.directory, 'policy.json');
    writeFileSync(path, JSON.stringify({ peers }), { mode: 0o600 });
    return { ...ALLOWED, HSM_POLICY: path };
  };

  it('lets a peer ask for its operations, by its keys, at its rate', async () => {
    place.store('ZPK/ONE', 'P0', 'T', VALUE);
    place.store('ZPK/TWO', 'P0', 'T', Buffer.from('0425E0D5AB89FD983D163BD5B0AE73E9', 'hex'));
    const rights = {
      name: 'switch',
      users: [ME],
      operations: ['payments', 'cards'],
      keys: ['ZPK/ONE', 'TPK/*'],
      limits: { revealPan: 2 },
    };
    expect(await place.started(policy([rights]))).toBe('serves');
    const client = await place.connected();
    expect((await client.status()).boundary).toMatchObject({ peers: ['switch'], notDumpable: true });
    expect(await client.keyCheckValue('ZPK/ONE')).toHaveLength(6);
    const refused = { code: 'HSM_NOT_ALLOWED' };
    await expect(client.keyCheckValue('ZPK/TWO')).rejects.toMatchObject(refused);
    await expect(comes(client, 'P0TB00N')).rejects.toMatchObject(refused);
    await expect(client.sign('AUDIT/1', Buffer.from('{}'))).rejects.toMatchObject(refused);
    const asked = await Promise.allSettled(
      Array.from({ length: 20 }, () => client.revealPan(Buffer.alloc(40, 1))),
    );
    const codes = asked.map((one) => (one.status === 'rejected' ? one.reason.code : 'answered'));
    expect(codes.filter((code) => code === 'HSM_BUSY').length).toBeGreaterThan(10);
  });

  it('serves nobody who runs as another user', async () => {
    expect(await place.started(policy([{ name: 'other', users: [ME + 1], operations: ['payments'] }]))).toBe(
      'serves',
    );
    const client = place.connected().then(() => 'connected');
    const waited = new Promise((resolve) => setTimeout(() => resolve('refused'), 1_500));
    expect(await Promise.race([client.catch(() => 'refused'), waited])).toBe('refused');
  });

  it('is what production does not start without', async () => {
    expect(await place.started({ ...ALLOWED, HSM_POLICY: '' })).toBe(78);
  });

  it.each([
    ['a peer without users', [{ name: 'x', operations: ['payments'] }]],
    ['an operation that is none', [{ name: 'x', users: [1], operations: ['everything'] }]],
    ['a member that is none', [{ name: 'x', users: [1], operations: ['payments'], admin: true }]],
    ['no peers', []],
    ['an exchange that is none', [{ name: 'x', users: [1], operations: ['payments'], exchange: 'all' }]],
  ])('with %s ends the start', async (_, peers) => {
    expect(await place.started(policy(peers))).toBe(78);
  });
});
