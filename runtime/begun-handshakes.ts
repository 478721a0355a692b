import type { Socket } from 'node:net';

/** One that has begun. */
export interface Handshake {
  /** Whom its peer is counted with. */
  readonly circle: string;
  /** The peer is somebody: its certificate is good, or whoever serves it vouches for it. */
  proved(): void;
}

/** What is known of a connection before its handshake is over. */
export interface Begun {
  readonly socket: Socket;
  readonly peer: string;
  readonly handshake?: Handshake | undefined;
}

/** Of whoever has the most handshakes under way: who is honest ends his in the time of two messages. */
export function oldestOfMost(all: Iterable<Begun>): Begun | undefined {
  const known = new Map<string, { readonly oldest: Begun; count: number }>();
  for (const begun of all) {
    const circle = begun.handshake?.circle ?? hostIn(begun.peer);
    const of = known.get(circle) ?? { oldest: begun, count: 0 };
    of.count += 1;
    known.set(circle, of);
  }

  let most: { readonly oldest: Begun; count: number } | undefined;
  for (const each of known.values()) {
    if (!most || each.count > most.count) most = each;
  }
  return most?.oldest;
}

/** @param peer `address:port` */
export function hostIn(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
