import { setTimeout as pause } from 'node:timers/promises';

/** Stops processes as they stand, the first one first: it makes no more of them. @returns what lets them go on */
export function freeze(pids: readonly number[]): () => Promise<void> {
  for (const pid of pids) send(pid, 'SIGSTOP');
  return async () => {
    for (const pid of pids) send(pid, 'SIGCONT');
  };
}

/** Kills whoever has this role now, and each that takes his place. @returns what leaves the next one alone */
export function killAgainAndAgain(pidOf: () => number | undefined, everyMs: number): () => Promise<void> {
  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      const pid = pidOf();
      if (pid !== undefined) send(pid, 'SIGKILL');
      await pause(everyMs);
    }
  })();
  return async () => {
    isOver = true;
    await killing;
  };
}

/** A process that has ended meanwhile is none to be told. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
