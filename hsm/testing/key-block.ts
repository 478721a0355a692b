import { type BinaryLike, createCipheriv, randomBytes } from 'node:crypto';

/**
 * What another party sends: key blocks of any header and any value, good or bad, made by OpenSSL alone. The HSM's own
 * code makes only what it would send, so it cannot show what it does with the rest.
 *
 * Source: ANSI X9.143 (versions B and D derive by NIST SP 800-108 in counter mode over CMAC, NIST SP 800-38B).
 */
interface Scheme {
  readonly name: 'des-ede' | 'aes-128';
  readonly block: 8 | 16;
  readonly polynomial: number;
  readonly indicator: number;
}

const SCHEMES: Readonly<Record<'B' | 'D', Scheme>> = {
  B: { name: 'des-ede', block: 8, polynomial: 0x1b, indicator: 0 },
  D: { name: 'aes-128', block: 16, polynomial: 0x87, indicator: 2 },
};

export interface MadeKeyBlock {
  readonly version: 'B' | 'D';
  /** Sixteen bytes. */
  readonly under: Buffer;
  /** Usage, algorithm, mode, key version, exportability: `P0TB00N`. */
  readonly fields: string;
  readonly value: Buffer;
  /** Whole optional blocks, of a length that the version asks for, and how many they are. */
  readonly optional?: { readonly text: string; readonly count: number };
}

export function makeKeyBlock({ version, under, fields, value, optional }: MadeKeyBlock): string {
  const scheme = SCHEMES[version];
  const { text, count } = optional ?? { text: '', count: 0 };
  const filled = 2 + value.length;
  const payload = Buffer.concat([Buffer.alloc(2), value, randomBytes(-filled & (scheme.block - 1))]);
  payload.writeUInt16BE(value.length * 8);

  const length = 16 + text.length + (payload.length + scheme.block) * 2;
  const header = `${version}${String(length).padStart(4, '0')}${fields}${String(count).padStart(2, '0')}00${text}`;
  const mac = cmac(
    scheme,
    derived(scheme, under, 1),
    Buffer.concat([Buffer.from(header, 'latin1'), payload]),
  );
  const encrypted = encrypt(`${scheme.name}-cbc`, derived(scheme, under, 0), mac, payload);
  return header + Buffer.concat([encrypted, mac]).toString('hex').toUpperCase();
}

function derived(scheme: Scheme, under: Buffer, usage: number): Buffer {
  const blocks = under.length / scheme.block;
  const inputs = Array.from({ length: blocks }, (_, i) =>
    Buffer.from([i + 1, 0, usage, 0, 0, scheme.indicator, 0, under.length * 8]),
  );
  return Buffer.concat(inputs.map((input) => cmac(scheme, under, input)));
}

function cmac(scheme: Scheme, key: Buffer, data: Buffer): Buffer {
  const { block } = scheme;
  const whole = data.length > 0 && data.length % block === 0;
  const first = doubled(scheme, encrypt(`${scheme.name}-ecb`, key, null, Buffer.alloc(block)));
  const mask = whole ? first : doubled(scheme, first);
  const fill = Buffer.alloc(whole ? 0 : block - (data.length % block));
  if (fill.length > 0) fill[0] = 0x80;
  const padded = Buffer.concat([data, fill]);
  for (let i = 0; i < block; i += 1) {
    const at = padded.length - block + i;
    padded[at] = (padded[at] ?? 0) ^ (mask[i] ?? 0);
  }
  return encrypt(`${scheme.name}-cbc`, key, Buffer.alloc(block), padded).subarray(-block);
}

function doubled({ polynomial }: Scheme, value: Buffer): Buffer {
  const result = Buffer.from(value.map((byte, i) => (byte << 1) | ((value[i + 1] ?? 0) >> 7)));
  if ((value[0] ?? 0) & 0x80) result[result.length - 1] = (result.at(-1) ?? 0) ^ polynomial;
  return result;
}

function encrypt(cipher: string, key: Buffer, iv: BinaryLike | null, data: Buffer): Buffer {
  return createCipheriv(cipher, key, iv).setAutoPadding(false).update(data);
}
