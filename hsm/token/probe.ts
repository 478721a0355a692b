import { createHmac } from 'node:crypto';
import { hostCipher } from './host-cipher.ts';
import { ZERO_IV } from './mechanisms.ts';
import { pkcs11, type TokenSession } from './pkcs11.ts';
import type { TokenProfile } from './profile.ts';
import { Scratch } from './secrets.ts';

const KEY = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const BLOCK = Buffer.from('041234FFFFFFFFFF', 'hex');
const AES_BLOCK = Buffer.from('6BC1BEE22E409F96E93D7E117393172A', 'hex');

const INCAPABLE: TokenProfile = {
  canUnwrap: false,
  canCompute: false,
  canEcbDerive: false,
  singleDes: false,
  canStand: false,
  tdesCmac: false,
  aesCmac: false,
  shortHmac: false,
  enforcesExtractable: false,
};

/**
 * Asks the token to do each thing with a published key and compares with the known answer. A capability is believed
 * only where the answer is right, whatever the mechanism list says.
 */
export function probeToken(session: TokenSession): TokenProfile {
  const profile = { ...INCAPABLE };
  const learn = (capability: keyof TokenProfile, test: (scratch: Scratch) => boolean) => {
    try {
      profile[capability] = Scratch.use(session, { ...profile, [capability]: true }, test);
    } catch {
      profile[capability] = false;
    }
  };
  learn('singleDes', encryptsUnderSingleDes);
  learn('canStand', staysOpen);
  learn('tdesCmac', (scratch) => macs(scratch, 'T'));
  learn('aesCmac', (scratch) => macs(scratch, 'A'));
  learn('shortHmac', signsUnderShortKey);
  learn('canCompute', computes);
  learn('canUnwrap', unwraps);
  learn('canEcbDerive', derives);
  learn('enforcesExtractable', refusesToWrap);
  return profile;
}

function encryptsUnderSingleDes(scratch: Scratch): boolean {
  const key = scratch.import(KEY.subarray(0, 8), 'T');
  return scratch.encrypt(key, 'T', BLOCK).equals(expected('T', KEY.subarray(0, 8), BLOCK));
}

function staysOpen(scratch: Scratch): boolean {
  const { handle } = scratch.import(KEY, 'T');
  const { standing } = scratch.session;
  const mechanism = { mechanism: pkcs11.CKM_DES3_ECB };
  const chain = { mechanism: pkcs11.CKM_DES3_CBC, parameter: ZERO_IV.T };
  const [encrypted, clear] = [Buffer.alloc(8), Buffer.alloc(8)];
  try {
    // Twice each: the second block comes from the operation the first one opened.
    return [BLOCK, AES_BLOCK.subarray(0, 8)].every(
      (block) =>
        standing.run('encrypt', mechanism, handle, block, encrypted) &&
        standing.run('decrypt', mechanism, handle, encrypted, clear) &&
        encrypted.equals(expected('T', KEY, block)) &&
        clear.equals(block) &&
        // The first block of a chain from zeroes is what ECB makes of it.
        standing.chain(chain, handle, Buffer.from(block), clear) &&
        clear.equals(encrypted),
    );
  } finally {
    standing.forget(handle);
  }
}

function macs(scratch: Scratch, algorithm: 'T' | 'A'): boolean {
  const key = scratch.import(KEY, algorithm);
  const block = algorithm === 'T' ? BLOCK : AES_BLOCK;
  const mechanism = algorithm === 'T' ? pkcs11.CKM_DES3_CMAC : pkcs11.CKM_AES_CMAC;
  const mac = scratch.session.sign({ mechanism }, key.handle, block, Buffer.alloc(block.length));
  return mac.equals(cmacOfOneBlock(algorithm, block));
}

function signsUnderShortKey(scratch: Scratch): boolean {
  const known = createHmac('sha256', KEY).update('x').digest();
  return scratch.hmac(scratch.import(KEY, 'hmac'), 'sha256', Buffer.from('x')).equals(known);
}

function computes(scratch: Scratch): boolean {
  const secret = scratch.import(KEY, 'generic');
  const joined = scratch.concat(scratch.slice(scratch.xor(secret, AES_BLOCK), 8, 8), Buffer.from('end'));
  const clear = Buffer.from(KEY.subarray(8).map((byte, index) => byte ^ (AES_BLOCK[8 + index] ?? 0)));
  const known = createHmac('sha256', Buffer.concat([clear, Buffer.from('end')]))
    .update('x')
    .digest();
  return (
    scratch.hmac(joined, 'sha256', Buffer.from('x')).equals(known) && scratch.firstByte(secret) === KEY[0]
  );
}

function unwraps(scratch: Scratch): boolean {
  const key = scratch.import(KEY, 'T');
  const secret = scratch.decryptToSecret(key, 'T', expected('T', KEY, BLOCK));
  const wrapped = scratch.encryptSecret(key, 'T', secret);
  return secret.place === 'token' && wrapped.equals(expected('T', KEY, BLOCK));
}

function derives(scratch: Scratch): boolean {
  const blocks = Buffer.concat([AES_BLOCK, BLOCK, BLOCK]);
  const fromTdes = scratch.derive(scratch.import(KEY, 'T'), 'T', blocks.subarray(0, 16), 'T', 16);
  const fromAes = scratch.derive(scratch.import(KEY, 'A'), 'A', blocks, 'A', 24);
  const tdesKey = expected('T', KEY, blocks.subarray(0, 16));
  const aesKey = expected('A', KEY, blocks).subarray(0, 24);
  return (
    scratch.encrypt(fromTdes, 'T', BLOCK).equals(expected('T', tdesKey, BLOCK)) &&
    scratch.encrypt(fromAes, 'A', AES_BLOCK).equals(expected('A', aesKey, AES_BLOCK))
  );
}

/** True where a key that is not extractable stays in, which is what the standard asks for. */
function refusesToWrap(scratch: Scratch): boolean {
  const wrappingKey = scratch.import(KEY, 'A');
  const { session } = scratch;
  const locked = session.generate({ mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_VALUE_LEN, value: 16 },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
  ]);
  try {
    session.wrap({ mechanism: pkcs11.CKM_AES_KEY_WRAP }, wrappingKey.handle, locked, Buffer.alloc(64));
    return false;
  } catch {
    return true;
  } finally {
    session.destroyQuietly(locked);
  }
}

function expected(algorithm: 'T' | 'A', key: Buffer, data: Buffer): Buffer {
  return hostCipher('encrypt', algorithm, key, data, Buffer.alloc(data.length));
}

function cmacOfOneBlock(algorithm: 'T' | 'A', block: Buffer): Buffer {
  const zero = expected(algorithm, KEY, Buffer.alloc(block.length));
  const subkey = Buffer.from(zero.map((byte, i) => (byte << 1) | ((zero[i + 1] ?? 0) >> 7)));
  const last = subkey.length - 1;
  if ((zero[0] ?? 0) & 0x80) subkey[last] = (subkey[last] ?? 0) ^ (block.length === 16 ? 0x87 : 0x1b);
  return expected(algorithm, KEY, Buffer.from(block.map((byte, i) => byte ^ (subkey[i] ?? 0))));
}
