import type { Checkpoint } from './ports.ts';

/**
 * For recovery tests: kills this process, as kill -9 does, when an authorisation passes the named checkpoint.
 *
 * @param plan `decided`, or `decided:3` for the third time it is passed
 * @throws in production, where nothing may ask for this
 */
export function crashCheckpoint(plan: string | undefined, production: boolean): (at: Checkpoint) => void {
  if (!plan) return () => {};
  if (production) throw new Error('CRASH_AT is not for production');
  const [name, count] = plan.split(':');
  let remaining = Number(count ?? 1);
  return (at) => {
    if (at !== name) return;
    remaining -= 1;
    if (remaining === 0) process.kill(process.pid, 'SIGKILL');
  };
}
