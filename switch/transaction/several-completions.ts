import type { CompletionPart } from './entries.ts';

// Several completions of one pre-authorisation, as an order that is shipped in parts has them. A terminal counts them
// in DE60: two digits say which this is, two how many there are, 00 as long as nobody knows. Whoever says nothing
// completes once, and for good.

const COUNTED = /^(\d{2})(\d{2})$/;

/** @returns nothing where the message counts nothing */
export function countedAs(de60: string | undefined): Pick<CompletionPart, 'sequence' | 'count'> | undefined {
  const [, sequence, count] = COUNTED.exec(de60?.trim() ?? '') ?? [];
  return sequence === undefined ? undefined : { sequence: Number(sequence), count: Number(count) };
}

/** Whether it fits those that came before: the next one, and no more than there are. */
export function isNext(
  { sequence, count }: Pick<CompletionPart, 'sequence' | 'count'>,
  before: readonly CompletionPart[],
  most: number,
): boolean {
  // Where a scheme knows one completion only, it is the last: the rest is given back with it, and nothing is awaited.
  if (most === 1 && count !== 1) return false;
  const isInBounds = sequence >= 1 && sequence <= most && count <= most && (count === 0 || sequence <= count);
  const [known] = before.filter((part) => part.count > 0);
  return isInBounds && sequence === before.length + 1 && (!known || known.count === count);
}

export function isLast({ sequence, count }: Pick<CompletionPart, 'sequence' | 'count'>): boolean {
  return sequence === count;
}

interface Told {
  readonly tellings: readonly { readonly part?: CompletionPart }[];
}

export function partsOf({ tellings }: Told): CompletionPart[] {
  return tellings.flatMap(({ part }) => part ?? []);
}

/** Some have come, and the last of them has not. */
export function isUnfinished(transaction: Told): boolean {
  const parts = partsOf(transaction);
  return parts.length > 0 && !parts.some(isLast);
}
