import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { readProxyHeader, TrustedProxies } from './proxy-protocol.ts';
import { setUserTimeout } from './user-timeout.ts';

/** One end of a byte stream. After `onClose` nothing else is called. */
export interface Connection {
  /** Who is at the other end, for logs: `address:port`. */
  readonly peer: string;
  /** What the peer proved over TLS; absent on plain TCP, before `onOpen`, and where none was asked for. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** False once the peer is not draining its side: stop writing until `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once; what was not sent is lost. */
  destroy(): void;
  /** Stops and resumes reading: back-pressure on the peer. */
  pause(): void;
  resume(): void;
  /** Says that the peer has proven itself by other means than this connection's own. */
  vouch?(): void;
}

/** Who a verified X.509 certificate says it belongs to. */
export interface PeerCertificate {
  /** Attributes in the certificate's order: `O=…, CN=…`. */
  readonly subject: string;
  /** SHA-256 of the certificate: 32 upper-case hex pairs, colons between them. */
  readonly fingerprint: string;
}

export interface ConnectionHandlers {
  onOpen?(): void;
  onData(chunk: Buffer): void;
  onDrain?(): void;
  /** Called exactly once, also when a connection could not be made. `reason` is absent after an orderly end. */
  onClose(reason?: Error): void;
}

export interface Address {
  host: string;
  port: number;
}

export interface Listener {
  /** The bound address; the port is the real one where 0 was asked for. */
  readonly address: Address;
  /** Stops accepting; connections already made stay. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Whose PROXY protocol headers say who a peer is: each of their connections must begin with one. */
  readonly proxies?: readonly string[] | undefined;
  /** Told of connections that were closed before anybody was asked to accept them. @param peer `address:port` */
  onRefused?(peer: string, reason: string): void;
}

/** Sockets, handed in: TCP in service, a seeded in-memory network in simulation. */
export interface Sockets {
  connect(address: Address, handlers: ConnectionHandlers): Connection;
  /** @throws the system's error where the address cannot be bound */
  listen(
    address: Address,
    accept: (connection: Connection) => ConnectionHandlers,
    options?: ListenOptions,
  ): Promise<Listener>;
}

/**
 * When an idle connection is first probed by TCP. On Linux a probe a second follows, and the tenth that is not answered
 * ends it. It asks nobody while something that was written is unacknowledged: for that `setUserTimeout` stands.
 */
export const KEEP_ALIVE = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 5_000 } as const;

export const tcpSockets: Sockets = {
  connect(address, handlers) {
    const socket = netConnect({ host: address.host, port: address.port, ...KEEP_ALIVE });
    socket.on('connect', () => handlers.onOpen?.());
    return attach(socket, { peer: `${address.host}:${address.port}` }, () => handlers);
  },
  async listen(address, accept, options) {
    const server = acceptingServer((socket, peer) => attach(socket, { peer }, accept), options);
    return listening(server, address);
  },
};

/** A TCP server that knows who its peers are: by their address, or by the word of a proxy that is trusted. */
export function acceptingServer(
  accept: (socket: Socket, peer: string) => void,
  { proxies = [], onRefused }: ListenOptions = {},
): Server {
  const trusted = proxies.length > 0 ? new TrustedProxies(proxies) : undefined;
  return createServer(KEEP_ALIVE, (socket) => {
    setUserTimeout(socket);
    const own = peerOf(socket);
    if (!trusted?.includes(socket)) {
      accept(socket, own);
      return;
    }
    const refused = (reason: string) => onRefused?.(own, reason);
    readProxyHeader(socket, (peer = own) => accept(socket, peer), refused);
  });
}

export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`;
}

/** A socket as a connection. The caller tells `onOpen`, since only it knows when the socket may be trusted. */
export function attach(
  socket: Socket,
  identity: Pick<Connection, 'peer' | 'peerCertificate' | 'vouch'>,
  handlersFor: (connection: Connection) => ConnectionHandlers,
): Connection {
  const connection: Connection = Object.assign(identity, {
    write: (bytes: Uint8Array) => writeCorked(socket, bytes),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  });
  const handlers = handlersFor(connection);
  let failure: Error | undefined;
  socket.on('data', (chunk: Buffer) => handlers.onData(chunk));
  socket.on('drain', () => handlers.onDrain?.());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => handlers.onClose(failure));
  return connection;
}

/** All writes of one turn of the event loop leave in one system call. */
function writeCorked(socket: Socket, bytes: Uint8Array): boolean {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(uncork, socket);
  }
  return socket.write(bytes);
}

function uncork(socket: Socket): void {
  socket.uncork();
}

/** @throws the system's error where the address cannot be bound */
export async function listening(server: Server, address: Address): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    address: { host: address.host, port },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
