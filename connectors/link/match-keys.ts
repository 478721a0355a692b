/** A message as far as matching goes: its MTI and its data elements by name (`de11`). */
export interface Matchable {
  readonly mti: string;
  readonly [element: string]: unknown;
}

/**
 * Which data elements tie an answer to its request, declared per request MTI: `{ '0100': ['de11', 'de37'] }`.
 * Every one must be present in the request. What an answer repeats of them must be unchanged; what it leaves out, some
 * networks never echo: see `matchWithout`.
 */
export type MatchKeys = Readonly<Record<string, readonly string[]>>;

/** The same, with the repeat of every message tied as the message itself is: no dialect has to think of it. */
export function withRepeats(keys: MatchKeys): MatchKeys {
  const repeats = Object.entries(keys).map(([mti, elements]) => [`${mti.slice(0, 3)}1`, elements] as const);
  return { ...Object.fromEntries(repeats), ...keys };
}

/** The key under which a request waits, or `undefined` where the MTI has no declared key or an element is missing. */
export function requestKey(message: Matchable, replyMti: string, keys: MatchKeys): string | undefined {
  return keyOf(message, replyMti, keys[message.mti]);
}

/**
 * The key of an answer, or `undefined` where it leaves an element of it out, or blank. `keysByReply` is `invert(keys)`.
 */
export function replyKey(message: Matchable, keysByReply: MatchKeys): string | undefined {
  const elements = keysByReply[message.mti];
  if (elements?.some((element) => !isRepeated(message[element]))) return undefined;
  return keyOf(message, message.mti, elements);
}

function isRepeated(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
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

/** The STAN in a key. `keysByReply` is `invert(keys)`. */
export function stanOf(key: string, keysByReply: MatchKeys): string {
  const [mti = '', ...values] = key.split('|');
  return values[keysByReply[mti]?.indexOf('de11') ?? -1] ?? '';
}

/** How much of a key an answer must at least repeat, its STAN among it. */
const FEWEST_REPEATED = 2;
/** MTI of what is said about the line: its STANs are counted on it alone, and no money hangs on it. */
const NETWORK_MANAGEMENT = '08';

/**
 * The key of an answer that leaves elements of it out: that of the one request, waiting or given up, that agrees with
 * all it does repeat. Where two do it is nobody's: one of them would get the approval of the other.
 */
export function matchWithout(
  answer: Matchable,
  keysByReply: MatchKeys,
  known: Iterable<string>,
): string | undefined {
  const elements = keysByReply[answer.mti];
  if (!elements || typeof answer['de11'] !== 'string') return undefined;
  const repeated = elements.map((element) => answer[element]).map((value) => isRepeated(value) && value);
  const many = repeated.filter((value) => value !== false).length;
  const fewest = answer.mti.startsWith(NETWORK_MANAGEMENT) ? 1 : Math.min(FEWEST_REPEATED, elements.length);
  if (many < fewest) return undefined;

  let found: string | undefined;
  for (const key of known) {
    if (!key.startsWith(answer.mti)) continue;
    const [, ...theirs] = key.split('|');
    if (theirs.length !== elements.length) continue;
    if (!repeated.every((value, index) => value === false || value === theirs[index])) continue;
    if (found !== undefined && found !== key) return undefined;
    found = key;
  }
  return found;
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
