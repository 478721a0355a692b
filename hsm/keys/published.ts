import { DEVELOPMENT_KEYS, developmentKey } from '../development/keys.ts';
import { setOddParity } from '../emv/keys.ts';
import { HsmError } from '../errors.ts';

/**
 * Values that anybody knows, under whatever algorithm: production refuses them at its start, and whenever one comes, in
 * a key block, in a ceremony, or onto the token behind our back (published-on-token.ts). Parity bits are no difference.
 * Made when first asked for: a process that refuses none need not hold them.
 */
export function published(): readonly Buffer[] {
  values ??= DEVELOPMENT_KEYS.map(({ name }) => developmentKey(name));
  return values;
}

let values: readonly Buffer[] | undefined;

/** @throws HSM_DEVELOPMENT_KEY */
export function refusePublished(value: Buffer, name: string): void {
  const adjusted = setOddParity(Buffer.from(value));
  const isKnown = published().some((known) => setOddParity(Buffer.from(known)).equals(adjusted));
  adjusted.fill(0);
  if (isKnown) throw new HsmError('HSM_DEVELOPMENT_KEY', name);
}
