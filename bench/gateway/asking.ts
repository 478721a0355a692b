import { ApplicationSocket } from './application-socket.ts';
import { type Answered, CREATED, type Requests, requestBytes } from './requests.ts';

const SHORTEST_PAUSE_MS = 1;
const ID = /"transaction_id":"([0-9a-f-]{36})"/;

interface Line {
  readonly socket: ApplicationSocket;
  /** The payment that it asks for now. */
  index: number;
}

/** Asks for the payments of one case, each when it is due, over whichever connection is free. Open loop. */
export class Asking {
  readonly #requests: Requests;
  readonly #bytes: readonly Buffer[];
  readonly #lines: Line[] = [];
  readonly #free: Line[] = [];
  readonly #statuses: Uint16Array;
  readonly #latencyMs: Float64Array;
  readonly #approved: string[] = [];
  readonly #over = Promise.withResolvers<void>();
  #startedAt = 0;
  /** How many are due, and how many of them are sent: what is between waits for a free connection. */
  #due = 0;
  #sent = 0;
  #answered = 0;
  #behindMs = 0;
  #isOver = false;

  constructor(requests: Requests) {
    this.#requests = requests;
    this.#bytes = Array.from({ length: requests.total }, (_, index) => requestBytes(requests, index));
    this.#statuses = new Uint16Array(requests.total);
    this.#latencyMs = new Float64Array(requests.total);
    for (let count = 0; count < requests.connections; count += 1) this.#free.push(this.#newLine());
  }

  async run(): Promise<Answered> {
    const before = process.cpuUsage();
    this.#startedAt = performance.now();
    this.#offer();
    await this.#over.promise;
    const { user, system } = process.cpuUsage(before);
    this.#isOver = true;
    for (const { socket } of this.#lines) socket.close();

    return {
      statuses: this.#statuses,
      latencyMs: this.#latencyMs,
      approved: this.#approved,
      behindMs: this.#behindMs,
      cpuUs: user + system,
    };
  }

  #newLine(): Line {
    const socket = new ApplicationSocket(this.#requests, (status, body) => this.#take(line, status, body));
    const line: Line = { socket, index: -1 };
    this.#lines.push(line);
    return line;
  }

  #take(line: Line, status: number, body: string): void {
    if (this.#isOver) return;
    const { index } = line;
    this.#statuses[index] = status;
    this.#latencyMs[index] = performance.now() - this.#startedAt - this.#dueAt(index);
    const id = status === CREATED ? ID.exec(body)?.[1] : undefined;
    if (id !== undefined) this.#approved.push(id);
    this.#free.push(line);
    this.#answered += 1;
    if (this.#answered === this.#requests.total) this.#over.resolve();
    else this.#send();
  }

  #offer(): void {
    const { rate, total, patienceMs } = this.#requests;
    const elapsedMs = performance.now() - this.#startedAt;
    const due = Math.min(total, Math.floor((elapsedMs * rate) / 1_000) + 1);
    if (due > this.#due) this.#behindMs = Math.max(this.#behindMs, elapsedMs - this.#dueAt(this.#due));
    this.#due = due;
    this.#send();

    if (due === total) {
      setTimeout(() => this.#over.resolve(), patienceMs);
      return;
    }
    const pauseMs = this.#dueAt(due) - (performance.now() - this.#startedAt);
    setTimeout(() => this.#offer(), Math.max(SHORTEST_PAUSE_MS, pauseMs));
  }

  #send(): void {
    for (; this.#sent < this.#due; this.#sent += 1) {
      const line = this.#free.pop();
      if (!line) return;
      line.index = this.#sent;
      line.socket.send(this.#bytes[this.#sent] as Buffer);
    }
  }

  #dueAt(index: number): number {
    return (index * 1_000) / this.#requests.rate;
  }
}
