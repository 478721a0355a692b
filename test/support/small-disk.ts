/**
 * A file system of its own for a test, small enough to be filled: in memory, mounted by root. Whoever may mount none
 * is told why; a quota or a limit on file sizes was rejected, since a database meets neither as it meets a full disk.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Takes all that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  close(): void;
}

const BLOCK = Buffer.alloc(65_536);

/** Why there is none here; nothing where there is one. */
export function whyNoSmallDisk(): string | undefined {
  try {
    smallDisk(1).close();
    return undefined;
  } catch (error) {
    return String((error as Error).message)
      .split('\n')
      .at(-1);
  }
}

/** @throws where this process may not mount it */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'small disk '));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'etika-test', folder];
    execFileSync('mount', options, { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fill(ballast),
    free: () => rmSync(ballast, { force: true }),
    close() {
      execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fill(file: string): void {
  const ballast = openSync(file, 'a');
  try {
    for (;;) writeSync(ballast, BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(ballast);
  }
}
