import type { Dialect, Field } from './dialect.ts';
import { IsoError } from './errors.ts';

// What a codec does with an element that is not as its dialect says. A codec by itself refuses; a listener or a link
// names the elements that nobody needs, so that a letter in one of them costs no sale. The policy belongs to the
// element and not to the whole message: `content: 'accept'` for all was rejected, since it lets letters into amounts.

/**
 * `refuse`: the message is no good. `pass`: any character of the set is taken as it came. `replace`: a question mark
 * stands for a character that is foreign. `drop`: the element counts as absent. What is wrong in another way (its
 * length, its parts) is dropped under the last three. `blank`: one of nothing but blanks counts as absent, and any
 * other is refused.
 */
export type ElementPolicy = 'refuse' | 'pass' | 'replace' | 'drop' | 'blank';

export interface Tolerance {
  /** By element number; the others are refused. */
  readonly elements: Readonly<Record<number, ElementPolicy>>;
  /** Whether an element that cannot be written is left out of a message that is packed, too; else packing fails. */
  readonly leavesOut: boolean;
  /** Told of each element that counts as absent. */
  readonly onDropped?: (path: string, why: IsoError) => void;
}

export const INTOLERANT: Tolerance = { elements: {}, leavesOut: false };

/** Text, where one byte is one character: only there has a foreign character a place of its own. */
function isText({ content, encoding, slices, parts }: Field): boolean {
  const digits =
    content === 'n' || content === 'z' || content === 'h' || content === 'x+n' || content === 'b';
  return !digits && encoding !== 'bcd' && !slices && !parts;
}

/**
 * A policy for every element of a dialect: those that decide are refused, other text passes, the rest is dropped.
 * @param deciding elements that decide about money or identity
 * @param chosen for single elements, instead
 * @throws {IsoError} ISO_DIALECT where text is asked for that is none, or an element that decides is not to be refused
 */
export function elementPolicies(
  dialect: Dialect,
  deciding: ReadonlySet<number>,
  chosen: Readonly<Record<number, ElementPolicy>> = {},
): Record<number, ElementPolicy> {
  const policies: Record<number, ElementPolicy> = {};
  for (const [key, field] of Object.entries(dialect.fields)) {
    const number = Number(key);
    const usual = isText(field) ? 'pass' : 'drop';
    policies[number] = deciding.has(number) ? 'refuse' : usual;
  }
  for (const [key, policy] of Object.entries(chosen)) {
    const number = Number(key);
    const field = dialect.fields[number];
    const fault = field ? faultOf(policy, field, deciding.has(number)) : 'an element of the dialect';
    if (fault) throw new IsoError('ISO_DIALECT', { path: `DE${key}`, expected: fault, found: policy });
    policies[number] = policy;
  }
  return policies;
}

function faultOf(policy: ElementPolicy, field: Field, decides: boolean): string | undefined {
  if (decides && policy !== 'refuse') return 'refuse, since it decides about money or identity';
  const needsText = policy === 'pass' || policy === 'replace';
  if (needsText && !isText(field)) return 'refuse or drop, since it is no text';
  return undefined;
}
