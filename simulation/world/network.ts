import type { Address, Connection, ConnectionHandlers, Listener, Sockets } from '../../runtime/index.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';
import { StreamEnd, type Weather } from './stream.ts';

const FIRST_FREE_PORT = 40_000;

interface Bound {
  readonly process: SimProcess;
  readonly accept: (connection: Connection) => ConnectionHandlers;
  readonly accepted: Set<StreamEnd>;
  whenEmpty: (() => void) | undefined;
}

/** TCP between the processes of a run, by `host:port`. Names of hosts are the names of processes. */
export class Network {
  readonly #random: SeededRandom;
  readonly #bound = new Map<string, Bound>();
  readonly #connections = new Map<StreamEnd, string>();
  readonly #refusing = new Set<string>();
  readonly #silent = new Set<string>();
  #nextPort = FIRST_FREE_PORT;
  /** Upper end of the latency of one way, in milliseconds. */
  maxLatencyMs = 2;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  socketsOf(process: SimProcess): Sockets {
    return {
      connect: (address, handlers) => this.#connect(process, address, handlers),
      listen: async (address, accept) => this.#listen(process, address, accept),
    };
  }

  /** Nobody can connect to the host any more, until it is let. */
  refuse(host: string, isRefusing: boolean): void {
    if (isRefusing) this.#refusing.add(host);
    else this.#refusing.delete(host);
  }

  /** Packets to and from the host vanish: open connections hang, new ones get no answer. */
  silence(host: string, isSilent: boolean): void {
    if (!isSilent) {
      this.#silent.delete(host);
      return;
    }
    this.#silent.add(host);
    for (const end of this.#endsAt(host)) end.severSilently();
  }

  /** The process loses its power: nobody at the other ends is told. */
  losePower(process: SimProcess): void {
    for (const end of this.#connections.keys()) {
      if (end.process === process || end.other?.process === process) end.severSilently();
    }
  }

  /** Breaks every connection to the host. */
  breakConnections(host: string): void {
    for (const end of this.#endsAt(host)) end.break();
  }

  /** Cuts one connection to the host, chosen by chance, without telling anyone. */
  severOne(host: string): void {
    const ends = this.#endsAt(host);
    ends[this.#random.integer(Math.max(1, ends.length))]?.severSilently();
  }

  #endsAt(host: string): StreamEnd[] {
    return [...this.#connections].filter(([, address]) => address.startsWith(`${host}:`)).map(([end]) => end);
  }

  #connect(process: SimProcess, address: Address, handlers: ConnectionHandlers): Connection {
    const key = `${address.host}:${address.port}`;
    const weather: Weather = { latencyMs: () => this.#latency(), random: this.#random };
    const end = new StreamEnd(process, key, weather);
    end.handlers = handlers;
    if (process.isDead || this.#silent.has(address.host)) return end;
    const bound = this.#bound.get(key);
    if (!bound || bound.process.isDead || this.#refusing.has(address.host)) {
      process.deliver(this.#latency(), () => end.close(new Error(`connect ECONNREFUSED ${key}`)));
      return end;
    }
    this.#join(end, bound, key, weather);
    return end;
  }

  #join(end: StreamEnd, bound: Bound, key: string, weather: Weather): void {
    const peer = `${end.process.name}:${this.#nextPort++}`;
    const far = new StreamEnd(bound.process, peer, weather);
    end.other = far;
    far.other = end;
    bound.accepted.add(far);
    this.#connections.set(end, key);
    far.onGone = () => {
      bound.accepted.delete(far);
      if (bound.accepted.size === 0) bound.whenEmpty?.();
    };
    end.onGone = () => this.#connections.delete(end);
    const syn = this.#latency();
    bound.process.deliver(syn, () => {
      if (far.isOpen) far.handlers = bound.accept(far);
    });
    const synAck = syn + this.#latency();
    end.process.deliver(synAck, () => {
      if (end.isOpen) end.handlers?.onOpen?.();
    });
    end.notBefore(end.process.world.now + syn);
    far.notBefore(end.process.world.now + synAck);
  }

  #listen(process: SimProcess, address: Address, accept: Bound['accept']): Listener {
    const key = `${address.host}:${address.port}`;
    const known = this.#bound.get(key);
    if (known && !known.process.isDead) throw new Error(`listen EADDRINUSE ${key}`);
    const bound: Bound = { process, accept, accepted: new Set(), whenEmpty: undefined };
    this.#bound.set(key, bound);
    return {
      address: { ...address },
      close: () =>
        new Promise((resolve) => {
          if (this.#bound.get(key) === bound) this.#bound.delete(key);
          if (bound.accepted.size === 0) return process.deliver(0, resolve);
          bound.whenEmpty = () => process.deliver(0, resolve);
        }),
    };
  }

  /** Mostly short, sometimes long, so that connections overtake each other. */
  #latency(): number {
    const random = this.#random;
    return random.chance(0.05)
      ? random.between(this.maxLatencyMs, 4 * this.maxLatencyMs)
      : random.between(0.05, this.maxLatencyMs);
  }
}
