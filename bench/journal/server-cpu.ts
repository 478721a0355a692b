import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second. */
const MICROSECONDS_PER_TICK = 10_000;

/** Processor time of a server and all its processes, those that have ended included, in microseconds. */
export function serverCpuMicroseconds(server: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? fieldsOf(Number(name)) : undefined;
    if (!stat) continue;
    if (Number(name) === server) ticks += stat.own + stat.children;
    else if (stat.parent === server) ticks += stat.own;
  }
  return ticks * MICROSECONDS_PER_TICK;
}

function fieldsOf(pid: number): { parent: number; own: number; children: number } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended since the directory was read
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
  return { parent, own: user + system, children: (fields[13] ?? 0) + (fields[14] ?? 0) };
}
