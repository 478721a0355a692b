import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PKCS11 } from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSoftokn, prepareEmptyToken } from '../development/software-token.ts';
import { AES_DUKPT_USAGE, aesWorkingKey } from '../dukpt/aes.ts';
import { bdkFrom, macKey, pinKey, tdesCmac } from '../dukpt/tdes.ts';
import { cmac } from '../mac/mac.ts';
import { type PinSide, translatePinBlock } from '../pin/translate.ts';
import { pvvOfBlock } from '../pin/verify.ts';
import { initialiseToken } from '../token/initialise.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import type { TokenProfile } from '../token/profile.ts';
import { Scratch } from '../token/secrets.ts';
import { readTokenAccess } from './settings.ts';

const SOFTOKN_IS_HERE = findSoftokn() !== undefined;
if (!SOFTOKN_IS_HERE) console.warn('skipped: NSS softokn (libnss3) is not installed');

const hex = (digits: string) => Buffer.from(digits, 'hex');

/** Everything that crosses between us and the module: bytes of all arguments, before and after, and of all results. */
class Recorder {
  #bytes: Buffer[] = [];

  instrument = (module: PKCS11): PKCS11 =>
    new Proxy(module, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          this.#keep(args);
          const result: unknown = member.apply(target, args);
          this.#keep(args);
          this.#keep(result);
          return result;
        };
      },
    });

  forget(): void {
    this.#bytes = [];
  }

  get calls(): number {
    return this.#bytes.length;
  }

  saw(secret: Buffer): boolean {
    return this.#bytes.some((bytes) => bytes.includes(secret));
  }

  #keep(value: unknown): void {
    if (value instanceof Uint8Array) this.#bytes.push(Buffer.from(value));
    else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) this.#keep(inner);
    }
  }
}

describe.skipIf(!SOFTOKN_IS_HERE)('inside NSS softokn', () => {
  let directory: string;
  let session: TokenSession;
  let profile: TokenProfile;
  const recorder = new Recorder();
  const PAN = Buffer.from('4111111111111111', 'latin1');
  const EXAMPLE_PAN = Buffer.from('4012345678909', 'latin1');

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'etika-softokn-'));
    const { token, userPin } = readTokenAccess(prepareEmptyToken('nss', directory));
    initialiseToken(token, userPin);
    session = TokenSession.open(token, userPin, recorder.instrument);
    profile = probeToken(session);
  });
  afterAll(() => {
    session.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Imports happen before the recording: a key of production is on the token already. */
  function recorded<T>(work: (scratch: Scratch) => () => T): T {
    return Scratch.use(session, profile, (scratch) => {
      const run = work(scratch);
      recorder.forget();
      const result = run();
      expect(scratch.place).toBe('token');
      expect(recorder.calls).toBeGreaterThan(0);
      return result;
    });
  }

  it('the recorder sees a secret that does cross', () => {
    const secret = hex('00112233445566778899AABBCCDDEEFF');
    recorder.forget();
    Scratch.use(session, profile, (scratch) => scratch.import(secret, 'generic'));
    expect(recorder.saw(secret)).toBe(true);
  });

  const TDES_KEY = hex('0123456789ABCDEFFEDCBA9876543210');
  const AES_KEY = hex('00112233445566778899AABBCCDDEEFF');
  const FORMAT_0 = hex('041225EEEEEEEEEE');
  const FORMAT_4_FIELD = hex('441234AAAAAAAAAA0102030405060708');
  /** The clear digits as any format carries them, and the two blocks as they are. */
  const CLEAR_PIN = [FORMAT_0, hex('041234FFFFFFFFFF'), hex('441234AAAAAAAAAA')];

  function aes(key: Buffer, clear: Buffer): Buffer {
    return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(clear);
  }

  function format4Block(): Buffer {
    const field = hex('44111111111111111000000000000000');
    const first = aes(AES_KEY, FORMAT_4_FIELD);
    return aes(AES_KEY, Buffer.from(first.map((byte, index) => byte ^ (field[index] ?? 0))));
  }

  const tdesBlock = createCipheriv('des-ede-ecb', TDES_KEY, null).setAutoPadding(false).update(FORMAT_0);

  it.each([
    ['0 to 0', 0, 0],
    ['0 to 4', 0, 4],
    ['4 to 0', 4, 0],
    ['4 to 4', 4, 4],
  ] as const)('a PIN block goes from format %s unseen', (_name, from, to) => {
    recorded((scratch) => {
      const side = (format: 0 | 4): PinSide =>
        format === 0
          ? { key: scratch.import(TDES_KEY, 'generic'), algorithm: 'T', format }
          : { key: scratch.import(AES_KEY, 'generic'), algorithm: 'A', format };
      const [source, target] = [side(from), side(to)];
      return () => translatePinBlock(scratch, source, target, PAN, from === 0 ? tdesBlock : format4Block());
    });
    for (const clear of CLEAR_PIN) expect(recorder.saw(clear)).toBe(false);
  });

  function underTdes(clear: Buffer): Buffer {
    return createCipheriv('des-ede-ecb', TDES_KEY, null).setAutoPadding(false).update(clear);
  }

  function translated(block: Buffer, pan: Buffer): Buffer {
    return recorded((scratch) => {
      const side: PinSide = { key: scratch.import(TDES_KEY, 'generic'), algorithm: 'T', format: 0 };
      return () => translatePinBlock(scratch, side, side, pan, block);
    });
  }

  it('PINs of every length pass, with their fill checked', () => {
    for (let length = 4; length <= 12; length++) {
      const pin = '123456789012'.slice(0, length);
      const clear = hex(`0${length.toString(16)}${pin}`.padEnd(16, 'F'));
      const field = hex('0000111111111111');
      const block = underTdes(Buffer.from(clear.map((byte, index) => byte ^ (field[index] ?? 0))));
      expect(translated(block, PAN)).toEqual(block);
    }
  });

  it('a malformed length, altered fill and a block of another PAN are refused there as well', () => {
    for (const clear of ['031225EEEEEEEEEE', '0D1225EEEEEEEEEE', '141225EEEEEEEEEE', '041225EEEEEEEEEF']) {
      expect(() => translated(underTdes(hex(clear)), PAN)).toThrow('HSM_PIN_BLOCK_INVALID');
    }
    const anotherPan = Buffer.from('4222222222222222', 'latin1');
    expect(() => translated(tdesBlock, anotherPan)).toThrow('HSM_PIN_BLOCK_INVALID');
  });

  it('a triple DES DUKPT PIN is translated, its keys and block unseen', () => {
    const ksn = hex('FFFF9876543210E00001');
    recorded((scratch) => {
      const bdk = scratch.import(TDES_KEY, 'generic');
      const key = scratch.import(AES_KEY, 'generic');
      return () => {
        const from: PinSide = { key: pinKey(scratch, bdkFrom(scratch, bdk), ksn), algorithm: 'T', format: 0 };
        const to: PinSide = { key, algorithm: 'T', format: 0 };
        return translatePinBlock(scratch, from, to, EXAMPLE_PAN, hex('1B9C1845EB993A7A'));
      };
    });
    // The transaction key of A.4, its PIN variant, the initial key, and the clear block.
    for (const secret of [
      '042666B49184CFA368DE9628D0397BC9',
      '042666B49184CF5C68DE9628D0397B36',
      '6AC292FAA1315B4D858AB3A3D7D5933A',
      '041274EDCBA9876F',
    ]) {
      for (const half of [hex(secret.slice(0, 16)), hex(secret.slice(-16))]) {
        expect(recorder.saw(half)).toBe(false);
      }
    }
  });

  it('DUKPT MAC keys, triple DES and AES, stay unseen', () => {
    const data = Buffer.from('4012345678909D987', 'latin1');
    const ksn = hex('FFFF9876543210E00001');
    const mac = recorded((scratch) => {
      const bdk = scratch.import(TDES_KEY, 'generic');
      return () => tdesCmac(scratch, bdkFrom(scratch, bdk), ksn, 'request', data);
    });
    expect(mac).toEqual(hex('211003F1D5B79DD7'));
    for (const half of ['042666B49184CFA3', '68DE9628D0397BC9', '042666B491843063', '68DE9628D03984C9']) {
      expect(recorder.saw(hex(half))).toBe(false);
    }
    const aesMac = recorded((scratch) => {
      const bdk = scratch.import(hex('FEDCBA9876543210F1F1F1F1F1F1F1F1'), 'generic');
      const aesKsn = hex('123456789012345600000001');
      return () =>
        cmac(
          scratch,
          aesWorkingKey(scratch, bdk, aesKsn, AES_DUKPT_USAGE.macGeneration, 'AES128'),
          'A',
          data,
        );
    });
    expect(aesMac).toEqual(hex('A2EB5C1C35809E58404E873C3C411E31'));
    expect(recorder.saw(hex('4F21B565BAD9835E112B6465635EAE44'))).toBe(false);
  });

  it('a PVV is computed, the PIN unseen', () => {
    const pvv = recorded((scratch) => {
      const side: PinSide = { key: scratch.import(TDES_KEY, 'generic'), algorithm: 'T', format: 0 };
      const pvk = scratch.import(AES_KEY, 'generic');
      return () => pvvOfBlock(scratch, side, pvk, PAN, 1, tdesBlock);
    });
    expect(pvv).toHaveLength(4);
    for (const clear of [...CLEAR_PIN, hex('1111111111111234')]) expect(recorder.saw(clear)).toBe(false);
  });

  it('a derived key cannot be read, though the session is logged in', () => {
    Scratch.use(session, profile, (scratch) => {
      const key = macKey(
        scratch,
        bdkFrom(scratch, scratch.import(TDES_KEY, 'generic')),
        hex('FFFF9876543210E00001'),
        'request',
      );
      expect(() => scratch.bytesOf(key)).toThrow('0x11');
    });
  });
});
