import { createCipheriv, createDecipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import type { EncryptedPin } from '../client/hsm.ts';
import { developmentKey } from '../development/keys.ts';
import { findSoftokn, type SoftwareToken } from '../development/software-token.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

const TOKENS: SoftwareToken[] = findSoftokn() === undefined ? ['softhsm'] : ['softhsm', 'nss'];
if (TOKENS.length === 1) console.warn('skipped: NSS softokn (libnss3) is not installed');

describe.each(TOKENS)('on a token of %s', (token) => {
  let hsm: TestHsm;
  beforeAll(async () => {
    hsm = await startTestHsm({ token, maxInFlight: 2_000, requestTimeoutMs: 10_000 });
  });
  afterAll(() => hsm.stop());

  /** The PAN of the examples in ANSI X9.24-1 and of most DUKPT vectors. */
  const EXAMPLE_PAN = Pan.of('4012345678909');
  const PAN = Pan.of('4111111111111111');

  const hex = (digits: string) => Buffer.from(digits, 'hex');
  const decrypted = (name: string, block: PinBlock) =>
    createDecipheriv('des-ede-ecb', developmentKey(name), null).setAutoPadding(false).update(block.reveal());
  const encrypted = (name: string, clear: Buffer) =>
    PinBlock.of(
      createCipheriv('des-ede-ecb', developmentKey(name), null).setAutoPadding(false).update(clear),
    );

  const CLEAR_1234 = hex('041274EDCBA9876F');
  const CLEAR_1234_FOR_PAN = hex('041225EEEEEEEEEE');

  /** A published example of Visa's cryptogram 10; its PAN is no account. */
  const transaction = {
    version: 'VisaCVN10',
    sequenceNumber: '00',
    counter: hex('001C'),
    unpredictableNumber: hex('52BF4585'),
  };
  const example = {
    ...transaction,
    pan: Pan.of('1234567890123456'),
    arqc: hex('29CCA15AE665FA2E'),
  };
  const exampleData = hex('000000004000000000000000012480000480000124191105' + '0152BF45851800001C03A06010');

  function dukptPin(ksn: string, block: string): EncryptedPin {
    return { key: 'BDK/TDES', ksn: hex(ksn), block: PinBlock.of(hex(block)) };
  }

  // One device counts through all of them: their counters go up in this order alone.
  describe('DUKPT', { shuffle: false }, () => {
    it('translates the published triple DES PIN block, and again only for the same transaction', async () => {
      const from = dukptPin('FFFF9876543210E00001', '1B9C1845EB993A7A');
      const translate = (transaction?: string) =>
        hsm.client.translatePinBlock({
          from: transaction === undefined ? from : { ...from, transaction },
          to: 'ZPK/VISA',
          toFormat: 0,
          pan: EXAMPLE_PAN,
        });
      for (let i = 0; i < 2; i++) {
        expect(decrypted('ZPK/VISA', await translate('TERM0001/000001'))).toEqual(CLEAR_1234);
      }
      for (const another of ['TERM0001/000002', undefined]) {
        await expect(translate(another)).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
      }
    });

    it('refuses a counter that was used before, and takes one that comes late; rubbish uses none', async () => {
      const translate = (from: EncryptedPin) =>
        hsm.client.translatePinBlock({ from, to: 'ZPK/VISA', toFormat: 0, pan: EXAMPLE_PAN });
      const rubbish = translate(dukptPin('FFFF9876543210E00100', '8AC9E8E31C7A1C1C'));
      await expect(rubbish).rejects.toMatchObject({ code: 'HSM_PIN_BLOCK_INVALID' });
      const later = dukptPin('FFFF9876543210E00004', '0BC79509D5645DF7');
      await translate(later);
      await translate(dukptPin('FFFF9876543210E00003', '18DC07B94797B466'));
      const replay = translate(dukptPin('FFFF9876543210E00001', '1B9C1845EB993A7A'));
      await expect(replay).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
      const sameCounter = translate(dukptPin('FFFF9876543210E00004', '1B9C1845EB993A7A'));
      await expect(sameCounter).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
    });

    it('verifies request MACs, makes response MACs, and encrypts data under keys of their own', async () => {
      const ksn = hex('FFFF9876543210E00001');
      const data = Buffer.from('4012345678909D987', 'latin1');
      expect(await hsm.client.verifyDukptMac('BDK/TDES', ksn, data, hex('9CCC7817'))).toBe(true);
      expect(await hsm.client.verifyDukptMac('BDK/TDES', ksn, data, hex('9CCC7818'))).toBe(false);
      const replay = hsm.client.verifyDukptMac('BDK/TDES', ksn, data, hex('9CCC7817'));
      await expect(replay).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
      expect((await hsm.client.generateDukptMac('BDK/TDES', ksn, data)).subarray(0, 4)).toEqual(
        hex('20364223'),
      );
      const padded = Buffer.concat([data, Buffer.alloc(7)]);
      const request = { bdk: 'BDK/TDES', ksn, direction: 'request', iv: Buffer.alloc(8) } as const;
      const sealed = await hsm.client.dukptData({ ...request, action: 'encrypt', data: padded });
      expect(sealed).toEqual(hex('FC0D53B7EA1FDA9EE68AAF2E70D9B9506229BE2AA993F04F'));
      const decrypt = () => hsm.client.dukptData({ ...request, action: 'decrypt', data: sealed });
      expect(await decrypt()).toEqual(padded);
      await expect(decrypt()).rejects.toMatchObject({ code: 'HSM_KSN_REPLAYED' });
    });

    it('translates the published AES block of format 4 to format 0', async () => {
      const from: EncryptedPin = {
        key: 'BDK/AES',
        ksn: hex('123456789012345600000001'),
        format: 4,
        block: PinBlock.of(hex('A912150391AB65A67E52883D81CE2D15')),
      };
      const block = await hsm.client.translatePinBlock({ from, to: 'ZPK/VISA', toFormat: 0, pan: PAN });
      expect(decrypted('ZPK/VISA', block)).toEqual(CLEAR_1234_FOR_PAN);
    });
  });

  describe('PIN block formats', () => {
    const pin: EncryptedPin = { key: 'TPK/TERM0001', block: PinBlock.of(Buffer.alloc(8)) };
    const from = (): EncryptedPin => ({ ...pin, block: encrypted('TPK/TERM0001', CLEAR_1234_FOR_PAN) });

    it('go from 0 to 4 under AES and back', async () => {
      const { record } = await hsm.client.generateKey(
        { usage: 'P0', algorithm: 'A', length: 16 },
        { owner: 'test' },
      );
      const wide = await hsm.client.translatePinBlock({ from: from(), to: record, toFormat: 4, pan: PAN });
      expect(wide.reveal()).toHaveLength(16);
      const again = await hsm.client.translatePinBlock({ from: from(), to: record, toFormat: 4, pan: PAN });
      expect(again.reveal()).not.toEqual(wide.reveal());
      const source: EncryptedPin = { key: record, format: 4, block: wide };
      const back = await hsm.client.translatePinBlock({
        from: source,
        to: 'ZPK/VISA',
        toFormat: 0,
        pan: PAN,
      });
      expect(decrypted('ZPK/VISA', back)).toEqual(CLEAR_1234_FOR_PAN);
      const otherPan = Pan.of('4242424242424242');
      const wrongPan = hsm.client.translatePinBlock({
        from: source,
        to: 'ZPK/VISA',
        toFormat: 0,
        pan: otherPan,
      });
      await expect(wrongPan).rejects.toMatchObject({ code: 'HSM_PIN_BLOCK_INVALID' });
    });

    it('go from 0 to 3, whose fill is random, and from 1 without a PAN of its own', async () => {
      const third = await hsm.client.translatePinBlock({
        from: from(),
        to: 'ZPK/VISA',
        toFormat: 3,
        pan: PAN,
      });
      expect(decrypted('ZPK/VISA', third)[0]).toBe(0x34);
      const first: EncryptedPin = {
        ...pin,
        format: 1,
        block: encrypted('TPK/TERM0001', hex('141234FEDCBA9876')),
      };
      const zero = await hsm.client.translatePinBlock({ from: first, to: 'ZPK/VISA', toFormat: 0, pan: PAN });
      expect(decrypted('ZPK/VISA', zero)).toEqual(CLEAR_1234_FOR_PAN);
    });

    it('never become 1 or 2, and 2 is not taken from the wire', async () => {
      const forbidden = { code: 'HSM_PIN_TRANSLATION_FORBIDDEN' };
      for (const toFormat of [1, 2] as const) {
        const translated = hsm.client.translatePinBlock({ from: from(), to: 'ZPK/VISA', toFormat, pan: PAN });
        await expect(translated).rejects.toMatchObject(forbidden);
      }
      const second: EncryptedPin = { ...from(), format: 2 };
      const translated = hsm.client.translatePinBlock({
        from: second,
        to: 'ZPK/VISA',
        toFormat: 0,
        pan: PAN,
      });
      await expect(translated).rejects.toMatchObject(forbidden);
    });
  });

  describe('PIN verification', () => {
    const pin = (): EncryptedPin => ({
      key: 'TPK/TERM0001',
      block: encrypted('TPK/TERM0001', CLEAR_1234_FOR_PAN),
    });

    it('by Visa PVV, computed here by node:crypto', async () => {
      const cipher = createCipheriv('des-ede-ecb', developmentKey('PVK/VISA'), null).setAutoPadding(false);
      const nibbles = cipher.update(hex('1111111111111234')).toString('hex');
      const digits = [...nibbles].filter((digit) => digit <= '9');
      const letters = [...nibbles]
        .filter((digit) => digit > '9')
        .map((letter) => Number.parseInt(letter, 16) - 10);
      const pvv = [...digits, ...letters].slice(0, 4).join('');
      const request = { pin: pin(), pan: PAN, pvk: 'PVK/VISA', keyIndex: 1 };
      expect(await hsm.client.verifyPvv({ ...request, pvv })).toBe(true);
      expect(
        await hsm.client.verifyPvv({ ...request, pvv: String((Number(pvv) + 1) % 10_000).padStart(4, '0') }),
      ).toBe(false);
      expect(await hsm.client.verifyPvv({ ...request, keyIndex: 2, pvv })).toBe(false);
    });

    it('by IBM 3624 offset, computed here by node:crypto', async () => {
      const rule = { start: 0, length: 12, pad: 'F', table: '0123456789012345' };
      const cipher = createCipheriv('des-ede-ecb', developmentKey('PVK-IBM/VISA'), null).setAutoPadding(
        false,
      );
      const nibbles = cipher.update(hex('411111111111FFFF')).toString('hex');
      const natural = [...nibbles].slice(0, 4).map((digit) => Number.parseInt(digit, 16) % 10);
      const offset = [1, 2, 3, 4].map((digit, index) => (10 + digit - (natural[index] ?? 0)) % 10).join('');
      const request = { pin: pin(), pan: PAN, pvk: 'PVK-IBM/VISA', rule };
      expect(await hsm.client.verifyPinOffset({ ...request, offset })).toBe(true);
      const other = String((Number(offset) + 1) % 10_000).padStart(4, '0');
      expect(await hsm.client.verifyPinOffset({ ...request, offset: other })).toBe(false);
    });
  });

  describe('cards', () => {
    it('have a CVV, another CVV2 and iCVV, and none of a wrong digit', async () => {
      const card = { pan: PAN, expiry: '2912', serviceCode: '201' };
      const cvv = await hsm.client.generateCvv('CVK/VISA', card);
      expect(cvv).toMatch(/^[0-9]{3}$/);
      expect(await hsm.client.verifyCvv('CVK/VISA', card, cvv)).toBe(true);
      expect(
        await hsm.client.verifyCvv('CVK/VISA', card, String((Number(cvv) + 1) % 1_000).padStart(3, '0')),
      ).toBe(false);
      const proof = { unpredictableNumber: '2912', result: '2', secondFactor: '01' };
      expect(await hsm.client.verifyCavv('CVK/VISA', PAN, proof, cvv)).toBe(true);
      await expect(hsm.client.generateCvv('TAK/TERM0001', card)).rejects.toMatchObject({
        code: 'HSM_KEY_USAGE',
      });
    });

    it('have their cryptogram verified and answered; a wrong one gets no answer', async () => {
      const answered = await hsm.client.verifyArqc('IMK-AC/VISA', example, {
        data: exampleData,
        status: hex('3030'),
      });
      expect(answered).toEqual({ valid: true, arpc: hex('28993816AFAE4AEB') });
      const altered = Buffer.from(exampleData);
      altered[5] = 0x01;
      const refused = await hsm.client.verifyArqc('IMK-AC/VISA', example, {
        data: altered,
        status: hex('3030'),
      });
      expect(refused).toEqual({ valid: false });
    });

    it('take scripts and a new PIN', async () => {
      const mac = await hsm.client.scriptMac('IMK-SMI/VISA', example, hex('8418000008'), Buffer.alloc(0));
      expect(mac).toEqual(hex('DB56BA60087CEFD3'));
      const keys = { cryptogram: 'IMK-AC/VISA', integrity: 'IMK-SMI/VISA', confidentiality: 'IMK-SMC/VISA' };
      // PIN 9999 in format 0 for the example's PAN.
      const clear = hex('04999FBA9876FEDC');
      const command = hsm.client.changeCardPin(keys, example, {
        key: 'TPK/TERM0001',
        block: encrypted('TPK/TERM0001', clear),
      });
      await expect(command).rejects.toMatchObject({ code: 'HSM_PIN_BLOCK_INVALID' });
      const right = encrypted('TPK/TERM0001', format0('9999', '1234567890123456'));
      expect(await hsm.client.changeCardPin(keys, example, { key: 'TPK/TERM0001', block: right })).toEqual(
        hex('8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA'),
      );
    });
  });

  function format0(pin: string, pan: string): Buffer {
    const block = hex(`0${pin.length}${pin}`.padEnd(16, 'F'));
    const field = hex(`0000${pan.slice(-13, -1)}`);
    return Buffer.from(block.map((byte, index) => byte ^ (field[index] ?? 0)));
  }

  describe('working keys', () => {
    const kind = { usage: 'P0', algorithm: 'T', length: 16 } as const;
    const from = () => encrypted('TPK/TERM0001', CLEAR_1234_FOR_PAN);
    const translateTo = (to: string) =>
      hsm.client.translatePin({ from: 'TPK/TERM0001', to, pan: PAN, block: from() });

    it('are used by their record, for their own use only', async () => {
      const { record, kcv } = await hsm.client.generateKey(kind, { owner: 'VISA' });
      expect((await translateTo(record)).reveal()).toHaveLength(8);
      expect(await hsm.client.keyCheckValue(record)).toBe(kcv);
      await expect(hsm.client.generateMac(record, Buffer.alloc(8))).rejects.toMatchObject({
        code: 'HSM_KEY_USAGE',
      });
      expect(await hsm.client.describeKey(record)).toMatchObject({
        usage: 'P0',
        owner: 'VISA',
        state: 'active',
        kcv,
      });
      const forged = record.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
      await expect(translateTo(forged)).rejects.toMatchObject({ code: 'HSM_KEY_BLOCK_INVALID' });
    });

    it('are refused before, after and outside their life, and beyond their number of uses', async () => {
      const refused = { code: 'HSM_KEY_STATE' };
      const now = Date.now();
      const soon = await hsm.client.generateKey(kind, { owner: 'x', notBefore: now + 60_000 });
      await expect(translateTo(soon.record)).rejects.toMatchObject(refused);
      const past = await hsm.client.generateKey(kind, { owner: 'x', notAfter: now - 1 });
      await expect(translateTo(past.record)).rejects.toMatchObject(refused);
      const twice = await hsm.client.generateKey(kind, { owner: 'x', useLimit: 2 });
      await translateTo(twice.record);
      await translateTo(twice.record);
      await expect(translateTo(twice.record)).rejects.toMatchObject(refused);
      const pending = await hsm.client.generateKey(kind, { owner: 'x', state: 'pending' });
      await expect(translateTo(pending.record)).rejects.toMatchObject(refused);
      const active = await hsm.client.setKeyState(pending.record, 'active');
      await translateTo(active);
      const destroyed = await hsm.client.setKeyState(active, 'destroyed');
      await expect(translateTo(destroyed)).rejects.toMatchObject(refused);
      await expect(hsm.client.setKeyState(destroyed, 'active')).rejects.toMatchObject(refused);
    });

    it('rotate with an overlap in which both work', async () => {
      const old = await hsm.client.generateKey(kind, { owner: 'VISA' });
      const { replaced, next } = await hsm.client.rotateKey(old.record, 60_000, Date.now());
      expect(next.kcv).not.toBe(old.kcv);
      await translateTo(replaced);
      await translateTo(next.record);
      expect((await hsm.client.describeKey(replaced)).state).toBe('expiring');
      const over = await hsm.client.rotateKey(next.record, -1, Date.now());
      await expect(translateTo(over.replaced)).rejects.toMatchObject({ code: 'HSM_KEY_STATE' });
    });
  });

  describe('key blocks', () => {
    it.each([
      ['ZMK/VISA', 'D'],
      ['TMK/TERM0001', 'B'],
    ] as const)('carry a key out under %s and in again as the same key', async (protection, version) => {
      const key = await hsm.client.generateKey(
        { usage: 'P0', algorithm: 'T', length: 16 },
        { owner: 'VISA' },
      );
      const header = {
        version,
        mode: 'B',
        exportability: 'N',
        optionalBlocks: [{ id: 'KS', data: '00604B120F92928' }],
      } as const;
      const block = await hsm.client.exportKeyBlock(protection, key.record, header);
      expect(block).toMatch(new RegExp(`^${version}[0-9]{4}P0TB00N0[12]00`));
      const back = await hsm.client.importKeyBlock(
        protection,
        block,
        { owner: 'VISA', state: 'pending' },
        key.kcv,
      );
      expect(back.kcv).toBe(key.kcv);
      expect(back.header.optionalBlocks).toEqual(header.optionalBlocks);
      expect((await hsm.client.describeKey(back.record)).state).toBe('pending');
      const invalid = { code: 'HSM_KEY_BLOCK_INVALID' };
      await expect(
        hsm.client.importKeyBlock(protection, block, { owner: 'x' }, '000000'),
      ).rejects.toMatchObject(invalid);
      const altered = block.replace('P0', 'D0');
      await expect(hsm.client.importKeyBlock(protection, altered, { owner: 'x' })).rejects.toMatchObject(
        invalid,
      );
      const last = block.slice(-1) === '0' ? '1' : '0';
      const broken = hsm.client.importKeyBlock(protection, `${block.slice(0, -1)}${last}`, { owner: 'x' });
      await expect(broken).rejects.toMatchObject(invalid);
    });

    it('refuse a mode of use that does not fit the usage', async () => {
      const key = await hsm.client.generateKey(
        { usage: 'M3', algorithm: 'T', length: 16 },
        { owner: 'VISA' },
      );
      const header = { version: 'D', mode: 'E', exportability: 'N' } as const;
      await expect(hsm.client.exportKeyBlock('ZMK/VISA', key.record, header)).rejects.toMatchObject({
        code: 'HSM_KEY_USAGE',
      });
    });
  });

  it('tells per operation where secret values were', async () => {
    const from = { key: 'TPK/TERM0001', block: encrypted('TPK/TERM0001', CLEAR_1234_FOR_PAN) };
    await hsm.client.translatePinBlock({ from, to: 'ZPK/VISA', toFormat: 3, pan: PAN });
    const card = { pan: PAN, expiry: '2912', serviceCode: '201' };
    await hsm.client.verifyCvv('CVK/VISA', card, await hsm.client.generateCvv('CVK/VISA', card));
    await hsm.client.verifyArqc('IMK-AC/VISA', example, {
      data: exampleData,
      status: hex('3030'),
    });
    const { profile, operations } = await hsm.client.status();
    expect(profile).toMatchObject({ canUnwrap: token === 'nss', canEcbDerive: true });
    expect(profile.enforcesExtractable).toBe(token === 'softhsm');
    expect(operations['translatePin']?.place).toBe('host');
    expect(operations['verifyCardValue']?.place).toBe('token');
    expect(operations['verifyArqc']?.place).toBe('token');
  });
});
