import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second. */
const MICROSECONDS_PER_TICK = 10_000;

interface Stat {
  readonly parent: number;
  readonly own: number;
  readonly children: number;
}

/** Processor time that a process has used so far, user and system, in microseconds; 0 where it is gone. */
export function cpuMicroseconds(pid: number): number {
  return (statOf(pid)?.own ?? 0) * MICROSECONDS_PER_TICK;
}

/** The same of a server and all its processes, those that have ended included. */
export function serverCpuMicroseconds(server: number): number {
  let ticks = 0;
  for (const pid of [server, ...childrenOf(server)]) {
    const stat = statOf(pid);
    if (stat) ticks += pid === server ? stat.own + stat.children : stat.own;
  }
  return ticks * MICROSECONDS_PER_TICK;
}

export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === parent);
}

/** Niceness is a thread's own: whoever changes a process's changes each. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return []; // it has ended
  }
}

export function parentOf(pid: number): number | undefined {
  return statOf(pid)?.parent;
}

function statOf(pid: number): Stat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended since its name was read
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
  return { parent, own: user + system, children: (fields[13] ?? 0) + (fields[14] ?? 0) };
}
