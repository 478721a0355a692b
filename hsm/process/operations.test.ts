import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  randomBytes,
  verify,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import { developmentKey } from '../development/keys.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

let hsm: TestHsm;
beforeAll(async () => {
  hsm = await startTestHsm();
});
afterAll(() => hsm.stop());

const PAN = Pan.of('4242424242424242');

function tripleDes(key: Buffer, clear: Buffer): Buffer {
  return createCipheriv('des-ede-ecb', key, null).setAutoPadding(false).update(clear);
}

function tripleDesBack(key: Buffer, encrypted: Buffer): Buffer {
  return createDecipheriv('des-ede-ecb', key, null).setAutoPadding(false).update(encrypted);
}

/** ISO 9797-1 algorithm 3, padding method 1, written the textbook way: single DES, block by block. */
function textbookRetailMac(key: Buffer, data: Buffer): Buffer {
  const left = key.subarray(0, 8);
  const blocks = Math.max(1, Math.ceil(data.length / 8));
  let chain: Buffer = Buffer.alloc(8);
  for (let block = 0; block < blocks; block++) {
    const mixed = Buffer.from(chain);
    for (let i = 0; i < 8; i++) mixed[i] = (mixed[i] ?? 0) ^ (data[block * 8 + i] ?? 0);
    chain = singleDes(left, mixed, true);
  }
  return singleDes(left, singleDes(key.subarray(8), chain, false), true);
}

function singleDes(key: Buffer, block: Buffer, encrypt: boolean): Buffer {
  const twice = Buffer.concat([key, key]);
  return Buffer.from(encrypt ? tripleDes(twice, block) : tripleDesBack(twice, block));
}

function format0(pin: string, pan: Pan): Buffer {
  const block = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex');
  const field = Buffer.from(`0000${pan.reveal().slice(-13, -1)}`, 'hex');
  return Buffer.from(block.map((byte, index) => byte ^ (field[index] ?? 0)));
}

describe('retail MAC', () => {
  it('agrees with the textbook at every length around the block boundaries', async () => {
    const key = developmentKey('TAK/TERM0001');
    for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 64, 1_000, 65_000]) {
      const data = randomBytes(length);
      expect(await hsm.client.generateMac('TAK/TERM0001', data)).toEqual(textbookRetailMac(key, data));
    }
  });

  it('verifies whole and truncated MACs, and no other', async () => {
    const data = randomBytes(50);
    const mac = await hsm.client.generateMac('ZAK/VISA', data);
    expect(await hsm.client.verifyMac('ZAK/VISA', data, mac)).toBe(true);
    expect(await hsm.client.verifyMac('ZAK/VISA', data, mac.subarray(0, 4))).toBe(true);
    expect(await hsm.client.verifyMac('TAK/TERM0001', data, mac)).toBe(false);
    mac[7] = (mac[7] ?? 0) ^ 1;
    expect(await hsm.client.verifyMac('ZAK/VISA', data, mac)).toBe(false);
    await expect(hsm.client.verifyMac('ZAK/VISA', data, mac.subarray(0, 3))).rejects.toMatchObject({
      code: 'HSM_REQUEST_INVALID',
    });
  });
});

describe('PIN translation', () => {
  it('carries PINs of 4 to 12 digits from the terminal key to the network key', async () => {
    for (const pin of ['1234', '99999', '000000', '123456789012']) {
      const block = PinBlock.of(tripleDes(developmentKey('TPK/TERM0001'), format0(pin, PAN)));
      const request = { from: 'TPK/TERM0001', to: 'ZPK/VISA', pan: PAN, block };
      const translated = await hsm.client.translatePin(request);
      expect(tripleDesBack(developmentKey('ZPK/VISA'), translated.reveal())).toEqual(format0(pin, PAN));
    }
  });

  it('refuses a block of another PAN, another key, another format or another length', async () => {
    const encrypted = (clear: Buffer) => PinBlock.of(tripleDes(developmentKey('TPK/TERM0001'), clear));
    const translate = (from: string, block: PinBlock) =>
      hsm.client.translatePin({ from, to: 'ZPK/VISA', pan: PAN, block });
    const refused = { code: 'HSM_PIN_BLOCK_INVALID', message: expect.not.stringMatching(/[0-9]{4}/) };
    const otherPan = format0('1234', Pan.of('5555555555554444'));
    await expect(translate('TPK/TERM0001', encrypted(otherPan))).rejects.toMatchObject(refused);
    await expect(translate('TPK/TERM0002', encrypted(format0('1234', PAN)))).rejects.toMatchObject(refused);
    for (const length of ['3', 'D']) {
      const wrongLength = format0('1234', PAN);
      wrongLength[0] = Number.parseInt(`0${length}`, 16);
      await expect(translate('TPK/TERM0001', encrypted(wrongLength))).rejects.toMatchObject(refused);
    }
    const format3 = format0('1234', PAN);
    format3[0] = 0x34;
    await expect(translate('TPK/TERM0001', encrypted(format3))).rejects.toMatchObject(refused);
    await expect(translate('TPK/TERM0001', PinBlock.of(randomBytes(16)))).rejects.toMatchObject({
      code: 'HSM_REQUEST_INVALID',
    });
  });

  it('refuses keys that are unknown or meant for something else', async () => {
    const block = PinBlock.of(randomBytes(8));
    const translate = (from: string) => hsm.client.translatePin({ from, to: 'ZPK/VISA', pan: PAN, block });
    await expect(translate('TPK/TERM9999')).rejects.toMatchObject({
      code: 'HSM_UNKNOWN_KEY',
      detail: 'TPK/TERM9999',
    });
    await expect(translate('TAK/TERM0001')).rejects.toMatchObject({ code: 'HSM_KEY_USAGE' });
    await expect(hsm.client.generateMac('TPK/TERM0001', randomBytes(8))).rejects.toMatchObject({
      code: 'HSM_KEY_USAGE',
    });
  });
});

describe('key check values', () => {
  it('of a triple DES key is the encrypted zero block', async () => {
    const expected = tripleDes(developmentKey('TPK/TERM0003'), Buffer.alloc(8)).toString('hex', 0, 3);
    expect(await hsm.client.keyCheckValue('TPK/TERM0003')).toBe(expected.toUpperCase());
  });

  it('exist for keys that cannot encrypt: the LMK and the look-up key', async () => {
    expect(await hsm.client.keyCheckValue('LMK/1')).toMatch(/^[0-9A-F]{6}$/);
    expect(await hsm.client.keyCheckValue('PAN-LOOKUP/1')).toMatch(/^[0-9A-F]{6}$/);
  });
});

describe('PAN protection', () => {
  it('reveals what it protected, never protects alike twice, and looks up alike', async () => {
    const first = await hsm.client.protectPan(PAN);
    const second = await hsm.client.protectPan(PAN);
    expect((await hsm.client.revealPan(first.ciphertext)).reveal()).toBe(PAN.reveal());
    expect(second.ciphertext).not.toEqual(first.ciphertext);
    expect(second.lookup).toEqual(first.lookup);
    expect(first.lookup).toHaveLength(32);
    const other = await hsm.client.protectPan(Pan.of('4000000000000002'));
    expect(other.lookup).not.toEqual(first.lookup);
  });

  it('refuses a ciphertext with any byte altered, and serves on', async () => {
    const { ciphertext } = await hsm.client.protectPan(PAN);
    for (const index of ciphertext.keys()) {
      const altered = Buffer.from(ciphertext);
      altered[index] = (altered[index] ?? 0) ^ 0x40;
      await expect(hsm.client.revealPan(altered)).rejects.toMatchObject({ code: 'HSM_CIPHERTEXT_INVALID' });
    }
    expect((await hsm.client.revealPan(ciphertext)).reveal()).toBe(PAN.reveal());
  });
});

describe('signatures of the audit key', () => {
  it('verify under its public key, which names P-256, and for no other data', async () => {
    const key = createPublicKey({ key: await hsm.client.publicKey('AUDIT/1'), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const fingerprint = createHash('sha256')
      .update(await hsm.client.publicKey('AUDIT/1'))
      .digest('hex');
    for (const sequence of [0, 7]) {
      const head = { node: 'a', life: 1, number: 1, epoch: 1, state: 'running', sequence };
      const end = { link: 'ab'.repeat(32), at: new Date(0).toISOString(), previous: null, key: fingerprint };
      const data = Buffer.from(JSON.stringify({ format: 'etika-journal-head/1', ...head, ...end }));
      const signature = await hsm.client.sign('AUDIT/1', data);
      const verifier = { key, dsaEncoding: 'ieee-p1363' } as const;
      expect(verify('sha256', data, verifier, signature)).toBe(true);
      expect(verify('sha256', Buffer.concat([data, Buffer.alloc(1)]), verifier, signature)).toBe(false);
    }
  });

  it('are refused for a key pair that is not there, and for a key of another kind', async () => {
    for (const key of ['AUDIT/9', 'ZAK/VISA']) {
      await expect(hsm.client.sign(key, Buffer.alloc(1))).rejects.toMatchObject({ code: 'HSM_UNKNOWN_KEY' });
      await expect(hsm.client.publicKey(key)).rejects.toMatchObject({ code: 'HSM_UNKNOWN_KEY' });
    }
  });
});
