import type { Codec, Framing } from '../../messages/index.ts';
import type { Clock, Connection, ConnectionHandlers, Listener, Log, Sockets } from '../../runtime/index.ts';
import type { Admitting } from '../admission/gate.ts';
import { hostOf, PeerLog } from '../admission/peer-log.ts';
import { Refusals } from '../admission/refusals.ts';
import { SentBefore } from '../admission/sent-before.ts';
import type { ListenerSettings } from '../config/settings.ts';
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
  /** The same for all of them: a terminal repeats at whichever address answers. */
  readonly sentBefore?: SentBefore;
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
  const { settings, sockets, clock, log, service } = ports;
  const peers = new Set<Peer>();
  const peerLog = new PeerLog(settings.name, clock, log);
  const refusals = new Refusals(clock);
  const shared: Shared = {
    ...ports,
    sentBefore: ports.sentBefore ?? new SentBefore(clock),
    peerLog,
    refusals,
  };
  const listener: Listener = await sockets.listen(settings, (connection) =>
    accept(connection, peers, shared),
  );
  return {
    name: settings.name,
    port: listener.address.port,
    connections: () => peers.size,
    async close(graceMs) {
      const stopped = listener.close();
      refusals.flush();
      const drained = Promise.all([...peers].map((peer) => peer.drain()));
      await Promise.race([drained, new Promise<void>((resolve) => clock.after(graceMs, resolve))]);
      for (const peer of peers) peer.end();
      const lingering = clock.after(LINGER_MS, () => {
        for (const peer of peers) peer.destroy();
      });
      await stopped;
      lingering.cancel();
      peerLog.close();
      service.close?.();
    },
  };
}

function accept(connection: Connection, peers: Set<Peer>, shared: Shared): ConnectionHandlers {
  const { settings, log, peerLog } = shared;
  const { peer: address, peerCertificate } = connection;
  if (peers.size >= settings.maxConnections) {
    peerLog.warn('listener.full', hostOf(address));
    connection.destroy();
    return { onData() {}, onClose() {} };
  }
  const peer = new Peer(connection, shared, () => peers.delete(peer));
  peers.add(peer);
  if (peerCertificate) {
    const event = 'listener.peer-identified';
    log.info({ event, listener: settings.name, peer: address, ...peerCertificate });
  }
  return peer;
}
