import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { silentLog, supervise, systemClock } from '../runtime/index.ts';

/** A folder of its own for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a simulator as a process of its own, started again after each kill. */
export function simulatorProcess(entry: string, env: Record<string, string>) {
  const service = supervise(
    { name: entry, entry, env: { LOG_LEVEL: 'silent', ...env } },
    systemClock,
    silentLog,
  );
  onTestFinished(() => service.stop());
  return {
    ready: () => service.ready(),
    /** kill -9, and the readiness of the next run. */
    async killAndRestart() {
      const restarts = service.restarts();
      const pid = service.pid();
      if (pid === undefined) throw new Error('not running');
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(() => {
        if (service.restarts() === restarts) throw new Error('not restarted yet');
      }, 10_000);
      return service.ready();
    },
  };
}
