import type { KeyAlgorithm } from '../keys/usage.ts';

/**
 * What is wrong with a component that somebody typed. A key is as secret as its custodians' components are random: one
 * that two hold cancels itself out, and one of a single byte says that it was made up.
 *
 * @param others the components before it. @returns what to tell the custodian; nothing where it may be one
 */
export function componentFault(
  component: Buffer,
  algorithm: KeyAlgorithm,
  others: readonly Buffer[],
): string | undefined {
  if (component.every((byte) => byte === 0)) return 'a component of zeroes is none';
  // Parity bits aside: 01 and FE, say, are zeroes and ones of triple DES.
  const masked = algorithm === 'T' ? component.map((byte) => byte & 0xfe) : component;
  if (masked.every((byte) => byte === masked[0])) return 'a component whose bytes are all the same is none';
  if (others.some((other) => other.equals(component))) return 'this component was typed before';
  if (algorithm === 'T' && evenOf(component) * 2 >= component.length) {
    return 'half the bytes of this component, or more, have even parity: is it typed as it is written?';
  }
  return undefined;
}

function evenOf(component: Buffer): number {
  let even = 0;
  for (const byte of component) {
    let ones = 0;
    for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
    if (ones % 2 === 0) even += 1;
  }
  return even;
}
