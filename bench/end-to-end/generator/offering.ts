import { terminalNames } from '../fleet.ts';
import { keysOf, PROFILE } from './frames.ts';
import { type ScannedReply, scanReply } from './scan-reply.ts';
import { type SocketOwner, TerminalSocket } from './terminal-socket.ts';
import { type Answers, type Traffic, UNANSWERED } from './traffic.ts';

/** Every so many replies one is kept, and its MAC verified when the clock has stopped. */
const KEEP_EVERY = 64;
const SHORTEST_PAUSE_MS = 1;

/** Offers the frames of one case, each when it is due, and counts the replies. Open loop: it waits for nobody. */
export class Offering implements SocketOwner {
  readonly #traffic: Traffic;
  readonly #frames: readonly Buffer[];
  readonly #sockets: readonly TerminalSocket[];
  readonly #codes: Uint8Array;
  readonly #latencyMs: Float64Array;
  readonly #kept: { terminal: number; body: Buffer }[] = [];
  readonly #scanned: ScannedReply = { stan: 0, code: 0 };
  readonly #over = Promise.withResolvers<void>();
  #startedAt = 0;
  #next = 0;
  #answered = 0;
  #unexpected = 0;
  #closed = 0;
  #behindMs = 0;

  constructor(traffic: Traffic, frames: readonly Buffer[]) {
    const { address, terminals, total } = traffic;
    this.#traffic = traffic;
    this.#frames = frames;
    this.#sockets = Array.from({ length: terminals }, (_, index) => new TerminalSocket(address, index, this));
    this.#codes = new Uint8Array(total).fill(UNANSWERED);
    this.#latencyMs = new Float64Array(total);
  }

  async open(): Promise<void> {
    // One after the other: a listener's backlog is shorter than a thousand.
    for (const socket of this.#sockets) await socket.open();
  }

  async run(): Promise<Answers> {
    const before = process.cpuUsage();
    this.#startedAt = performance.now();
    this.#offer();
    await this.#over.promise;
    const { user, system } = process.cpuUsage(before);
    for (const socket of this.#sockets) socket.close();

    return {
      codes: this.#codes,
      latencyMs: this.#latencyMs,
      behindMs: this.#behindMs,
      cpuUs: user + system,
      unexpected: this.#unexpected,
      closed: this.#closed,
      macs: this.#verifyKept(),
    };
  }

  onReply(terminal: number, bytes: Buffer, start: number, end: number): void {
    const { firstStan, rate, terminals } = this.#traffic;
    const reply = this.#scanned;
    const isRead = scanReply(bytes, start, end, reply);
    const index = (reply.stan - firstStan) * terminals + terminal;
    if (!isRead || index < 0 || index >= this.#next || this.#codes[index] !== UNANSWERED) {
      this.#unexpected += 1;
      return;
    }
    this.#codes[index] = reply.code;
    this.#latencyMs[index] = performance.now() - this.#startedAt - (index * 1_000) / rate;
    this.#answered += 1;
    if (this.#answered % KEEP_EVERY === 1) {
      this.#kept.push({ terminal, body: Buffer.from(bytes.subarray(start, end)) });
    }
    if (this.#answered === this.#codes.length) this.#over.resolve();
  }

  onClosed(): void {
    this.#closed += 1;
  }

  /** Writes all that is due, corked per connection, and sleeps until the next is. */
  #offer(): void {
    const { rate, terminals, total, patienceMs } = this.#traffic;
    const elapsedMs = performance.now() - this.#startedAt;
    const due = Math.min(total, Math.floor((elapsedMs * rate) / 1_000) + 1);
    const [from, corked] = [this.#next, Math.min(due - this.#next, terminals)];
    if (due > from) this.#behindMs = Math.max(this.#behindMs, elapsedMs - (from * 1_000) / rate);
    this.#next = due;

    for (let i = 0; i < corked; i += 1) this.#socketOf(from + i).cork();
    for (let index = from; index < due; index += 1) {
      this.#socketOf(index).write(this.#frames[index] as Buffer);
    }
    for (let i = 0; i < corked; i += 1) this.#socketOf(from + i).uncork();

    if (due === total) {
      setTimeout(() => this.#over.resolve(), patienceMs);
      return;
    }
    const nextDueMs = (due * 1_000) / rate;
    const pauseMs = nextDueMs - (performance.now() - this.#startedAt);
    setTimeout(() => this.#offer(), Math.max(SHORTEST_PAUSE_MS, pauseMs));
  }

  #socketOf(index: number): TerminalSocket {
    return this.#sockets[index % this.#traffic.terminals] as TerminalSocket;
  }

  #verifyKept(): Answers['macs'] {
    const macs = { right: 0, wrong: 0, absent: 0 };
    const names = terminalNames(this.#traffic.terminals);
    for (const { terminal, body } of this.#kept) {
      const isSealed = keysOf(names[terminal] ?? '').isSealed(PROFILE, body);
      macs[PROFILE.codec.macSlot(body) === undefined ? 'absent' : isSealed ? 'right' : 'wrong'] += 1;
    }
    return macs;
  }
}
