import type { KeyObject } from 'node:crypto';
import type { Break, Doubt } from './findings.ts';
import { type Head, hashOfLine, isSigned, parseHead } from './head.ts';

/** A line of a file of heads. */
export interface HeadLine {
  readonly line: string;
  /** File and number of the line. */
  readonly place: string;
}

/** The heads that can be believed, and what is wrong with the rest. Of each a few hundred bytes stay in memory. */
export interface HeadSeries {
  /** Of each epoch, in the order of their sequences. */
  readonly byEpoch: ReadonlyMap<number, readonly Head[]>;
  readonly breaks: readonly Break[];
  readonly doubts: readonly Doubt[];
}

/**
 * Heads of any nodes in any order. The same one may be given twice, from two copies.
 * @param keys public keys by their fingerprints
 */
export function readSeries(lines: Iterable<HeadLine>, keys: ReadonlyMap<string, KeyObject>): HeadSeries {
  const breaks: Break[] = [];
  const unknownKeys = new Map<string, string>();
  const believed = new Map<string, Head>();
  for (const { line, place } of lines) {
    const hash = hashOfLine(line);
    if (believed.has(hash)) continue;
    const parsed = parseHead(line);
    if (parsed && !keys.has(parsed.head.key)) unknownKeys.set(parsed.head.key, place);
    else if (parsed && isSigned(parsed, keys)) believed.set(hash, parsed.head);
    else breaks.push({ code: 'AUDIT_HEAD_FORGED', detail: place });
  }
  const order = checkOrder(believed);
  const byEpoch = Map.groupBy(believed.values(), ({ epoch }) => epoch);
  for (const heads of byEpoch.values()) heads.sort((a, b) => a.sequence - b.sequence);
  const strangers = [...unknownKeys].map(([key, place]): Doubt => {
    return { code: 'AUDIT_KEY_UNKNOWN', detail: `${key.slice(0, 16)}, ${place}` };
  });
  return { byEpoch, breaks: [...breaks, ...order.breaks], doubts: [...order.doubts, ...strangers] };
}

/** Each node counts the heads of each of its lives, and each head names the line before it. */
function checkOrder(believed: ReadonlyMap<string, Head>): { breaks: Break[]; doubts: Doubt[] } {
  const breaks: Break[] = [];
  const doubts: Doubt[] = [];
  const lives = Map.groupBy(believed, ([, { node, life }]) => `${node}, epoch ${life}`);
  for (const [name, heads] of lives) {
    heads.sort(([, a], [, b]) => a.number - b.number);
    for (const [index, [, { number, previous }]] of heads.entries()) {
      const [hashBefore, before] = heads[index - 1] ?? [];
      const detail = `${name}, head ${number}`;
      const isNamed = previous === null || believed.has(previous);
      if (before && (number !== before.number + 1 || previous !== hashBefore)) {
        breaks.push({ code: 'AUDIT_HEAD_MISSING', detail });
      } else if (!isNamed || (!before && number !== 1)) doubts.push({ code: 'AUDIT_EARLIER_HEADS', detail });
    }
  }
  return { breaks, doubts };
}
