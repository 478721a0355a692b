import { createCipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import type { EncryptedPin } from '../client/hsm.ts';
import { developmentKey } from '../development/keys.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';
import { makeKeyBlock } from '../testing/key-block.ts';

/** What a caller tries who has PIN blocks, keys' names and time, and wants the PINs. */
let hsm: TestHsm;
beforeAll(async () => {
  hsm = await startTestHsm({ requestTimeoutMs: 20_000, maxInFlight: 2_000 });
});
afterAll(() => hsm.stop());

const NUMBER = '4111111111111111';
const PAN = Pan.of(NUMBER);
const TPK = 'TPK/TERM0001';
const REFUSED = { code: 'HSM_PIN_BLOCK_INVALID' };

function format0(pin: string, pan: string): Buffer {
  const block = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex');
  const field = Buffer.from(`0000${pan.slice(-13, -1)}`, 'hex');
  return Buffer.from(block.map((byte, index) => byte ^ (field[index] ?? 0)));
}

/** Visa's PVV, computed here. */
function pvvOf(pin: string, pan: string): string {
  const cipher = createCipheriv('des-ede-ecb', developmentKey('PVK/VISA'), null).setAutoPadding(false);
  const digits = [...cipher.update(Buffer.from(`${pan.slice(-12, -1)}1${pin}`, 'hex')).toString('hex')];
  const decimal = digits.filter((digit) => digit <= '9');
  const letters = digits
    .filter((digit) => digit > '9')
    .map((digit) => String(Number.parseInt(digit, 16) - 10));
  return [...decimal, ...letters].slice(0, 4).join('');
}

const encrypted = (clear: Buffer, key = TPK) =>
  PinBlock.of(createCipheriv('des-ede-ecb', developmentKey(key), null).setAutoPadding(false).update(clear));
const pinOf = (pin: string, pan = NUMBER): EncryptedPin => ({
  key: TPK,
  block: encrypted(format0(pin, pan)),
});
const ofFormat = (format: 1 | 2, digits: string): EncryptedPin => ({
  key: TPK,
  format,
  block: encrypted(Buffer.from(digits, 'hex')),
});

/** The PANs that differ in one digit under which a PIN's third digit lies. */
const neighbours = Array.from({ length: 10 }, (_, digit) => `411${digit}${NUMBER.slice(4)}`);

const answers = async (questions: readonly (() => Promise<unknown>)[]) => {
  const outcomes: string[] = [];
  for (const ask of questions) {
    const answer = ask().then(
      () => 'answered',
      ({ code }) => code,
    );
    outcomes.push(await answer);
  }
  return outcomes;
};

describe('a PIN block and other PANs', () => {
  const translate = (block: PinBlock, pan: string, from = TPK) =>
    hsm.client.translatePin({ from, to: 'ZPK/VISA', pan: Pan.of(pan), block });

  it('is answered for one PAN alone, and says nothing under the others', async () => {
    const { block } = pinOf('4921');
    await translate(block, NUMBER);
    const others = neighbours.filter((pan) => pan !== NUMBER);
    expect(new Set(await answers(others.map((pan) => () => translate(block, pan))))).toEqual(
      new Set(['HSM_PIN_BLOCK_INVALID']),
    );
    await translate(block, NUMBER);
  });

  it('is no more open once it was translated to a zone', async () => {
    const made = await translate(pinOf('4922').block, NUMBER);
    for (const pan of neighbours.filter((number) => number !== NUMBER)) {
      await expect(translate(made, pan, 'ZPK/VISA')).rejects.toMatchObject(REFUSED);
    }
    await translate(made, NUMBER, 'ZPK/VISA');
  });

  it('of format 1, which has no PAN, goes with the first that was asked for', async () => {
    const from = ofFormat(1, '144921A5A5A5A5A5');
    const to = (pan: Pan) => hsm.client.translatePinBlock({ from, to: 'ZPK/VISA', toFormat: 0, pan });
    await to(PAN);
    await expect(to(Pan.of('5555555555554444'))).rejects.toMatchObject(REFUSED);
  });
});

describe('a decimalisation table', () => {
  const rule = { start: 0, length: 12, pad: 'F', table: '0123456789012345' };
  const verify = (pin: EncryptedPin, offset: string, more: Partial<typeof rule> = {}) =>
    hsm.client.verifyPinOffset({ pin, pan: PAN, pvk: 'PVK-IBM/VISA', offset, rule: { ...rule, ...more } });

  it.each([
    ['of zeroes', { table: '0000000000000000' }],
    ['with one digit changed', { table: '1123456789012345' }],
    ['over other digits of the PAN', { start: 1 }],
    ['with another pad', { pad: '0' }],
  ])('%s is not that of the key', async (_, more) => {
    await expect(verify(pinOf('4921'), '4921', more)).rejects.toMatchObject({ code: 'HSM_KEY_USAGE' });
  });

  it('stays with a key that came in a key block', async () => {
    const value = Buffer.from('2315208C9110AD40022A4D1F6B853EA7', 'hex');
    const block = makeKeyBlock({ version: 'D', under: developmentKey('ZMK/VISA'), fields: 'V1TV00N', value });
    const { record } = await hsm.client.importKeyBlock('ZMK/VISA', block, { owner: 'X' });
    const ask = (table: string) =>
      hsm.client.verifyPinOffset({
        pin: pinOf('4921'),
        pan: PAN,
        pvk: record,
        offset: '4921',
        rule: { ...rule, table },
      });
    await expect(ask('0000000000000000')).rejects.toMatchObject({ code: 'HSM_KEY_USAGE' });
    expect(await ask(rule.table)).toBe(false);
  });

  it('an offset shorter than the PIN is about its last digits', async () => {
    const cipher = createCipheriv('des-ede-ecb', developmentKey('PVK-IBM/VISA'), null).setAutoPadding(false);
    const natural = [...cipher.update(Buffer.from('411111111111FFFF', 'hex')).toString('hex')].map(
      (digit) => Number.parseInt(digit, 16) % 10,
    );
    const offsetOf = (pin: string, from: number) =>
      [...pin.slice(from, from + 4)]
        .map((digit, i) => (10 + Number(digit) - (natural[from + i] ?? 0)) % 10)
        .join('');
    expect(await verify(pinOf('492188'), offsetOf('492188', 2))).toBe(true);
    expect(await verify(pinOf('492188'), offsetOf('492188', 0))).toBe(false);
  });
});

describe('trying all values', () => {
  const number = '4012888888881881';
  const pan = Pan.of(number);
  const pvv = (value: string, of = pan) =>
    hsm.client.verifyPvv({
      pin: pinOf('4921', of.reveal()),
      pan: of,
      pvk: 'PVK/VISA',
      keyIndex: 1,
      pvv: value,
    });

  it('ends after a few, for the right one as well, for this card alone, and over a restart', async () => {
    const tried = await answers(
      Array.from({ length: 200 }, (_, index) => () => pvv(String(index).padStart(4, '0'))),
    );
    expect(tried.filter((answer) => answer === 'answered').length).toBe(3);
    expect(tried.at(-1)).toBe('HSM_PIN_LIMIT');
    await pvv('0000', Pan.of('5555555555554444'));
    const pid = hsm.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await hsm.client.ping().catch(() => {});
    await hsm.ready();
    await hsm.client.whenConnected();
    await expect(pvv('4711')).rejects.toMatchObject({ code: 'HSM_PIN_LIMIT' });
    expect((await hsm.client.status()).pinAlarms).toBe(0);
  });

  it('is not made longer by a right PIN that its owner types between, but for ten in a day', async () => {
    const owned = '4000000000000002';
    const of = Pan.of(owned);
    const right = pvvOf('4921', owned);
    const wrong = right === '0000' ? '0001' : '0000';
    const day: string[] = [];
    for (let visit = 0; visit < 8; visit++) {
      day.push(...(await answers([wrong, wrong, right].map((value) => () => pvv(value, of)))));
    }
    expect(day.filter((answer) => answer === 'answered')).toHaveLength(14);
    expect(day.slice(14)).toEqual(day.slice(14).map(() => 'HSM_PIN_LIMIT'));
  });

  it('with malformed blocks ends for the card, and never for the key, whose alarm is raised', async () => {
    const rubbish = Array.from({ length: 70 }, (_, index) =>
      Buffer.from(`00000000000000${(index + 16).toString(16)}`, 'hex'),
    );
    const translate = (block: PinBlock, of: Pan) =>
      hsm.client.translatePin({ from: 'TPK/TERM0002', to: 'ZPK/VISA', pan: of, block });
    const tried = await answers(rubbish.map((block) => () => translate(PinBlock.of(block), pan)));
    expect(tried.slice(0, 32)).not.toContain('HSM_PIN_LIMIT');
    expect(tried.at(-1)).toBe('HSM_PIN_LIMIT');
    await translate(encrypted(format0('4921', NUMBER), 'TPK/TERM0002'), PAN);
    await answers(
      rubbish.slice(0, 40).map((block) => () => translate(PinBlock.of(block), Pan.of('5555555555554444'))),
    );
    expect((await hsm.client.status()).pinAlarms).toBe(1);
  });
});

describe('formats where they may not be', () => {
  const card = {
    version: 'VisaCVN10',
    sequenceNumber: '00',
    counter: Buffer.from('001C', 'hex'),
    unpredictableNumber: Buffer.from('52BF4585', 'hex'),
    pan: PAN,
    arqc: Buffer.from('29CCA15AE665FA2E', 'hex'),
  };
  const keys = { cryptogram: 'IMK-AC/VISA', integrity: 'IMK-SMI/VISA', confidentiality: 'IMK-SMC/VISA' };
  const rule = { start: 0, length: 12, pad: 'F', table: '0123456789012345' };

  it.each([
    [2, '244921FFFFFFFFFF'],
    [1, '144921A5A5A5A5A5'],
  ] as const)('format %i is neither verified nor written to a card', async (format, digits) => {
    const pin = ofFormat(format, digits);
    const asked = [
      () => hsm.client.verifyPvv({ pin, pan: PAN, pvk: 'PVK/VISA', keyIndex: 1, pvv: '0000' }),
      () => hsm.client.verifyPinOffset({ pin, pan: PAN, pvk: 'PVK-IBM/VISA', offset: '4921', rule }),
      () => hsm.client.changeCardPin(keys, card, pin),
    ];
    expect(await answers(asked)).toEqual(asked.map(() => 'HSM_PIN_FORMAT'));
  });

  it('a PVV of key index 0, which says that there is none, is not verified', async () => {
    const asked = { pin: pinOf('4921'), pan: PAN, pvk: 'PVK/VISA', keyIndex: 0, pvv: '0000' };
    await expect(hsm.client.verifyPvv(asked)).rejects.toMatchObject({ code: 'HSM_REQUEST_INVALID' });
  });
});

describe('a DUKPT counter', () => {
  const pan = '4012345678909';
  const hex = (digits: string) => Buffer.from(digits, 'hex');
  const source = (transaction: string, key = 'BDK/TDES') => ({
    key,
    ksn: hex('FFFF9876543210E00001'),
    transaction,
    block: PinBlock.of(hex('1B9C1845EB993A7A')),
  });
  const translate = (
    transaction: string,
    more: { pan?: string; to?: string; key?: string; toFormat?: 0 | 3 } = {},
  ) =>
    hsm.client.translatePinBlock({
      from: source(transaction, more.key),
      to: more.to ?? 'ZPK/VISA',
      toFormat: more.toFormat ?? 0,
      pan: Pan.of(more.pan ?? pan),
    });

  it('is spent on one request: repeated it is answered, and nothing else is done with it', async () => {
    await translate('T1');
    await translate('T1');
    const pin = source('T1');
    const others = [
      () => translate('T2'),
      () => translate('T1', { to: 'ZPK/ISO87' }),
      () => translate('T1', { toFormat: 3 }),
      () => translate('T1', { pan: `5${pan.slice(1)}` }),
      () => hsm.client.verifyPvv({ pin, pan: Pan.of(pan), pvk: 'PVK/VISA', keyIndex: 1, pvv: '0000' }),
    ];
    expect(await answers(others)).toEqual(others.map(() => 'HSM_KSN_REPLAYED'));
  });

  it('is spent for every record of its base key', async () => {
    const block = makeKeyBlock({
      version: 'D',
      under: developmentKey('ZMK/VISA'),
      fields: 'B0TX00N',
      value: developmentKey('BDK/TDES'),
    });
    const records = [
      await hsm.client.importKeyBlock('ZMK/VISA', block, { owner: 'X' }),
      await hsm.client.importKeyBlock('ZMK/VISA', block, { owner: 'Y' }),
    ];
    for (const { record } of records) {
      await expect(translate('T9', { key: record })).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
    }
  });

  it.each([
    ['0', 'BDK/TDES', 'FFFF9876543212000000'],
    ['of 21 ones', 'BDK/TDES', 'FFFF98765432101FFFFF'],
    ['0 of AES', 'BDK/AES', '123456789012345700000000'],
    ['of 32 ones', 'BDK/AES', '1234567890123456FFFFFFFF'],
  ])('%s is none a device sends', async (_, bdk, digits) => {
    const ksn = hex(digits);
    const length = bdk === 'BDK/AES' ? 16 : 8;
    const iv = Buffer.alloc(length);
    const asked = [
      () => hsm.client.dukptData({ bdk, ksn, direction: 'request', action: 'decrypt', iv, data: iv }),
      () => hsm.client.verifyDukptMac(bdk, ksn, Buffer.from('x'), Buffer.alloc(8)),
      () => hsm.client.generateDukptMac(bdk, ksn, Buffer.from('x')),
      () =>
        hsm.client.translatePinBlock({
          from: { key: bdk, ksn, block: PinBlock.of(iv) },
          to: 'ZPK/VISA',
          toFormat: 0,
          pan: PAN,
        }),
    ];
    expect(await answers(asked)).toEqual(asked.map(() => 'HSM_REQUEST_INVALID'));
  });

  it('that was used out of turn blocks none before it', async () => {
    const decrypt = (counter: string) =>
      hsm.client.dukptData({
        bdk: 'BDK/TDES',
        ksn: hex(`FFFF98765432101${counter}`),
        direction: 'request',
        action: 'decrypt',
        iv: Buffer.alloc(8),
        data: Buffer.alloc(8),
      });
    await decrypt('FF800');
    await decrypt('00001');
    await expect(decrypt('00001')).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
  });
});
