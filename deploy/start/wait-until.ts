import { setTimeout as wait } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/**
 * Looks until `look` finds something and resolves with it.
 * @throws Error saying what was not seen, with the last failure, once `deadlineMs` has passed; or as `signal` aborts
 */
export async function waitUntil<T>(
  what: string,
  deadlineMs: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let failure: unknown;
  while (performance.now() < end) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await wait(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what}`, { cause: failure });
}
