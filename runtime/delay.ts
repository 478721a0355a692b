import type { Clock } from './clock.ts';

/** Resolves once `ms` have passed on `clock`. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
