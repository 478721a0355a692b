import type { KeyObject } from 'node:crypto';
import type { Break, Doubt } from './findings.ts';
import { hashOfLine, isSigned, parseHead, type SignedHead } from './head.ts';

/** A line of a file of heads. */
export interface HeadLine {
  readonly line: string;
  /** File and number of the line. */
  readonly place: string;
}

/** The heads that can be believed, and what is wrong with the rest. */
export interface HeadSeries {
  /** Of each epoch, in the order of their sequences. */
  readonly byEpoch: ReadonlyMap<number, readonly SignedHead['head'][]>;
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
  const believed = new Map<string, SignedHead>();
  for (const { line, place } of lines) {
    const parsed = parseHead(line);
    if (parsed && !keys.has(parsed.head.key)) unknownKeys.set(parsed.head.key, place);
    else if (parsed && isSigned(parsed, keys)) believed.set(hashOfLine(line), parsed);
    else breaks.push({ code: 'AUDIT_HEAD_FORGED', detail: place });
  }
  const order = checkOrder(believed);
  const byEpoch = new Map<number, SignedHead['head'][]>();
  for (const { head } of believed.values())
    byEpoch.set(head.epoch, [...(byEpoch.get(head.epoch) ?? []), head]);
  for (const heads of byEpoch.values()) heads.sort((a, b) => a.sequence - b.sequence);
  return {
    byEpoch,
    breaks: [...breaks, ...order.breaks],
    doubts: [
      ...order.doubts,
      ...[...unknownKeys].map(([key, place]) => ({
        code: 'AUDIT_KEY_UNKNOWN' as const,
        detail: `${key.slice(0, 16)}, ${place}`,
      })),
    ],
  };
}

/** Each node counts the heads of each of its lives, and each head names the line before it. */
function checkOrder(believed: ReadonlyMap<string, SignedHead>): { breaks: Break[]; doubts: Doubt[] } {
  const breaks: Break[] = [];
  const doubts: Doubt[] = [];
  const lives = new Map<string, SignedHead[]>();
  for (const signed of believed.values()) {
    const { node, life } = signed.head;
    const name = `${node}, epoch ${life}`;
    lives.set(name, [...(lives.get(name) ?? []), signed]);
  }
  for (const [name, heads] of lives) {
    heads.sort((a, b) => a.head.number - b.head.number);
    for (const [index, { head }] of heads.entries()) {
      const before = heads[index - 1]?.head;
      const follows = before === undefined || head.number === before.number + 1;
      const isNamed = head.previous === null || believed.has(head.previous);
      const detail = `${name}, head ${head.number}`;
      if (!follows || (before && head.previous !== hashOfLine(heads[index - 1]?.line ?? '')))
        breaks.push({ code: 'AUDIT_HEAD_MISSING', detail });
      else if (!isNamed || (before === undefined && head.number !== 1))
        doubts.push({ code: 'AUDIT_EARLIER_HEADS', detail });
    }
  }
  return { breaks, doubts };
}
