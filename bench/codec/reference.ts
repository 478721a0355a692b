import { Bytes, type iso87Ascii, type Message, Pan, PinBlock, Track2 } from '../../messages/index.ts';

/**
 * The reference set: an authorisation with 24 fields, its answer and an echo, as strings by field number.
 * Written for this benchmark with published test card numbers; sizes as the usual chip purchase has them.
 */
export type Fields = Readonly<Record<number, string>>;

const chipRequest =
  '9F2608A1B2C3D4E5F607189F2701809F10120110A0000F040000000000000000000000FF9F3704DEADBEEF9F36020015' +
  '950504000080009A032611239C01009F02060000000025005F2A020978820239009F1A0202509F03060000000000009F3303E0F8C8' +
  '9F34034203009F3501229F1E0831323334353637388407A00000000310109F410400000042';
const chipReply = '91080123456789ABCDEF3030720F860D8424000008AABBCCDD11223344';

export type CaseName = 'auth' | 'reply' | 'echo';

export interface Reference {
  readonly mti: string;
  readonly fields: Fields;
}

export const messages: Readonly<Record<CaseName, Reference>> = {
  auth: {
    mti: '0100',
    fields: {
      2: '4242424242424242',
      3: '000000',
      4: '000000002500',
      7: '1123131411',
      11: '123456',
      12: '131411',
      13: '1123',
      14: '3012',
      18: '5411',
      22: '051',
      23: '001',
      25: '00',
      26: '12',
      32: '423935',
      35: '4242424242424242=30122011758928889',
      37: '632713123456',
      41: 'TERM0001',
      42: 'MERCHANT0000001',
      43: 'ETIKA STORES 12 RUE HAUTE  PARIS      FR',
      49: '978',
      52: '7434F67813BAE545',
      55: chipRequest,
      60: '00000012345ABC',
      64: 'A1B2C3D4E5F60718',
    },
  },
  reply: {
    mti: '0110',
    fields: {
      2: '4242424242424242',
      3: '000000',
      4: '000000002500',
      7: '1123131412',
      11: '123456',
      12: '131411',
      13: '1123',
      23: '001',
      32: '423935',
      37: '632713123456',
      38: '831000',
      39: '00',
      41: 'TERM0001',
      42: 'MERCHANT0000001',
      49: '978',
      55: chipReply,
      64: '0011223344556677',
    },
  },
  echo: { mti: '0800', fields: { 7: '1123131411', 11: '000042', 70: '301' } },
};

type Iso87 = Message<typeof iso87Ascii>;

/** The same messages as a program of ours writes them: an object literal, values wrapped in their types. */
export const builders: Readonly<Record<CaseName, (f: Fields) => Iso87>> = {
  auth: (f) => ({
    mti: '0100',
    de2: Pan.of(text(f, 2)),
    de3: text(f, 3),
    de4: text(f, 4),
    de7: text(f, 7),
    de11: text(f, 11),
    de12: text(f, 12),
    de13: text(f, 13),
    de14: text(f, 14),
    de18: text(f, 18),
    de22: text(f, 22),
    de23: text(f, 23),
    de25: text(f, 25),
    de26: text(f, 26),
    de32: text(f, 32),
    de35: Track2.of(text(f, 35)),
    de37: text(f, 37),
    de41: text(f, 41),
    de42: text(f, 42),
    de43: text(f, 43),
    de49: text(f, 49),
    de52: PinBlock.of(Buffer.from(text(f, 52), 'hex')),
    de55: Bytes.fromHex(text(f, 55)),
    de60: text(f, 60),
    de64: Bytes.fromHex(text(f, 64)),
  }),
  reply: (f) => ({
    mti: '0110',
    de2: Pan.of(text(f, 2)),
    de3: text(f, 3),
    de4: text(f, 4),
    de7: text(f, 7),
    de11: text(f, 11),
    de12: text(f, 12),
    de13: text(f, 13),
    de23: text(f, 23),
    de32: text(f, 32),
    de37: text(f, 37),
    de38: text(f, 38),
    de39: text(f, 39),
    de41: text(f, 41),
    de42: text(f, 42),
    de49: text(f, 49),
    de55: Bytes.fromHex(text(f, 55)),
    de64: Bytes.fromHex(text(f, 64)),
  }),
  echo: (f) => ({ mti: '0800', de7: text(f, 7), de11: text(f, 11), de70: text(f, 70) }),
};

function text(fields: Fields, number: number): string {
  return fields[number] ?? '';
}
