import { type FramingShape, framings } from '../framing.ts';

/**
 * A framing from the words a corpus describes it with, such as "binary2: 2-byte big-endian length", "4 ASCII digits,
 * inclusive" or "TPDU only, no length"; undefined when the words say nothing of it.
 */
export function framingOf(words: string): FramingShape | undefined {
  if (/^vml|visanet|reserved bytes/i.test(words)) return framings.visa;
  if (/little[- ]endian/i.test(words)) return undefined;
  const tpdu = /tpdu|\bnac/i.test(words) ? { tpdu: true } : {};
  const length = /no length|only/i.test(words) ? framings.tpdu : lengthOf(words);
  if (!length) return undefined;
  const inclusive =
    /inclusive|includ|counts itself/i.test(words) &&
    !/non-?inclusive|exclusive|not includ|not inclusive/i.test(words)
      ? { inclusive: true }
      : {};
  const trailer = /etx|trailer/i.test(words) ? { trailer: '03' } : {};
  return { ...length, ...tpdu, ...inclusive, ...trailer };
}

function lengthOf(words: string): FramingShape | undefined {
  const bytes = Number(
    /([24])[- ]?(?:byte|ascii|digit|bytes)|(?:binary|ascii|bcd|header) ?([24])/i
      .exec(words)
      ?.slice(1)
      .find(Boolean) ?? 0,
  );
  if (/bcd/i.test(words)) {
    return { length: 'bcd', lengthBytes: bytes === 4 && /4[- ]?digit/i.test(words) ? 2 : bytes || 2 };
  }
  if (/ascii/i.test(words)) return { length: 'ascii', lengthBytes: bytes || 4 };
  return bytes > 0 ? { length: 'binary', lengthBytes: bytes } : undefined;
}
