/**
 * Crash reports: what the kernel, Node and V8 write where a process dies. Each process of ours is killed by the signal
 * of a broken program, and whatever appears then beside it is searched. That none may be written is a limit of the
 * kernel, read back.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { filesOf } from './files.ts';
import type { NamedProcess } from './memory.ts';
import type { Place } from './place.ts';

const NAMES =
  /^(core(\.\d+)?|vgcore.*|report\..*\.json|.*\.heapsnapshot|node_trace.*\.log|isolate.*\.log|.*\.stackdump)$/;
const WRITTEN_WITHIN_MS = 1_000;

export interface Crashed {
  readonly places: readonly Place[];
  /** Processes that the kernel would have let write a core dump. */
  readonly mayDump: readonly string[];
}

export async function crash(
  processes: readonly NamedProcess[],
  folders: readonly string[],
): Promise<Crashed> {
  const living = processes.filter(({ pid }) => existsSync(`/proc/${pid}/limits`));
  const mayDump = living.filter(({ pid }) => !isForbidden(pid)).map(({ name }) => name);
  const where = new Set([...folders, ...living.map(({ pid }) => readlinkSync(`/proc/${pid}/cwd`))]);
  for (const { pid } of living) process.kill(pid, 'SIGSEGV');
  await pause(WRITTEN_WITHIN_MS);
  return { places: [...where].map(reportsIn), mayDump };
}

/** The files of a folder itself that are named as crash reports are. */
export function reportsIn(folder: string): Place {
  const names = readdirSync(folder).filter((name) => NAMES.test(name));
  return filesOf({ name: 'crash-reports', folder, takes: (path) => names.includes(path), isDeep: false });
}

function isForbidden(pid: number): boolean {
  return /^Max core file size\s+0\s+0\s/m.test(readFileSync(`/proc/${pid}/limits`, 'latin1'));
}

/** One as Node would write it, for the mark. */
export function pathOfReport(folder: string): string {
  return join(folder, 'report.planted.json');
}
