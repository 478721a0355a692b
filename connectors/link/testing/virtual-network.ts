import type { Clock, Connection, ConnectionHandlers, Sockets } from '../../../runtime/index.ts';
import type { Matchable } from '../match-keys.ts';
import type { NetworkDialect } from '../network-dialect.ts';
import { answerTo } from '../testing.ts';

/**
 * What a network does with those who connect: serves them; refuses them; lets their first packet vanish; accepts and
 * says nothing; refuses the sign-on; closes at once; serves all but echoes.
 */
export type Weather = 'fine' | 'refuses' | 'vanishes' | 'mute' | 'says no' | 'hangs up' | 'no echoes';

const ONE_WAY_MS = 2;

interface Line {
  readonly handlers: ConnectionHandlers;
  isDead: boolean;
}

/** A network on virtual time, for tests of what a link does as hours pass. It answers everything with 00. */
export class VirtualNetwork<M extends Matchable> implements Sockets {
  readonly #dialect: NetworkDialect<M>;
  readonly #clock: Clock;
  readonly #lines = new Set<Line>();
  #weather: Weather = 'fine';
  /** Connections begun so far. */
  attempts = 0;
  /** What has arrived here so far. */
  readonly asked: M[] = [];

  constructor(dialect: NetworkDialect<M>, clock: Clock) {
    this.#dialect = dialect;
    this.#clock = clock;
  }

  connect(_: unknown, handlers: ConnectionHandlers): Connection {
    const { framing, codec } = this.#dialect;
    this.attempts += 1;
    const line: Line = { handlers, isDead: false };
    this.#lines.add(line);
    const reader = framing.reader({ maxFrameBytes: 4_096 });
    if (this.#weather !== 'vanishes') this.#later(line, () => this.#open(line));
    const close = () => this.#clock.after(0, () => this.#close(line));
    return {
      peer: 'network:1',
      write: (bytes) => {
        this.#later(line, () =>
          reader.push(Buffer.from(bytes), (body) => this.#answer(line, codec.parse(body))),
        );
        return true;
      },
      end: close,
      destroy: close,
      pause() {},
      resume() {},
    };
  }

  listen(): Promise<never> {
    return Promise.reject(new Error('nobody listens on virtual sockets'));
  }

  turn(weather: Weather): void {
    this.#weather = weather;
  }

  cut(): void {
    for (const line of this.#lines) this.#close(line, new Error('ECONNRESET'));
  }

  /** Nothing passes any more through the connections of now, and nobody is told. */
  severSilently(): void {
    for (const line of this.#lines) line.isDead = true;
  }

  #open(line: Line): void {
    if (this.#weather !== 'refuses') line.handlers.onOpen?.();
    if (this.#weather === 'refuses' || this.#weather === 'hangs up') {
      this.#close(line, new Error('ECONNREFUSED'));
    }
  }

  #answer(line: Line, request: M): void {
    const { codec, framing, managementCodes, managementCode } = this.#dialect;
    this.asked.push(request);
    const isEcho = managementCode(request) === managementCodes.echo;
    if (this.#weather === 'mute' || (this.#weather === 'no echoes' && isEcho)) return;
    const de39 = this.#weather === 'says no' ? '91' : '00';
    const frame = framing.encode(codec.pack(answerTo(request, { de39 })));
    this.#later(line, () => line.handlers.onData(frame));
  }

  #close(line: Line, reason?: Error): void {
    if (this.#lines.delete(line)) line.handlers.onClose(reason);
  }

  #later(line: Line, action: () => void): void {
    this.#clock.after(ONE_WAY_MS, () => {
      if (this.#lines.has(line) && !line.isDead) action();
    });
  }
}
