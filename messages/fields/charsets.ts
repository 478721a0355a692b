/** One-byte character sets: what each byte stands for in ISO 8859-1, and the way back. */
export interface Charset {
  readonly toLatin1: Uint8Array;
  readonly fromLatin1: Uint8Array;
}

export type CharsetName = 'ascii' | 'ebcdic-1047' | 'ebcdic-037' | 'ebcdic-500';

/** IBM code pages as 256 ISO 8859-1 bytes in hex (IBM CDRA). 1047 and 037 differ in brackets, caret and not-sign. */
const tables: Record<Exclude<CharsetName, 'ascii'>, string> = {
  'ebcdic-1047':
    '000102039c09867f978d8e0b0c0d0e0f101112139d0a08871819928f1c1d1e1f' +
    '808182838485171b88898a8b8c050607909116939495960498999a9b14159e1a' +
    '20a0e2e4e0e1e3e5e7f1a22e3c282b7c26e9eaebe8edeeefecdf21242a293b5e' +
    '2d2fc2c4c0c1c3c5c7d1a62c255f3e3ff8c9cacbc8cdcecfcc603a2340273d22' +
    'd8616263646566676869abbbf0fdfeb1b06a6b6c6d6e6f707172aabae6b8c6a4' +
    'b57e737475767778797aa1bfd05bdeaeaca3a5b7a9a7b6bcbdbedda8af5db4d7' +
    '7b414243444546474849adf4f6f2f3f57d4a4b4c4d4e4f505152b9fbfcf9faff' +
    '5cf7535455565758595ab2d4d6d2d3d530313233343536373839b3dbdcd9da9f',
  'ebcdic-037':
    '000102039c09867f978d8e0b0c0d0e0f101112139d8508871819928f1c1d1e1f' +
    '80818283840a171b88898a8b8c050607909116939495960498999a9b14159e1a' +
    '20a0e2e4e0e1e3e5e7f1a22e3c282b7c26e9eaebe8edeeefecdf21242a293bac' +
    '2d2fc2c4c0c1c3c5c7d1a62c255f3e3ff8c9cacbc8cdcecfcc603a2340273d22' +
    'd8616263646566676869abbbf0fdfeb1b06a6b6c6d6e6f707172aabae6b8c6a4' +
    'b57e737475767778797aa1bfd0dddeae5ea3a5b7a9a7b6bcbdbe5b5dafa8b4d7' +
    '7b414243444546474849adf4f6f2f3f57d4a4b4c4d4e4f505152b9fbfcf9faff' +
    '5cf7535455565758595ab2d4d6d2d3d530313233343536373839b3dbdcd9da9f',
  'ebcdic-500':
    '000102039c09867f978d8e0b0c0d0e0f101112139d8508871819928f1c1d1e1f' +
    '80818283840a171b88898a8b8c050607909116939495960498999a9b14159e1a' +
    '20a0e2e4e0e1e3e5e7f15b2e3c282b2126e9eaebe8edeeefecdf5d242a293b5e' +
    '2d2fc2c4c0c1c3c5c7d1a62c255f3e3ff8c9cacbc8cdcecfcc603a2340273d22' +
    'd8616263646566676869abbbf0fdfeb1b06a6b6c6d6e6f707172aabae6b8c6a4' +
    'b57e737475767778797aa1bfd0dddeaea2a3a5b7a9a7b6bcbdbeac7cafa8b4d7' +
    '7b414243444546474849adf4f6f2f3f57d4a4b4c4d4e4f505152b9fbfcf9faff' +
    '5cf7535455565758595ab2d4d6d2d3d530313233343536373839b3dbdcd9da9f',
};

function charset(toLatin1: Uint8Array): Charset {
  const fromLatin1 = new Uint8Array(256);
  toLatin1.forEach((latin1, byte) => {
    fromLatin1[latin1] = byte;
  });
  return { toLatin1, fromLatin1 };
}

export const charsets: Readonly<Record<CharsetName, Charset>> = {
  ascii: charset(Uint8Array.from({ length: 256 }, (_, i) => i)),
  'ebcdic-1047': charset(Buffer.from(tables['ebcdic-1047'], 'hex')),
  'ebcdic-037': charset(Buffer.from(tables['ebcdic-037'], 'hex')),
  'ebcdic-500': charset(Buffer.from(tables['ebcdic-500'], 'hex')),
};
