import type { Connection, ConnectionHandlers } from '../../runtime/index.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

/** How bytes travel just now, in milliseconds one way. */
export interface Weather {
  latencyMs(): number;
  readonly random: SeededRandom;
}

const HIGH_WATER_BYTES = 64 * 1024;
const MAX_PIECES = 4;

/**
 * One end of a TCP connection. Bytes arrive in their order, cut at any place; what is under way when the connection
 * breaks is lost; a peer that vanished without a word answers nothing.
 */
export class StreamEnd implements Connection {
  readonly peer: string;
  readonly process: SimProcess;
  other: StreamEnd | undefined;
  handlers: ConnectionHandlers | undefined;
  onGone: (() => void) | undefined;
  readonly #weather: Weather;
  #isOpen = true;
  #isPaused = false;
  #isClogged = false;
  /** Bytes and farewells reach the other end in the order in which they left. */
  #lastArrival = 0;
  #unreadBytes = 0;
  #arrived: Buffer[] = [];
  #isBlackhole = false;
  #hasEnded = false;

  constructor(process: SimProcess, peer: string, weather: Weather) {
    this.process = process;
    this.peer = peer;
    this.#weather = weather;
    process.onDeath(() => this.vanish());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#isOpen || this.process.isDead || this.#hasEnded) return false;
    if (this.#isBlackhole || !this.other) return true;
    this.#unreadBytes += bytes.length;
    for (const piece of this.#cut(Buffer.from(bytes))) this.#send(() => this.other?.receive(piece));
    this.#isClogged = this.#unreadBytes > HIGH_WATER_BYTES;
    return !this.#isClogged;
  }

  end(): void {
    if (!this.#isOpen || this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isBlackhole) return;
    this.#send(() => this.other?.close());
    this.#send(() => this.process.deliver(this.#weather.latencyMs(), () => this.close()));
  }

  destroy(): void {
    if (!this.#isOpen || this.process.isDead) return;
    this.process.deliver(0, () => this.close());
    if (!this.#isBlackhole) this.#send(() => this.other?.close(reset()));
    this.#isBlackhole = true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#arrived.length > 0) this.process.deliver(0, () => this.#read());
  }

  /** Nothing that leaves this end arrives before `at`. */
  notBefore(at: number): void {
    this.#lastArrival = Math.max(this.#lastArrival, at);
  }

  /** The connection breaks: both ends learn of it, each in its time. */
  break(): void {
    for (const end of [this, this.other]) {
      if (!end) continue;
      end.#isBlackhole = true;
      end.process.deliver(this.#weather.latencyMs(), () => end.close(reset()));
    }
  }

  /** Neither end hears of the other again, and neither is told. */
  severSilently(): void {
    this.#isBlackhole = true;
    if (this.other) this.other.#isBlackhole = true;
  }

  /** Its process died: the system closes the socket, unless the line is cut already. */
  vanish(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (!this.#isBlackhole) this.#send(() => this.other?.close(reset()));
    this.onGone?.();
  }

  receive(piece: Buffer): void {
    if (!this.#isOpen || this.#isBlackhole) return;
    this.#arrived.push(piece);
    if (!this.#isPaused) this.#read();
  }

  /** Tells this end's owner, once, that it is over. */
  close(reason?: Error): void {
    if (!this.#isOpen) return;
    if (!reason) this.#read();
    this.#isOpen = false;
    this.onGone?.();
    this.handlers?.onClose(reason);
  }

  #read(): void {
    if (!this.#isOpen || this.#isPaused) return;
    const pieces = this.#arrived;
    this.#arrived = [];
    if (pieces.length === 0) return;
    const chunk = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    this.other?.drained(chunk.length);
    this.handlers?.onData(chunk);
  }

  drained(bytes: number): void {
    this.#unreadBytes -= bytes;
    if (!this.#isClogged || this.#unreadBytes > HIGH_WATER_BYTES / 2) return;
    this.#isClogged = false;
    this.process.deliver(this.#weather.latencyMs(), () => {
      if (this.#isOpen) this.handlers?.onDrain?.();
    });
  }

  /** Something travels to the other end's process, behind all that left before it. */
  #send(arrive: () => void): void {
    const { other } = this;
    if (!other) return;
    const now = this.process.world.now;
    const at = Math.max(now + this.#weather.latencyMs(), this.#lastArrival);
    this.#lastArrival = at;
    other.process.deliver(at - now, () => {
      if (!this.#isLost()) arrive();
    });
  }

  #isLost(): boolean {
    return this.other === undefined || (this.#isBlackhole && this.other.#isBlackhole);
  }

  #cut(bytes: Buffer): Buffer[] {
    const { random } = this.#weather;
    if (bytes.length < 2 || !random.chance(0.2)) return [bytes];
    const places = Array.from({ length: 1 + random.integer(MAX_PIECES - 1) }, () =>
      random.integer(bytes.length),
    );
    const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
    return cuts.slice(1).flatMap((to, index) => {
      const from = cuts[index] ?? 0;
      return to > from ? [bytes.subarray(from, to)] : [];
    });
  }
}

function reset(): Error {
  return new Error('read ECONNRESET');
}
