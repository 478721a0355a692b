import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** The thread of watchdog.ts. */
const { beats, hangMs } = workerData as { beats: Int32Array; hangMs: number };
const LOOKS = 10;

let seen = 0;
let unchanged = 0;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  unchanged = now === seen ? unchanged + 1 : 0;
  seen = now;
  if (unchanged < LOOKS) return;
  // The log's own thread may be the one that hangs.
  const line = {
    level: 'error',
    service: 'hsm',
    event: 'hsm.hung',
    hangMs,
    msg: 'the token does not return',
  };
  writeSync(2, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, 'SIGKILL');
}, hangMs / LOOKS);
