/**
 * A core dump would write keys, card data in use and passwords to a disk. The limit is set to zero for this very
 * process by `prlimit` of util-linux, and read back; the processes that it starts inherit it. Node has no call for
 * it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns whether it holds now */
export function forbidCoreDumps(): boolean {
  if (areForbidden()) return true;
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=0:0'], { stdio: 'ignore' });
  return areForbidden();
}

function areForbidden(): boolean {
  try {
    return /^Max core file size\s+0\s+0\s/m.test(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return false;
  }
}
