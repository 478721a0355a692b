import { Bytes } from '../bytes.ts';
import type { Semantic } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { AccountNumber } from '../sensitive/account.ts';
import { CardVerificationValue } from '../sensitive/card-verification-value.ts';
import { Pan } from '../sensitive/pan.ts';
import { PinBlock } from '../sensitive/pin-block.ts';
import { Secret } from '../sensitive/secret.ts';
import { Track1, Track2, Track3 } from '../sensitive/tracks.ts';

/** Between the text of a field and the type its meaning gives it. */
interface TextMeaning {
  wrap(text: string): unknown;
  unwrap(value: unknown, path: string): string;
}

interface Revealing {
  reveal(): string;
}

function sensitiveText(
  type: abstract new (...args: never) => Revealing,
  wrap: (text: string) => Revealing,
): TextMeaning {
  return {
    wrap,
    unwrap(value, path) {
      if (value instanceof type) return value.reveal();
      throw wrongKind(path, `a ${type.name}`, value);
    },
  };
}

export const plainText: TextMeaning = {
  wrap: (text) => text,
  unwrap(value, path) {
    if (typeof value === 'string') return value;
    throw wrongKind(path, 'a string', value);
  },
};

/** Private constructors keep the classes closed to `new`; here only `instanceof` is needed. */
const openClass = (type: unknown) => type as abstract new (...args: never) => Revealing;

export const textMeanings: Readonly<Partial<Record<Semantic, TextMeaning>>> = {
  pan: sensitiveText(openClass(Pan), Pan.fromWire),
  track1: sensitiveText(openClass(Track1), Track1.fromWire),
  track2: sensitiveText(openClass(Track2), Track2.fromWire),
  track3: sensitiveText(openClass(Track3), Track3.fromWire),
  cvv: sensitiveText(openClass(CardVerificationValue), CardVerificationValue.fromWire),
  account: sensitiveText(openClass(AccountNumber), AccountNumber.fromWire),
  secret: sensitiveText(openClass(Secret), Secret.fromWire),
};

interface BinaryMeaning {
  wrap(bytes: Bytes): unknown;
  unwrap(value: unknown, path: string): Bytes;
}

export const plainBytes: BinaryMeaning = {
  wrap: (bytes) => bytes,
  unwrap(value, path) {
    if (value instanceof Bytes) return value;
    throw wrongKind(path, 'Bytes', value);
  },
};

export const pinBlockMeaning: BinaryMeaning = {
  wrap: (bytes) => PinBlock.fromWire(bytes.buffer(), 0, bytes.length),
  unwrap(value, path) {
    if (value instanceof PinBlock) return Bytes.of(value.reveal());
    throw wrongKind(path, 'a PinBlock', value);
  },
};

export function wrongKind(path: string, expected: string, value: unknown): IsoError {
  const found = value === null ? 'null' : typeof value === 'object' ? value.constructor.name : typeof value;
  return new IsoError('ISO_VALUE', { path, expected, found });
}
