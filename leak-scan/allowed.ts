/**
 * What may be where it is, and why. Nothing else is: a finding that no line here fits makes the run fail. `apart` is
 * what a switch cannot do without while it lives, the numbers of cards at work; it is counted and shown, and allowed
 * in memory only.
 */
import type { PlaceName } from './places/place.ts';
import type { Finding } from './search/findings.ts';
import type { Kind } from './secrets/canary.ts';

export interface Allowance {
  readonly place: PlaceName;
  readonly source: RegExp;
  readonly kinds: readonly Kind[];
  readonly why: string;
  /** Shown by itself: it is no secret that must not be there, but nobody should think that it is not. */
  readonly isApart?: boolean;
}

export const ALLOWED: readonly Allowance[] = [
  {
    place: 'files',
    source: /^secrets\/hsm-user-pin$/,
    kinds: ['user-pin'],
    why: 'the HSM process reads it there; mode 0600 (docs/hsm.md, The process)',
  },
  {
    place: 'memory',
    source: /^hsm /,
    kinds: ['user-pin'],
    why: 'the token has to be opened anew after a failure (docs/hsm.md, Who knows what)',
  },
  {
    place: 'replies',
    source: /./,
    kinds: ['pan'],
    why: 'a reply names the card of its request to whoever sent it (DE2)',
  },
  {
    place: 'memory',
    source: /./,
    kinds: ['pan'],
    why: 'a switch routes by card numbers, and whoever sends one to a server has it in its buffers',
    isApart: true,
  },
  {
    place: 'memory',
    source: /^(switch|hsm) /,
    kinds: ['pin-block'],
    why: 'encrypted blocks of payments, which these two translate; the keys to open them are in neither memory',
    isApart: true,
  },
];

export function allowanceOf({
  place,
  source,
  kind,
}: Pick<Finding, 'place' | 'source' | 'kind'>): Allowance | undefined {
  return ALLOWED.find(
    (each) => each.place === place && each.source.test(source) && each.kinds.includes(kind),
  );
}

/**
 * What is known and not mended yet: docs/leak-scan.md, What is known. It is not allowed, and a run that finds it is
 * not clean; only `--known` leaves it out of the exit code, so that whoever runs this in a pipeline hears of anything
 * else.
 */
const KNOWN: readonly Kind[] = ['track-1', 'track-2', 'track-3', 'cvv'];
const KNOWN_IN = /^(switch|hsm|admin-api) /;

export function isKnown({ place, source, kind }: Pick<Finding, 'place' | 'source' | 'kind'>): boolean {
  return place === 'memory' && KNOWN_IN.test(source) && KNOWN.includes(kind);
}
