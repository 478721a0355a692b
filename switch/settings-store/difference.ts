import type { SharedSettings } from '../config/shared-settings.ts';

/** What one kind of entry gains, loses, and has otherwise. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export type Difference = Readonly<Record<keyof SharedSettings, Changes>>;

type Named = readonly (readonly [name: string, value: unknown])[];

const NAMED: { readonly [K in keyof SharedSettings]: (settings: SharedSettings) => Named } = {
  merchants: ({ merchants }) => merchants.map((each) => [each.id.trimEnd(), each]),
  terminals: ({ terminals }) =>
    terminals.map((each) => [`${each.id.trimEnd()} of ${each.merchant.trimEnd()}`, each]),
  routes: ({ routes }) => routes.map((each) => [`${each.from} to ${each.to}`, each]),
  networks: ({ networks }) => networks.map((each) => [each.name, each]),
};
const KINDS = Object.keys(NAMED) as (keyof SharedSettings)[];

/** What applying `after` would change of `before`, by the names that people give. */
export function differenceOf(before: SharedSettings, after: SharedSettings): Difference {
  const of = (kind: keyof SharedSettings): Changes => {
    const [old, now] = [before, after].map(
      (each) => new Map(NAMED[kind](each).map(([name, value]) => [name, JSON.stringify(value)])),
    );
    const names = { old: [...(old?.keys() ?? [])], now: [...(now?.keys() ?? [])] };
    return {
      added: names.now.filter((name) => !old?.has(name)),
      removed: names.old.filter((name) => !now?.has(name)),
      changed: names.now.filter((name) => old?.has(name) && old.get(name) !== now?.get(name)),
    };
  };
  return {
    merchants: of('merchants'),
    terminals: of('terminals'),
    routes: of('routes'),
    networks: of('networks'),
  };
}

export function isEmpty(difference: Difference): boolean {
  return KINDS.every((kind) => Object.values(difference[kind]).every((names) => names.length === 0));
}

const MAX_NAMED = 10;

/** A line for every kind of change. */
export function differenceLines(difference: Difference): string[] {
  return KINDS.flatMap((kind) =>
    Object.entries(difference[kind]).flatMap(([how, names]: [string, readonly string[]]) => {
      if (names.length === 0) return [];
      const more = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : '';
      return [`  ${kind.padEnd(9)}  ${how.padEnd(7)}  ${names.slice(0, MAX_NAMED).join(', ')}${more}`];
    }),
  );
}
