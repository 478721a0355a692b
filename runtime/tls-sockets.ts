import { constants, type X509Certificate } from 'node:crypto';
import { isIP, type Socket, type Server as TcpServer } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { type Begun, type Handshake, oldestOfMost } from './begun-handshakes.ts';
import { type HandshakeDoor, queueAt, TOO_MANY } from './handshake-door.ts';
import {
  type Address,
  acceptingServer,
  attach,
  type Connection,
  type ConnectionHandlers,
  KEEP_ALIVE,
  type ListenOptions,
  listening,
  type PeerCertificate,
  peerOf,
  type Sockets,
} from './sockets.ts';

/** One end's identity and whom it trusts, all PEM. */
export interface TlsMaterial {
  /** The authorities that may vouch for a peer; the system's own are not consulted. */
  readonly ca: string;
  /** This end's certificate, followed by its intermediates. */
  readonly cert: string;
  readonly key: string;
}

export interface TlsOptions extends TlsMaterial {
  /** Whether a listener serves only peers that prove a certificate of `ca`. */
  readonly requirePeerCertificate: boolean;
  /** Default TLSv1.2; nothing older can be asked for. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** The DNS name or IP address that the server's certificate must carry. Default: the host connected to. */
  readonly servername?: string | undefined;
  /** From a connection to the end of its handshake. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Handshakes that a listener carries on at once, 1,024 by default. One more, and the address that has the most of
   * them loses its oldest.
   */
  readonly maxHandshakes?: number;
  /** Whom a listener asks before each of them; absent: all begin at once. */
  readonly door?: HandshakeDoor;
  /** Told of peers that a listener did not let in. */
  onRefused?(refusal: TlsRefusal): void;
}

export interface TlsRefusal {
  /** `address:port`, or `unknown` where the peer has gone already. */
  readonly peer: string;
  /** OpenSSL's or Node's code: CERT_HAS_EXPIRED, ERR_SSL_UNSUPPORTED_PROTOCOL, … */
  readonly reason: string;
  /** The certificate that did not convince, where one was shown. */
  readonly certificate?: PeerCertificate | undefined;
}

export interface TlsSockets extends Sockets {
  /**
   * Other material for every handshake from now on; connections already made stay as they are.
   * @throws OpenSSL's error where the material is unusable; the old stays in use
   */
  reload(material: TlsMaterial): void;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_HANDSHAKES = 1_024;

/** TLS 1.3, and of TLS 1.2 only what has forward secrecy and authenticated encryption (RFC 9325, section 4.2). */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':');

/** Every session begins with a full handshake: a resumed one would not look at the peer's certificate again. */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;

/**
 * TLS with the same face as `tcpSockets`. There is no way back to plain text: a connection opens after its
 * handshake or not at all.
 * @throws OpenSSL's error where the material is unusable
 */
export function tlsSockets(options: TlsOptions): TlsSockets {
  const servers = new Set<SecureServer>();
  let context = contextOf(options, options);
  let secureContext = createSecureContext(context);
  return {
    connect: (address, handlers) => connectSecurely(address, handlers, { ...options, secureContext }),
    async listen(address, accept, listenOptions) {
      const server = secureServer(context, options, accept, listenOptions);
      const listener = await listening(server.tcp, address);
      servers.add(server);
      return {
        address: listener.address,
        close() {
          servers.delete(server);
          server.abandonHandshakes();
          return listener.close();
        },
      };
    },
    reload(material) {
      const next = contextOf(material, options);
      secureContext = createSecureContext(next);
      context = next;
      for (const { tls } of servers) tls.setSecureContext(next);
    },
  };
}

type Context = ReturnType<typeof contextOf>;

/** What every TLS end of this project is held to, whoever opens its sockets. */
export function tlsStrength(minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2') {
  return { minVersion, ciphers: CIPHERS, honorCipherOrder: true, secureOptions: SECURE_OPTIONS } as const;
}

function contextOf({ ca, cert, key }: TlsMaterial, { minVersion }: TlsOptions) {
  return { ca, cert, key, ...tlsStrength(minVersion) } as const;
}

function connectSecurely(
  { host, port }: Address,
  handlers: ConnectionHandlers,
  options: TlsOptions & { secureContext: ReturnType<typeof createSecureContext> },
): Connection {
  const { secureContext, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const expected = options.servername ?? host;
  const socket = connect({
    host,
    port,
    secureContext,
    // RFC 6066, section 3: a literal address is no server name.
    servername: isIP(expected) ? '' : expected,
    checkServerIdentity: (_, certificate) => checkServerIdentity(expected, certificate),
    rejectUnauthorized: true,
  });
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE.keepAliveInitialDelay);
  const identity: Identity = { peer: `${host}:${port}` };
  const connection = attach(socket, identity, () => handlers);
  const late = setTimeout(
    () => socket.destroy(new Error(`no TLS handshake within ${handshakeTimeoutMs} ms`)),
    handshakeTimeoutMs,
  );
  socket.once('close', () => clearTimeout(late));
  socket.once('secureConnect', () => {
    clearTimeout(late);
    identity.peerCertificate = certificateOf(socket);
    handlers.onOpen?.();
  });
  return connection;
}

interface Identity {
  peer: string;
  peerCertificate?: PeerCertificate | undefined;
}

interface SecureServer {
  readonly tcp: TcpServer;
  readonly tls: Server;
  abandonHandshakes(): void;
}

type Accept = (connection: Connection) => ConnectionHandlers;

/** Connections are counted before TLS sees them, so that a flood of them costs no handshakes. */
function secureServer(
  context: Context,
  options: TlsOptions,
  accept: Accept,
  listenOptions: ListenOptions = {},
): SecureServer {
  const { maxHandshakes = MAX_HANDSHAKES, onRefused, door } = options;
  const begun = new Map<string, Begun>();
  const waiting = new Set<Socket>();
  let madeRoom = 0;
  const tls = createServer({
    ...context,
    handshakeTimeout: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    requestCert: options.requirePeerCertificate,
    // Whoever is not authorized is turned away by `admit`, where it can be said who that was.
    rejectUnauthorized: false,
  });
  tls.on('secureConnection', (socket) => {
    const known = begun.get(peerOf(socket));
    begun.delete(peerOf(socket));
    admit(socket, known, options, accept);
  });
  tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const known = begun.get(peerOf(socket));
    // Who had to make room was told of by name; here he has lost it already.
    if (!known && madeRoom > 0) madeRoom -= 1;
    else onRefused?.({ peer: known?.peer ?? peerOf(socket), reason: error.code ?? error.message });
    socket.destroy();
  });

  const makeRoom = () => {
    const oldest = oldestOfMost(begun.values());
    if (!oldest) return;
    madeRoom += 1;
    begun.delete(peerOf(oldest.socket));
    oldest.socket.destroy();
    onRefused?.({ peer: oldest.peer, reason: TOO_MANY });
  };
  const begin = (socket: Socket, peer: string, handshake?: Handshake) => {
    if (begun.size >= maxHandshakes) makeRoom();
    const own = peerOf(socket);
    begun.set(own, { socket, peer, handshake });
    socket.once('close', () => begun.delete(own));
    tls.emit('connection', socket);
  };
  const tcp = acceptingServer(
    (socket, peer) => {
      const refuse = (reason: string) => {
        onRefused?.({ peer, reason });
        socket.destroy();
      };
      if (door) queueAt(door, { socket, peer, waiting, begin, refuse });
      else begin(socket, peer);
    },
    {
      ...listenOptions,
      onRefused: (peer, reason) => onRefused?.({ peer, reason }),
    },
  );
  return {
    tcp,
    tls,
    abandonHandshakes() {
      for (const { socket } of begun.values()) socket.destroy();
      for (const socket of waiting) socket.destroy();
    },
  };
}

function admit(
  socket: TLSSocket,
  known: Begun | undefined,
  { requirePeerCertificate, onRefused }: TlsOptions,
  accept: Accept,
): void {
  const peer = known?.peer ?? peerOf(socket);
  const vouch = () => known?.handshake?.proved();
  if (!requirePeerCertificate) {
    attach(socket, { peer, vouch }, accept);
    return;
  }
  const certificate = certificateOf(socket);
  if (socket.authorized && certificate) {
    vouch();
    attach(socket, { peer, peerCertificate: certificate, vouch }, accept);
    return;
  }
  onRefused?.({ peer, reason: refusalOf(socket, certificate), certificate });
  socket.destroy();
}

function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  return { subject: certificate.subject.replaceAll('\n', ', '), fingerprint: certificate.fingerprint256 };
}

/** Node leaves OpenSSL's code there, whatever the type says. */
function refusalOf(socket: TLSSocket, certificate: PeerCertificate | undefined): string {
  if (!certificate) return 'NO_CERTIFICATE';
  const { authorizationError }: { authorizationError: Error | string | undefined } = socket;
  return String(authorizationError ?? 'NOT_AUTHORIZED');
}
