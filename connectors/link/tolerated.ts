import { type Dialect, type ElementPolicy, elementPolicies, type Tolerance } from '../../messages/index.ts';

// What becomes of an element of a network's message that is not as the dialect says. An approval must not be lost for
// a letter that nobody reads: only what tells whose answer it is, what it says and about how much money is refused.

/** By these an answer is known, compared and understood. */
const DECIDING: ReadonlySet<number> = new Set([
  2, 3, 4, 7, 11, 32, 33, 37, 38, 39, 41, 42, 49, 52, 64, 70, 90, 95, 128,
]);

/** @throws {IsoError} ISO_DIALECT where an element cannot have the policy that is chosen for it */
export function linkElementPolicies(
  dialect: Dialect,
  chosen: Readonly<Record<number, ElementPolicy>> = {},
): Record<number, ElementPolicy> {
  return elementPolicies(dialect, DECIDING, chosen);
}

/** What we send is ours: it leaves as it is meant or not at all. */
export function linkTolerance(dialect: Dialect, chosen?: Readonly<Record<number, ElementPolicy>>): Tolerance {
  return { elements: linkElementPolicies(dialect, chosen), leavesOut: false };
}
