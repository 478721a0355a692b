import type { Codec, Framing } from '../../messages/index.ts';
import type {
  Clock,
  Connection,
  ConnectionHandlers,
  Listener,
  ListenOptions,
  Log,
  Sockets,
} from '../../runtime/index.ts';
import { Arrivals } from '../admission/arrivals.ts';
import { circleOf } from '../admission/circles.ts';
import { Crowd } from '../admission/crowd.ts';
import type { Admitting } from '../admission/gate.ts';
import { hostOf, PeerLog } from '../admission/peer-log.ts';
import { Refusals } from '../admission/refusals.ts';
import { SentBefore } from '../admission/sent-before.ts';
import { Strangers } from '../admission/strangers.ts';
import { Tally } from '../admission/tally.ts';
import type { ListenerSettings } from '../config/settings.ts';
import { DEFAULT_STRANGERS, type StrangerSettings } from '../config/strangers.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { Compact } from './listener-codec.ts';
import { Peer, type Shared } from './peer.ts';
import type { Service } from './service.ts';

export interface ListenerPorts {
  readonly settings: ListenerSettings;
  readonly codec: Codec<TerminalMessage>;
  /** Absent: all are answered in the one codec. */
  readonly compact?: Compact | undefined;
  readonly framing: Framing;
  readonly service: Service;
  /** One for all listeners of the node. */
  readonly gate: Admitting;
  /** The same for all of them. */
  readonly crossing?: Partial<Crossing>;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly log: Log;
}

/** What all listeners of a node share: a terminal repeats, and a stranger knocks, at whichever address answers. */
export interface Crossing {
  readonly sentBefore: SentBefore;
  readonly strangers: Strangers;
  readonly strangerSettings: StrangerSettings;
  /** Messages of terminals that are known, at work by terminal. */
  readonly terminals: Tally;
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
const MOST_PER_CERTIFICATE = 1_024;

/** Opens a TCP listener for one dialect. Every limit is per listener and comes from its settings. */
export async function openListener(ports: ListenerPorts): Promise<OpenListener> {
  const { settings, sockets, clock, service } = ports;
  const shared = sharedBy(ports);
  const { peerLog, refusals } = shared;
  const crowd = new Crowd<Peer>({
    connections: settings.maxConnections,
    strangersPerCircle: shared.strangerSettings.connectionsPerAddress,
  });
  const certificates = new Tally();
  const options: ListenOptions = {
    proxies: settings.proxyFrom,
    onRefused: (peer, reason) => peerLog.warn('listener.proxy-refused', hostOf(peer), { reason }),
  };
  const listener: Listener = await sockets.listen(
    settings,
    (connection) => accept(connection, { crowd, certificates, shared }),
    options,
  );
  return {
    name: settings.name,
    port: listener.address.port,
    connections: () => crowd.size,
    async close(graceMs) {
      const stopped = listener.close();
      refusals.flush();
      const drained = Promise.all([...crowd].map((peer) => peer.drain()));
      await Promise.race([drained, new Promise<void>((resolve) => clock.after(graceMs, resolve))]);
      for (const peer of crowd) peer.end();
      const lingering = clock.after(LINGER_MS, () => {
        for (const peer of crowd) peer.destroy();
      });
      await stopped;
      lingering.cancel();
      peerLog.close();
      service.close?.();
    },
  };
}

function sharedBy(ports: ListenerPorts): Shared {
  const { settings, clock, log, crossing = {} } = ports;
  const { strangerSettings = DEFAULT_STRANGERS } = crossing;
  return {
    ...ports,
    sentBefore: crossing.sentBefore ?? new SentBefore(clock),
    strangers: crossing.strangers ?? new Strangers(clock, strangerSettings),
    strangerSettings,
    terminals: crossing.terminals ?? new Tally(),
    arrivals: new Arrivals(ports.gate),
    peerLog: new PeerLog(settings.name, clock, log),
    refusals: new Refusals(clock),
  };
}

interface Room {
  readonly crowd: Crowd<Peer>;
  /** Connections by the certificate that they were made with. */
  readonly certificates: Tally;
  readonly shared: Shared;
}

const NOBODY: ConnectionHandlers = { onData() {}, onClose() {} };

function accept(connection: Connection, { crowd, certificates, shared }: Room): ConnectionHandlers {
  const { settings, peerLog, strangers } = shared;
  const { peer: address, peerCertificate } = connection;
  const circle = circleOf(address, peerCertificate);
  const refuse = (event: string) => {
    strangers.turnedAway.note(circle);
    peerLog.warn(event, hostOf(address));
    connection.destroy();
    return NOBODY;
  };
  if (!crowd.makeRoom(circle)) return refuse('listener.full');

  const { fingerprint } = peerCertificate ?? {};
  const most = settings.maxConnectionsPerCertificate ?? MOST_PER_CERTIFICATE;
  if (fingerprint && !certificates.enter(fingerprint, most)) return refuse('listener.certificate-full');

  const peer = new Peer(connection, shared, {
    proved: () => crowd.proved(peer),
    left() {
      crowd.left(peer);
      if (fingerprint) certificates.leave(fingerprint);
    },
  });
  crowd.add(peer, !peer.isKnown);
  if (peerCertificate) {
    peerLog.info('listener.peer-identified', hostOf(address), { ...peerCertificate });
  }
  return peer;
}
