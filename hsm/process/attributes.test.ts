import { createCipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import { developmentKey } from '../development/keys.ts';
import type { HsmErrorCode } from '../errors.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';
import { type MadeKeyBlock, makeKeyBlock } from '../testing/key-block.ts';

/** What a key block's header says binds its key, whatever the caller asks for. */
let hsm: TestHsm;
beforeAll(async () => {
  hsm = await startTestHsm({ requestTimeoutMs: 20_000 });
});
afterAll(() => hsm.stop());

const PAN = Pan.of('4111111111111111');
const VALUE = Buffer.from('3B98A7A19DE5C2E0C7F28C8FD5494615', 'hex');
const ZMK = developmentKey('ZMK/VISA');
const TMK = developmentKey('TMK/TERM0001');
const LEAVING = { version: 'D', mode: 'B', exportability: 'E' } as const;

const refusal = (code: HsmErrorCode, detail?: RegExp) =>
  detail === undefined ? { code } : { code, detail: expect.stringMatching(detail) };
const comes = (fields: string, more: Partial<MadeKeyBlock> = {}) =>
  hsm.client.importKeyBlock(
    'ZMK/VISA',
    makeKeyBlock({ version: 'D', under: ZMK, fields, value: VALUE, ...more }),
    { owner: 'X' },
  );
const encrypted = (key: Buffer, clear: string) =>
  PinBlock.of(
    createCipheriv('des-ede-ecb', key, null).setAutoPadding(false).update(Buffer.from(clear, 'hex')),
  );
/** PIN 1234 in format 0 for this PAN. */
const CLEAR_PIN = '041225EEEEEEEEEE';
const translate = (from: string, to: string, under = developmentKey('ZPK/VISA')) =>
  hsm.client.translatePin({ from, to, pan: PAN, block: encrypted(under, CLEAR_PIN) });

describe('a mode of use', () => {
  it('lets a key that encrypts only decrypt nothing, and the other way round', async () => {
    const { record: encrypts } = await comes('P0TE00N');
    const { record: decrypts } = await comes('P0TD00N');
    expect((await translate('ZPK/VISA', encrypts)).reveal()).toHaveLength(8);
    await expect(translate(encrypts, 'ZPK/VISA', VALUE)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE', /mode of use E and may not decrypt/),
    );
    expect((await translate(decrypts, 'ZPK/VISA', VALUE)).reveal()).toHaveLength(8);
    await expect(translate('ZPK/VISA', decrypts)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE', /mode of use D and may not encrypt/),
    );
  });

  it('lets a key that verifies only generate no MAC, and one that generates only verify none', async () => {
    const data = Buffer.from('a message');
    const [both, verifies, generates] = [
      await comes('M3TC00N'),
      await comes('M3TV00N'),
      await comes('M3TG00N'),
    ];
    const mac = await hsm.client.generateMac(both.record, data);
    expect(await hsm.client.verifyMac(verifies.record, data, mac)).toBe(true);
    expect(await hsm.client.generateMac(generates.record, data)).toEqual(mac);
    await expect(hsm.client.generateMac(verifies.record, data)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE'),
    );
    await expect(hsm.client.verifyMac(generates.record, data, mac)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE'),
    );
  });

  it('binds a payment that is opened in one request too', async () => {
    const { record } = await comes('P0TE00N');
    const opened = await hsm.client.openRequest({
      pan: PAN,
      protect: false,
      pin: { key: record, block: encrypted(VALUE, CLEAR_PIN), to: 'ZPK/VISA' },
    });
    expect(opened).toMatchObject({ pin: { refused: refusal('HSM_KEY_USAGE') } });
  });
});

describe('a key leaves', () => {
  it('not at all where it came as not exportable', async () => {
    const { record } = await comes('P0TB00N');
    await expect(hsm.client.exportKeyBlock('ZMK/VISA', record, LEAVING)).rejects.toMatchObject(
      refusal('HSM_KEY_EXPORT', /not exportable/),
    );
  });

  it('with no more than it has, and with its version and optional blocks', async () => {
    const optional = { text: 'TS0CA1B2C3D4PB14'.padEnd(32, '0'), count: 2 };
    const { record } = await comes('P0TB03E', { optional });
    const block = await hsm.client.exportKeyBlock('ZMK/VISA', record, {
      ...LEAVING,
      mode: 'E',
      exportability: 'N',
    });
    expect(block.slice(5, 14)).toBe('P0TE03N02');
    expect(block).toContain('TS0CA1B2C3D4');
    const { record: narrow } = await comes('P0TE00E');
    await expect(hsm.client.exportKeyBlock('ZMK/VISA', narrow, LEAVING)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE', /may not decrypt/),
    );
    await expect(
      hsm.client.exportKeyBlock('ZMK/VISA', record, { ...LEAVING, exportability: 'S' }),
    ).rejects.toMatchObject(refusal('HSM_KEY_EXPORT', /cannot leave as S/));
  });

  it('under no weaker key', async () => {
    const longer = await hsm.client.generateKey({ usage: 'P0', algorithm: 'T', length: 24 }, { owner: 'X' });
    const data = await hsm.client.generateKey({ usage: 'D0', algorithm: 'A', length: 32 }, { owner: 'X' });
    const cases = [
      ['TMK/TERM0001', longer.record, 'B'],
      ['TMK/TERM0001', data.record, 'B'],
      ['ZMK/VISA', data.record, 'D'],
    ] as const;
    for (const [protection, record, version] of cases) {
      await expect(
        hsm.client.exportKeyBlock(protection, record, { ...LEAVING, version }),
      ).rejects.toMatchObject(refusal('HSM_KEY_EXPORT', /strength/));
    }
    expect(await hsm.client.exportKeyBlock('ZMK/VISA', longer.record, LEAVING)).toMatch(/^D[0-9]{4}P0TB00E/);
  });

  it('not under a protection key that came in a key block', async () => {
    const injected = await comes('K1TB00E');
    const { record } = await hsm.client.generateKey(
      { usage: 'P0', algorithm: 'T', length: 16 },
      { owner: 'Y' },
    );
    await expect(
      hsm.client.exportKeyBlock(injected.record, record, { ...LEAVING, version: 'B' }),
    ).rejects.toMatchObject(refusal('HSM_KEY_EXPORT', /under a key of the token/));
  });

  it('not once it is retired, nor where it would lose a limit of uses', async () => {
    const limited = await hsm.client.generateKey(
      { usage: 'P0', algorithm: 'T', length: 16 },
      { owner: 'X', useLimit: 5 },
    );
    await expect(hsm.client.exportKeyBlock('ZMK/VISA', limited.record, LEAVING)).rejects.toMatchObject(
      refusal('HSM_KEY_EXPORT', /limit/),
    );
    const key = await hsm.client.generateKey({ usage: 'P0', algorithm: 'T', length: 16 }, { owner: 'X' });
    const retired = await hsm.client.setKeyState(key.record, 'retired');
    await expect(hsm.client.exportKeyBlock('ZMK/VISA', retired, LEAVING)).rejects.toMatchObject(
      refusal('HSM_KEY_STATE', /retired/),
    );
  });

  it.each([
    ['X', 'B'],
    ['', 'EN'],
    ['NN', ''],
  ])('with one letter for exportability (%j) and one for mode (%j)', async (exportability, mode) => {
    const { record } = await hsm.client.generateKey(
      { usage: 'P0', algorithm: 'T', length: 16 },
      { owner: 'X' },
    );
    await expect(
      hsm.client.exportKeyBlock('ZMK/VISA', record, {
        version: 'D',
        mode,
        exportability: exportability as 'E',
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/HSM_KEY_USAGE|HSM_REQUEST_INVALID/) });
  });
});

describe('a key block is not taken', () => {
  it.each([
    ['a component', 'P0TBc1N', /component/],
    ['a key encryption key by its older name', 'K0TB00N', /K0/],
    ['a usage of ours', 'PTTB00N', /PT/],
    ['a mode that does not fit', 'M3TE00N', /mode E/],
  ])('%s', async (_, fields, detail) => {
    await expect(comes(fields)).rejects.toMatchObject(refusal('HSM_KEY_USAGE', detail));
  });

  it.each([
    ['two equal halves', '0123456789ABCDEF0123456789ABCDEF', /equal/],
    ['weak DES keys', '0101010101010101FEFEFEFEFEFEFEFE', /weak/],
    ['half weak', '1FE01FE00EF10EF13B98A7A19DE5C2E0', /weak/],
    ['even parity', '00112233445566778899AABBCCDDEEFF', /parity/],
    ['all the same', 'FEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFE', /equal/],
  ])('of a value with %s', async (_, value, detail) => {
    await expect(comes('P0TB00N', { value: Buffer.from(value, 'hex') })).rejects.toMatchObject(
      refusal('HSM_KEY_WEAK', detail),
    );
  });

  it.each([
    ['tells the check value of another key', 'KC0C00FFFFFFPB14', /another key/],
    ['tells one in an unknown way', 'KC0C77FFFFFFPB14', /KC/],
    ['says one thing twice', 'TS08AAAATS08BBBB', /TS twice/],
  ])('that %s', async (_, blocks, detail) => {
    const text = blocks.endsWith('PB14') ? blocks.padEnd(32, '0') : blocks;
    await expect(comes('P0TB00N', { optional: { text, count: 2 } })).rejects.toMatchObject(
      refusal('HSM_KEY_BLOCK_INVALID', detail),
    );
  });

  it('in small letters, or in a version that no setting allows', async () => {
    const block = makeKeyBlock({ version: 'D', under: ZMK, fields: 'P0TB00N', value: VALUE });
    const small = block.slice(0, 16) + block.slice(16).toLowerCase();
    await expect(hsm.client.importKeyBlock('ZMK/VISA', small, { owner: 'X' })).rejects.toMatchObject(
      refusal('HSM_KEY_BLOCK_INVALID', /hexadecimal/),
    );
    const older = `A${makeKeyBlock({ version: 'B', under: TMK, fields: 'P0TB00N', value: VALUE }).slice(1)}`;
    await expect(hsm.client.importKeyBlock('TMK/TERM0001', older, { owner: 'X' })).rejects.toMatchObject(
      refusal('HSM_KEY_BLOCK_INVALID', /HSM_KEY_BLOCK_VERSIONS allows B, D, E/),
    );
  });
});

it('a PIN goes from a terminal or a zone to a zone, and never towards a terminal', async () => {
  const own = await hsm.client.generateKey(
    { usage: 'PT', algorithm: 'T', length: 16 },
    { owner: 'TERM0001' },
  );
  expect((await translate('TPK/TERM0001', 'ZPK/VISA', developmentKey('TPK/TERM0001'))).reveal()).toHaveLength(
    8,
  );
  expect((await translate('ZPK/VISA', 'ZPK/ISO87')).reveal()).toHaveLength(8);
  for (const terminal of ['TPK/TERM0009', own.record]) {
    await expect(translate('ZPK/VISA', terminal)).rejects.toMatchObject(
      refusal('HSM_KEY_USAGE', /is PT, not P0/),
    );
  }
  const block = await hsm.client.exportKeyBlock('TMK/TERM0001', own.record, {
    version: 'B',
    mode: 'E',
    exportability: 'N',
  });
  expect(block).toMatch(/^B[0-9]{4}P0TE00N/);
});

it('a record from before its key was destroyed opens no more', async () => {
  const { record } = await hsm.client.generateKey(
    { usage: 'P0', algorithm: 'T', length: 16 },
    { owner: 'X' },
  );
  await translate('ZPK/VISA', record);
  await hsm.client.setKeyState(record, 'destroyed');
  await expect(translate('ZPK/VISA', record)).rejects.toMatchObject(
    refusal('HSM_KEY_STATE', /was destroyed/),
  );
  await expect(hsm.client.setKeyState(record, 'retired')).rejects.toMatchObject(refusal('HSM_KEY_STATE'));
  await expect(hsm.client.exportKeyBlock('ZMK/VISA', record, LEAVING)).rejects.toMatchObject(
    refusal('HSM_KEY_STATE'),
  );
});
