import { createCipheriv, createDecipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import type { OpenRequest } from '../client/hsm.ts';
import { developmentKey } from '../development/keys.ts';
import { findSoftokn, type SoftwareToken } from '../development/software-token.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

const TOKENS: SoftwareToken[] = findSoftokn() === undefined ? ['softhsm'] : ['softhsm', 'nss'];
if (TOKENS.length === 1) console.warn('skipped: NSS softokn (libnss3) is not installed');

describe.each(TOKENS)('on a token of %s', (token) => {
  let hsm: TestHsm;
  beforeAll(async () => {
    hsm = await startTestHsm({ token, requestTimeoutMs: 10_000 });
  });
  afterAll(() => hsm.stop());

  const PAN = Pan.of('4242424242424242');
  const CLEAR = Buffer.from('041210DBDBDBDBDB', 'hex');
  const DATA = Buffer.from('what a terminal sent');
  const FIRST = { macKey: 'TAK/TERM0001', pinKey: 'TPK/TERM0001' };
  const SECOND = { macKey: 'TAK/TERM0002', pinKey: 'TPK/TERM0002' };

  function encrypted(key: string, clear: Buffer): PinBlock {
    const cipher = createCipheriv('des-ede-ecb', developmentKey(key), null).setAutoPadding(false);
    return PinBlock.of(cipher.update(clear));
  }

  function decrypted(key: string, block: PinBlock): Buffer {
    const cipher = createDecipheriv('des-ede-ecb', developmentKey(key), null).setAutoPadding(false);
    return cipher.update(block.reveal());
  }

  async function requestOf(macKey: string, pinKey: string): Promise<OpenRequest & { seal: object }> {
    const mac = await hsm.client.generateMac(macKey, DATA);
    return {
      seal: { data: DATA, mac, keys: [FIRST, SECOND] },
      pan: PAN,
      protect: true,
      pin: { block: encrypted(pinKey, CLEAR), to: 'ZPK/VISA' },
    };
  }

  it('verifies, protects and translates in one request, under whichever key fits', async () => {
    for (const [fitted, { macKey, pinKey }] of [FIRST, SECOND].entries()) {
      const opened = await hsm.client.openRequest(await requestOf(macKey, pinKey));
      if (opened.mac !== 'right') throw new Error(`the MAC is ${opened.mac}`);
      expect(opened.fitted).toBe(fitted);
      if (!opened.card || !('done' in opened.card)) throw new Error('the PAN was not protected');
      if (!opened.pin || !('done' in opened.pin)) throw new Error('the PIN was not translated');
      expect(decrypted('ZPK/VISA', opened.pin.done)).toEqual(CLEAR);
      expect(await hsm.client.revealPan(opened.card.done.ciphertext)).toEqual(PAN);
      expect(opened.card.done.lookup).toEqual((await hsm.client.protectPan(PAN)).lookup);
    }
  });

  it('does and tells nothing else where the MAC is wrong, be the PIN block good or bad', async () => {
    const wrong = Buffer.alloc(8, 1);
    for (const pinKey of ['TPK/TERM0001', 'ZPK/VISA']) {
      const request = await requestOf('TAK/TERM0001', pinKey);
      const opened = await hsm.client.openRequest({ ...request, seal: { ...seal(request), mac: wrong } });
      expect(opened).toEqual({ mac: 'wrong' });
    }
    const { operations } = await hsm.client.status();
    expect(Object.keys(operations)).not.toContain('translatePin');
  });

  it('tells of each part apart: a PIN block under another key leaves the card protected', async () => {
    const opened = await hsm.client.openRequest(await requestOf('TAK/TERM0001', 'TPK/TERM0002'));
    expect(opened).toMatchObject({
      mac: 'right',
      fitted: 0,
      card: { done: {} },
      pin: { refused: { code: 'HSM_PIN_BLOCK_INVALID' } },
    });
    const none = await hsm.client.openRequest({ protect: true });
    expect(none).toMatchObject({ mac: 'not-asked', card: { refused: { code: 'HSM_REQUEST_INVALID' } } });
  });

  it('does what is asked for and no more', async () => {
    const { seal } = await requestOf('TAK/TERM0002', 'TPK/TERM0002');
    expect(await hsm.client.openRequest({ seal } as OpenRequest)).toEqual({ mac: 'right', fitted: 1 });
    expect(await hsm.client.openRequest({})).toEqual({ mac: 'not-asked' });
    const pin = { key: 'TPK/TERM0003', block: encrypted('TPK/TERM0003', CLEAR), to: 'ZPK/VISA' };
    const opened = await hsm.client.openRequest({ pan: PAN, pin });
    expect(opened).toMatchObject({ mac: 'not-asked', pin: { done: expect.anything() } });
    expect(opened).not.toHaveProperty('card');
  });

  it('passes by keys whose time is over, and refuses keys that are for something else or unknown', async () => {
    const old = await hsm.client.generateKey(
      { usage: 'M3', algorithm: 'T', length: 16 },
      { owner: 'x', notAfter: 1 },
    );
    const request = await requestOf('TAK/TERM0001', 'TPK/TERM0001');
    const under = (macKey: string) => ({
      ...request,
      seal: { ...seal(request), keys: [{ macKey, pinKey: 'TPK/TERM0001' }, FIRST] },
    });
    expect(await hsm.client.openRequest(under(old.record))).toMatchObject({ mac: 'right', fitted: 1 });
    for (const [key, code] of [
      ['TPK/TERM0001', 'HSM_KEY_USAGE'],
      ['BDK/TDES', 'HSM_KEY_USAGE'],
      ['TAK/NOBODY', 'HSM_UNKNOWN_KEY'],
    ] as const) {
      await expect(hsm.client.openRequest(under(key))).rejects.toMatchObject({ code });
    }
  });

  it('takes one to eight keys, and no MAC of less than four bytes', async () => {
    const request = await requestOf('TAK/TERM0001', 'TPK/TERM0001');
    const invalid = [
      { ...seal(request), keys: [] },
      { ...seal(request), keys: Array.from({ length: 9 }, () => FIRST) },
      { ...seal(request), mac: Buffer.alloc(3) },
    ];
    for (const wrong of invalid) {
      const opened = hsm.client.openRequest({ ...request, seal: wrong });
      await expect(opened).rejects.toMatchObject({ code: 'HSM_REQUEST_INVALID' });
    }
  });
});

function seal({ seal: given }: OpenRequest): NonNullable<OpenRequest['seal']> {
  if (!given) throw new Error('the request has no MAC');
  return given;
}
