import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { processState } from './data-directory.ts';

/** What a running server writes about itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Where its Unix socket is; absent where it has none. */
  readonly socketFolder?: string;
  readonly ready: boolean;
}

/** The server that runs on this cluster, whoever started it. A lock file left by a dead one is no server. */
export function runningPostmaster(cluster: string): Postmaster | undefined {
  const lockFile = join(cluster, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(lockFile, 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  const state = Number.isInteger(pid) && pid > 0 ? processState(pid) : undefined;
  if (!state) return undefined;
  if (state.commandLine.length > 0 && !state.commandLine.includes(cluster)) {
    rmSync(lockFile, { force: true }); // another program has the number now, and PostgreSQL would give way to it
    return undefined;
  }
  const socketFolder = lines[4]?.trim();
  return {
    pid,
    port: Number(lines[3]),
    ...(socketFolder && { socketFolder }),
    ready: lines[7]?.trim() === 'ready',
  };
}

const STOP_SIGNALS = [
  { signal: 'SIGINT', patienceMs: 10_000 }, // fast: ends the sessions, writes a checkpoint
  { signal: 'SIGQUIT', patienceMs: 5_000 }, // immediate: recovery at the next start
  { signal: 'SIGKILL', patienceMs: 5_000 },
] as const;

/** Stops a server, gently first: so long for each signal at most. @throws Error where it outlives SIGKILL */
export async function stopPostmaster(pid: number, eachMs = Number.POSITIVE_INFINITY): Promise<void> {
  for (const { signal, patienceMs: usualMs } of STOP_SIGNALS) {
    const patienceMs = signal === 'SIGKILL' ? usualMs : Math.min(usualMs, eachMs);
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await becomes(() => processState(pid) === undefined, patienceMs)) return;
  }
  throw new Error(`the PostgreSQL server ${pid} does not stop`);
}

const LOOK_EVERY_MS = 10;

/** Waits until `condition` holds, for `patienceMs` at most. Says whether it does. */
export async function becomes(condition: () => boolean, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() >= end) return false;
    await wait(LOOK_EVERY_MS);
  }
  return true;
}
