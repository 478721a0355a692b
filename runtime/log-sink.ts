/**
 * Where log lines go: a file descriptor that may be a file on a full disk, a pipe that nobody reads, or a terminal that
 * is gone. Payments go on without a log, so no failure of it may end a process or hold one up: what cannot be written
 * waits, up to a bound; what comes beyond that is counted and lost; and the count is the first line once there is room.
 * The stream that pino brings was used before: a full disk ended the process by an error that nobody had heard.
 */
import { write, writeSync } from 'node:fs';

export interface LogLosses {
  /** Lines that were never written. */
  readonly lost: number;
  /** Attempts to write that failed. */
  readonly failures: number;
  /** Why the last attempt failed; absent while lines are written. */
  readonly failing?: string;
}

const MOST_WAITING_BYTES = 1_048_576;
const MOST_AT_ONCE_BYTES = 65_536;
const AGAIN_MS = 500;
/** A pipe whose reader is behind. */
const BUSY_MS = 20;

export class LogSink {
  readonly #descriptor: number;
  readonly #onResumed: (losses: LogLosses) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #underWay: Buffer | undefined;
  #isPaused = false;
  #lost = 0;
  #failures = 0;
  #failing: string | undefined;
  #untold = 0;

  /** @param onResumed called once lines are written again after some were lost */
  constructor(descriptor: number, onResumed: (losses: LogLosses) => void = () => {}) {
    this.#descriptor = descriptor;
    this.#onResumed = onResumed;
    process.on('exit', () => this.#lastWords());
  }

  losses(): LogLosses {
    const failing = this.#failing;
    return { lost: this.#lost, failures: this.#failures, ...(failing !== undefined && { failing }) };
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#lost += 1;
      this.#untold += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#underWay && !this.#isPaused) this.#next();
  }

  /** All that waits leaves in one write, as far as it fits. */
  #next(): void {
    let bytes = 0;
    let count = 0;
    for (const each of this.#waiting) {
      if (count > 0 && bytes + each.length > MOST_AT_ONCE_BYTES) break;
      bytes += each.length;
      count += 1;
    }
    const taken = this.#waiting.splice(0, count);
    if (taken.length === 0) return;
    this.#waitingBytes -= bytes;
    this.#send(taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken));
  }

  #send(chunk: Buffer): void {
    this.#underWay = chunk;
    write(this.#descriptor, chunk, (error, written) => {
      const rest = chunk.subarray(error ? 0 : written);
      this.#underWay = undefined;
      if (error) this.#failed(error, rest);
      else this.#succeeded(rest);
    });
  }

  #succeeded(rest: Buffer): void {
    if (rest.length > 0) {
      this.#send(rest); // what did not fit: the next attempt says why
      return;
    }
    this.#failing = undefined;
    if (this.#untold > 0) {
      this.#untold = 0;
      this.#onResumed(this.losses());
    }
    if (!this.#underWay) this.#next();
  }

  #failed({ code = 'UNKNOWN' }: NodeJS.ErrnoException, rest: Buffer): void {
    const isBusy = code === 'EAGAIN';
    if (!isBusy) {
      this.#failures += 1;
      this.#failing = code;
    }
    // A line that was cut in two goes on where it was cut.
    this.#waiting.unshift(rest);
    this.#waitingBytes += rest.length;
    this.#isPaused = true;
    setTimeout(
      () => {
        this.#isPaused = false;
        if (!this.#underWay) this.#next();
      },
      isBusy ? BUSY_MS : AGAIN_MS,
    ).unref();
  }

  #lastWords(): void {
    // A write that is under way ends by itself; only its word of that is not heard any more.
    const rest = this.#waiting;
    try {
      for (const each of rest) writeSync(this.#descriptor, each);
    } catch {
      // there is no room, and nobody to tell
    }
  }
}
