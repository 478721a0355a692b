import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** The thread of watchdog.ts. */
const { beats, hangMs } = workerData as { beats: Int32Array; hangMs: number };
const LOOKS = 10;

/** Nobody notifies whoever waits for it, so that a wait is as long as it says. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let seen = 0;
let unchanged = 0;
while (unchanged < LOOKS) {
  Atomics.wait(never, 0, 0, hangMs / LOOKS);
  const now = Atomics.load(beats, 0);
  unchanged = now === seen ? unchanged + 1 : 0;
  seen = now;
}

// The log's own thread may be the one that hangs.
const line = { level: 'error', service: 'hsm', event: 'hsm.hung', hangMs, msg: 'the token does not return' };
writeSync(2, `${JSON.stringify(line)}\n`);
process.kill(process.pid, 'SIGKILL');
