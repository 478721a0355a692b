import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';

/** What a run must say of the machine and the code, so that two runs can be compared. */
export interface Facts {
  readonly at: string;
  /** Abbreviated; with `+` where files differ from it. */
  readonly commit: string;
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  readonly node: string;
  /** Of the last minute, as the run began. A run on a busy machine says little of time. */
  readonly loadAtStart: number;
}

export function facts(): Facts {
  return {
    at: new Date().toISOString(),
    commit: commit(),
    cores: cpus().length,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadAtStart: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown'; // a copy without its history
  }
}
