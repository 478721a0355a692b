/** A message as far as matching goes: its MTI and its data elements by name (`de11`). */
export interface Matchable {
  readonly mti: string;
  readonly [element: string]: unknown;
}

/**
 * Which data elements tie an answer to its request, declared per request MTI: `{ '0100': ['de11', 'de37'] }`.
 * Every one must be present in the request and come back unchanged.
 */
export type MatchKeys = Readonly<Record<string, readonly string[]>>;

/** The key under which a request waits, or `undefined` where the MTI has no declared key or an element is missing. */
export function requestKey(message: Matchable, replyMti: string, keys: MatchKeys): string | undefined {
  return keyOf(message, replyMti, keys[message.mti]);
}

/** The key of an answer. `keysByReply` is `invert(keys)`. */
export function replyKey(message: Matchable, keysByReply: MatchKeys): string | undefined {
  return keyOf(message, message.mti, keysByReply[message.mti]);
}

/** The same declaration seen from the answer's side. */
export function invert(keys: MatchKeys, replyMtiOf: (mti: string) => string): MatchKeys {
  return Object.fromEntries(Object.entries(keys).map(([mti, elements]) => [replyMtiOf(mti), elements]));
}

function keyOf(
  message: Matchable,
  replyMti: string,
  elements: readonly string[] | undefined,
): string | undefined {
  if (!elements) return undefined;
  let key = replyMti;
  for (const element of elements) {
    const value = message[element];
    if (typeof value !== 'string') return undefined;
    key += `|${value}`;
  }
  return key;
}

/**
 * Why an answer matched nothing: the waiting request that shares most elements, and those that differ.
 * For a log line; called only when an answer went astray.
 */
export function explainMismatch(
  answer: Matchable,
  keysByReply: MatchKeys,
  waiting: Iterable<string>,
): { nearest: string; differing: string[] } | undefined {
  const elements = keysByReply[answer.mti];
  if (!elements) return undefined;
  const ours = elements.map((element) => String(answer[element] ?? ''));
  let best: { nearest: string; differing: string[] } | undefined;
  for (const key of waiting) {
    const [mti, ...theirs] = key.split('|');
    if (mti !== answer.mti) continue;
    const differing = elements.filter((_, index) => ours[index] !== theirs[index]);
    if (!best || differing.length < best.differing.length) best = { nearest: key, differing };
  }
  return best;
}
