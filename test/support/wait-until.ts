import { vi } from 'vitest';

/** Waits until `condition` holds, and fails after `withinMs` saying so. */
export async function waitUntil(condition: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('the condition did not come to hold');
    },
    { timeout: withinMs, interval: 10 },
  );
}
