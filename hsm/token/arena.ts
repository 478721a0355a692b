/**
 * Where all host secrets lie: one buffer outside the moving heap, wiped from the front after each use (secrets.ts), and
 * locked, so that it is never in swap (process/hardening.ts).
 */
export const ARENA_LENGTH = 32_768;

export const arena = Buffer.allocUnsafeSlow(ARENA_LENGTH).fill(0);
