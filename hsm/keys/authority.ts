/**
 * Which keys a caller may have come and go by itself. The switch exchanges keys in service: a network sends a zone's
 * PIN key under a zone master key, a terminal is given its keys under its own. All other keys come and go only while
 * two custodians have opened the authorised state, at the command line, for some minutes (ceremony/authorise.ts).
 */
export interface ExchangeRule {
  /** A protection key's label, or the beginning of labels with `*` behind it. */
  readonly under: string;
  /** Usages as in our records: `PT` is a terminal's PIN key. */
  readonly usages: readonly string[];
}

export type Exchange = 'import' | 'export';

export type ExchangeRules = Readonly<Record<Exchange, readonly ExchangeRule[]>>;

/** Who asks, as far as operations are concerned. */
export interface Caller {
  readonly name: string;
  /** `any`: development, where one user is everybody. */
  readonly exchange: ExchangeRules | 'any';
}

export const OWN_USER = 'own user';

/** Development: the caller is whoever runs all of it. */
export const EVERYBODY: Caller = { name: OWN_USER, exchange: 'any' };

/** What the switch needs in service. */
export const IN_SERVICE: ExchangeRules = {
  import: [{ under: '*', usages: ['P0'] }],
  export: [{ under: '*', usages: ['PT', 'M3'] }],
};

export function mayExchange(
  { exchange }: Caller,
  direction: Exchange,
  { under, usage }: { under: string; usage: string },
): boolean {
  if (exchange === 'any') return true;
  return exchange[direction].some((rule) => matches(rule.under, under) && rule.usages.includes(usage));
}

/** @param pattern a name, or the beginning of names with `*` behind it */
export function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
