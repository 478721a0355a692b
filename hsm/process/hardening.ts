import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { arena } from '../token/arena.ts';

/**
 * What the process asks of the kernel for its own memory, before it opens the token.
 *
 * Not dumpable: no core of it is written, not by a handler behind a pipe either, which the limit of core files does
 * not stop; and no process of the same user may read its memory or attach to it. Locked: the buffer in which all
 * clear values lie is never in swap. The rest of the memory is kept from it by the machine, which has none, or by the
 * service manager (`MemorySwapMax=0`); whether one of these is so, the status says.
 *
 * Rejected: mlockall. The runtime gives pages back by calls that fail on locked ones, and ends when they do.
 *
 * Source: prctl(2), PR_SET_DUMPABLE; core(5); mlock(2); madvise(2).
 */
export interface Hardening {
  /** Whether cores and readers of memory are kept out. */
  readonly notDumpable: boolean;
  /** Whether clear values cannot come into swap. */
  readonly secretsLocked: boolean;
  /** Whether anything of the process can. */
  readonly swappable: boolean;
}

const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;

export function harden(): Hardening {
  const swappable = mayBeSwapped();
  if (process.platform !== 'linux') return { notDumpable: false, secretsLocked: false, swappable };
  try {
    const library = koffi.load(null);
    const prctl = library.func(
      'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
    );
    const mlock = library.func('int mlock(void *from, size_t length)');
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return {
      notDumpable: prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) === 0,
      secretsLocked: mlock(arena, arena.length) === 0,
      swappable,
    };
  } catch {
    return { notDumpable: false, secretsLocked: false, swappable };
  }
}

/** By the machine, and by the control group of the process. */
function mayBeSwapped(): boolean {
  try {
    if (readFileSync('/proc/swaps', 'latin1').trim().split('\n').length < 2) return false;
    const group = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '';
    return readFileSync(`/sys/fs/cgroup${group}/memory.swap.max`, 'latin1').trim() !== '0';
  } catch {
    return true;
  }
}
