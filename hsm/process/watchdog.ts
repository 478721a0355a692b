import { Worker } from 'node:worker_threads';

export interface Watchdog {
  /** Said now and then by the thread that is watched. */
  alive(): void;
  end(): Promise<unknown>;
}

/**
 * Ends this process where its main thread does not say for so long that it is alive: a call of a PKCS#11 module that
 * does not return (a network HSM that hangs) would keep the process from everything, its own end included. The
 * supervisor starts it again, and requests go to the other processes of the pool meanwhile.
 *
 * A thread of its own watches, by its own waking: a machine that slept wakes both. It ends the process by SIGKILL,
 * since a thread that hangs in a module runs no handler.
 *
 * Rejected: a timer in the main thread, which hangs with it; a supervisor that asks by the socket, since a busy process
 * is silent there as well.
 */
export function startWatchdog(hangMs: number): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const watching = new Worker(new URL('./watchdog-thread.ts', import.meta.url), {
    workerData: { beats, hangMs },
    // It needs nothing of what this process was told, least of all where the user PIN is.
    env: {},
    execArgv: [],
  });
  watching.unref();
  return {
    alive: () => void Atomics.add(beats, 0, 1),
    end: () => watching.terminate(),
  };
}
