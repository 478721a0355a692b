// What an `IsoLink` is given: where to connect, in which dialect, and what to do with what it hears. The dialogue of
// one network is a `LinkProfile`, so that the link itself knows no data element but those that match answers to
// requests.

import type { Codec, Framing } from '../../messages/index.ts';
import type { Address, Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import type { LinkLimits } from './link-limits.ts';
import type { Matchable, MatchKeys } from './match-keys.ts';

/** What makes a link speak one network's network-management dialogue. */
export interface LinkProfile<M extends Matchable> {
  readonly matchKeys: MatchKeys;
  signOn(): M;
  signOff(): M;
  echo(): M;
  /** True where the reply to `signOn` opens the link for traffic. */
  accepted(reply: M): boolean;
  /** Our answer to a request of the network (an 0800), or `undefined` where it is none we serve. */
  serve(request: M): Promise<Served<M> | undefined>;
}

export interface Served<M> {
  readonly reply: M;
  /** Called once the reply is handed to the connection. */
  readonly onSent?: () => void;
}

export interface LinkSettings<M extends Matchable, Tag = string> {
  readonly name: string;
  readonly address: Address;
  readonly codec: Codec<M>;
  readonly framing: Framing;
  readonly profile: LinkProfile<M>;
  readonly limits: LinkLimits;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** An answer whose request had given up waiting: a money event. `tag` is what `exchange` was given. */
  readonly onLateAnswer: (reply: M, tag: Tag | undefined) => void;
  /** An answer that contradicts the request whose numbers it has: it counts for nobody, and is a money event. */
  readonly onContradiction?: (reply: M, tag: Tag | undefined, elements: readonly string[]) => void;
  /** An answer to nothing that this link knows of: to a request of an earlier life, or of another session. */
  readonly onStrayAnswer?: (reply: M) => void;
}
