import type { Codec, FrameReader, Framing } from '../../messages/index.ts';
import { IsoError } from '../../messages/index.ts';
import type { Clock, Connection, Listener, Log, Monotonic, Sockets, Timer } from '../../runtime/index.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { Sealed, TerminalMessage } from '../requests/terminal-message.ts';

/** One request frame, understood as far as its bytes go. */
export interface Request {
  readonly message: TerminalMessage;
  readonly sealed: Sealed | undefined;
  readonly receivedAt: Monotonic;
}

/** What a listener serves: both give the packed reply, or nothing for silence. */
export interface Service {
  answer(request: Request): Promise<Buffer | undefined>;
  /** A frame whose bytes do not make a message; `error.partial` has what could be read. */
  answerGarbled(error: IsoError): Promise<Buffer | undefined>;
}

export interface ListenerPorts {
  readonly settings: ListenerSettings;
  readonly codec: Codec<TerminalMessage>;
  readonly framing: Framing;
  readonly service: Service;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenListener {
  readonly port: number;
  readonly name: string;
  connections(): number;
  /** Stops accepting, answers what is in flight within `graceMs`, then closes every connection. */
  close(graceMs: number): Promise<void>;
}

/** How long a peer may take to close its side after we closed ours. */
const LINGER_MS = 250;

/** Opens a TCP listener for one dialect. Every limit is per listener and comes from its settings. */
export async function openListener(ports: ListenerPorts): Promise<OpenListener> {
  const { settings, sockets, clock, log } = ports;
  const peers = new Set<Peer>();
  const listener: Listener = await sockets.listen(settings, (connection) => {
    if (peers.size >= settings.maxConnections) {
      log.warn({ event: 'listener.full', listener: settings.name, peer: connection.peer });
      connection.destroy();
      return { onData() {}, onClose() {} };
    }
    const peer = new Peer(connection, ports, () => peers.delete(peer));
    peers.add(peer);
    const { peer: address, peerCertificate } = connection;
    if (peerCertificate) {
      const event = 'listener.peer-identified';
      log.info({ event, listener: settings.name, peer: address, ...peerCertificate });
    }
    return peer;
  });
  return {
    name: settings.name,
    port: listener.address.port,
    connections: () => peers.size,
    async close(graceMs) {
      const stopped = listener.close();
      const drained = Promise.all([...peers].map((peer) => peer.drain()));
      await Promise.race([drained, new Promise<void>((resolve) => clock.after(graceMs, resolve))]);
      for (const peer of peers) peer.end();
      const lingering = clock.after(LINGER_MS, () => {
        for (const peer of peers) peer.destroy();
      });
      await stopped;
      lingering.cancel();
    },
  };
}

/** One connected terminal or acquirer. */
class Peer {
  readonly #connection: Connection;
  readonly #ports: ListenerPorts;
  readonly #forget: () => void;
  readonly #reader: FrameReader;
  #inFlight = 0;
  #open = true;
  #clogged = false;
  #idle: Timer | undefined;
  #heardAt: Monotonic;
  #onDrained: (() => void) | undefined;

  constructor(connection: Connection, ports: ListenerPorts, forget: () => void) {
    this.#connection = connection;
    this.#ports = ports;
    this.#forget = forget;
    this.#reader = ports.framing.reader({ maxFrameBytes: ports.settings.maxFrameBytes });
    this.#heardAt = ports.clock.monotonic();
    this.#watchIdle();
  }

  onData(chunk: Buffer): void {
    this.#heardAt = this.#ports.clock.monotonic();
    try {
      this.#reader.push(chunk, (body, header) => this.#frame(body, header));
    } catch (error) {
      this.#refuse('listener.bad-frame', error);
    }
  }

  onClose(): void {
    const { log, settings } = this.#ports;
    const heldBytes = this.#reader.pending;
    if (heldBytes > 0) {
      const { peer } = this.#connection;
      log.warn({ event: 'listener.truncated', listener: settings.name, peer, heldBytes });
    }
    this.#open = false;
    this.#idle?.cancel();
    this.#forget();
    this.#onDrained?.();
  }

  /** Takes no more requests; resolves once those in flight are answered. */
  drain(): Promise<void> {
    this.#connection.pause();
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  end(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  onDrain(): void {
    this.#clogged = false;
    this.#readOrPause();
  }

  #frame(body: Buffer, header: Buffer | undefined): void {
    const { service, codec } = this.#ports;
    let reply: Promise<Buffer | undefined>;
    try {
      const message = codec.parse(body);
      reply = service.answer({ message, sealed: codec.macSlot(body), receivedAt: this.#heardAt });
    } catch (error) {
      if (!(error instanceof IsoError) || !error.partial?.mti) {
        this.#refuse('listener.unreadable', error);
        return;
      }
      reply = service.answerGarbled(error);
    }
    this.#inFlight += 1;
    this.#readOrPause();
    void reply.catch((error) => this.#unanswered(error)).then((packed) => this.#reply(packed, header));
  }

  #reply(packed: Buffer | undefined, header: Buffer | undefined): void {
    const { framing, settings, log } = this.#ports;
    this.#inFlight -= 1;
    if (packed && this.#open) {
      this.#clogged = !this.#connection.write(framing.encode(packed, header && framing.replyHeader(header)));
    } else if (packed) {
      log.warn({
        event: 'listener.reply-undeliverable',
        listener: settings.name,
        peer: this.#connection.peer,
      });
    }
    this.#readOrPause();
    if (this.#inFlight === 0) this.#onDrained?.();
  }

  #unanswered(error: unknown): undefined {
    const { log, settings } = this.#ports;
    log.error({ event: 'listener.unanswered', listener: settings.name, err: error });
  }

  /** A peer that asks faster than it is answered, or does not read its answers, is not read from meanwhile. */
  #readOrPause(): void {
    if (!this.#open) return;
    const busy = this.#inFlight >= this.#ports.settings.maxInFlightPerConnection;
    if (busy || this.#clogged || this.#onDrained) this.#connection.pause();
    else this.#connection.resume();
  }

  /** Bytes that cannot be followed any further: only this connection suffers. */
  #refuse(event: string, error: unknown): void {
    const { log, settings } = this.#ports;
    log.warn({ event, listener: settings.name, peer: this.#connection.peer, err: error });
    this.#connection.destroy();
  }

  #watchIdle(): void {
    const { clock, settings } = this.#ports;
    const idleFor = clock.monotonic() - this.#heardAt;
    this.#idle = clock.after(settings.idleTimeoutMs - idleFor, () => {
      const silentFor = clock.monotonic() - this.#heardAt;
      if (silentFor >= settings.idleTimeoutMs) this.#refuse('listener.idle', undefined);
      else this.#watchIdle();
    });
  }
}
