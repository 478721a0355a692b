import { describe, expect, it } from 'vitest';
import { Bytes, compile, IsoError, iso87Ascii } from '../../messages/index.ts';
import { iso87Dialect } from '../iso87/iso87-connector.ts';
import { authorisationOutcome } from './outcomes.ts';
import { factsOf } from './testing.ts';

const strict = compile(iso87Ascii);
const APPROVAL = {
  mti: '0210',
  de3: '000000',
  de4: '000000002500',
  de7: '1123120000',
  de11: '000001',
  de37: '632812000001',
  de38: 'A1B2C3',
  de39: '00',
  de41: 'TERM0001',
  de49: '978',
};

/** An approval with an element whose bytes are written over by others of the same number. */
function withBytes(
  change: Partial<Parameters<typeof strict.pack>[0]>,
  standIn: string,
  bytes: string,
): Buffer {
  const packed = strict.pack({ ...APPROVAL, ...change });
  const at = packed.lastIndexOf(standIn);
  if (at < 0) throw new Error('nothing to write over');
  packed.write(bytes, at, 'latin1');
  return packed;
}

const DE54 = [{ accountType: '20', amountType: '02', currency: '978', sign: 'C', amount: '000000000777' }];

describe('an approval', () => {
  it.each([
    ['with an accent in DE44', withBytes({ de44: 'merci a tous' }, 'merci a', 'merci \xe0')],
    ['with a settlement date that is none', withBytes({ de15: '1124' }, '1124', '11A4')],
    ['with a billing amount that is none', withBytes({ de6: '000000007777' }, '7777', '77.7')],
    ['with additional amounts that are none', withBytes({ de54: DE54 }, '000000000777', '0000000007.7')],
    ['with separators in DE48 and DE60', withBytes({ de48: 'A#B', de60: 'x' }, 'A#B', 'A\x1cB')],
    ['with chip data that is none', strict.pack({ ...APPROVAL, de55: Bytes.fromHex('9f2608aabb') })],
  ])('%s is an approval', (_, bytes) => {
    const outcome = authorisationOutcome(
      iso87Dialect.replyElements(iso87Dialect.codec.parse(bytes)),
      factsOf(),
    );
    expect(outcome).toMatchObject({ status: 'approved', code: '00', approvalCode: 'A1B2C3' });
  });

  it.each([
    ['the amount', withBytes({}, '000000002500', '0000000025.0')],
    ['the reference', withBytes({}, '632812000001', '63281200000\xe9')],
    ['the time of its request', withBytes({}, '1123120000', '11231200.0')],
    ['the currency', withBytes({}, '978', '97X')],
  ])('in which %s cannot be read is none', (_, bytes) => {
    expect(() => iso87Dialect.codec.parse(bytes)).toThrow(IsoError);
  });

  it('is what we send in full or not at all', () => {
    const wrong = [{ ...DE54[0], amount: '7' }] as typeof DE54;
    expect(() => iso87Dialect.codec.pack({ ...APPROVAL, de54: wrong })).toThrow(IsoError);
  });
});
