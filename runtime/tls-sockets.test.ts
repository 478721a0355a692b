import { connect as plainConnect, type Socket } from 'node:net';
import { connect as bareConnect, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { expired, type TestAuthority, testAuthority } from '../certs/testing.ts';
import type { Connection, Listener } from './sockets.ts';
import { tcpSockets } from './sockets.ts';
import {
  type TlsMaterial,
  type TlsOptions,
  type TlsRefusal,
  type TlsSockets,
  tlsSockets,
} from './tls-sockets.ts';

let authority: TestAuthority;
let stranger: TestAuthority;
let server: TlsMaterial;
let client: TlsMaterial;
beforeAll(() => {
  authority = testAuthority();
  stranger = testAuthority('stranger');
  server = authority.server();
  client = authority.client({ commonName: 'TERM0001' });
});

const leftOpen: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of leftOpen.splice(0).reverse()) await close();
});

interface EchoServer {
  port: number;
  accepted: Connection[];
  refusals: TlsRefusal[];
  sockets: TlsSockets;
  listener: Listener;
}

/** Says back what it hears, to whom it lets in. */
async function echoServer(options: Partial<TlsOptions> = {}): Promise<EchoServer> {
  const accepted: Connection[] = [];
  const refusals: TlsRefusal[] = [];
  const sockets = tlsSockets({
    ...server,
    requirePeerCertificate: true,
    onRefused: (refusal) => refusals.push(refusal),
    ...options,
  });
  const listener = await sockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    accepted.push(connection);
    return { onData: (chunk) => connection.write(chunk), onClose() {} };
  });
  leftOpen.push(() => {
    for (const connection of accepted) connection.destroy();
    return listener.close();
  });
  return { port: listener.address.port, accepted, refusals, sockets, listener };
}

interface Outcome {
  connection: Connection;
  opened: boolean;
  heard: string;
  closed: boolean;
  reason: string | undefined;
}

/** Connects, says something, and keeps account of what comes of it. */
function speak(port: number, options: Partial<TlsOptions> = {}): Outcome {
  const sockets = tlsSockets({ ...client, requirePeerCertificate: true, ...options });
  const outcome: Outcome = {
    opened: false,
    heard: '',
    closed: false,
    reason: undefined,
    connection: sockets.connect(
      { host: '127.0.0.1', port },
      {
        onOpen() {
          outcome.opened = true;
          outcome.connection.write(Buffer.from('hello'));
        },
        onData(chunk) {
          outcome.heard += chunk.toString();
        },
        onClose(reason) {
          outcome.closed = true;
          outcome.reason = (reason as NodeJS.ErrnoException | undefined)?.code ?? reason?.message;
        },
      },
    ),
  };
  leftOpen.push(() => outcome.connection.destroy());
  return outcome;
}

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 5 });
const hears = (outcome: Outcome, text = 'hello') => until(() => expect(outcome.heard).toBe(text));
const closes = (outcome: Outcome) => until(() => expect(outcome.closed).toBe(true));

describe('two ends that trust each other', () => {
  test('talk, and each knows the certificate of the other', async () => {
    const { accepted, port } = await echoServer();
    const outcome = speak(port);
    await hears(outcome);
    expect(accepted[0]?.peerCertificate).toMatchObject({
      subject: 'O=Etika development only, CN=TERM0001',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(outcome.connection.peerCertificate?.subject).toContain('CN=server');
    expect(outcome.connection.peer).toBe(`127.0.0.1:${port}`);
    expect(accepted[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('the name to look for in the certificate can be another than the host', async () => {
    const { port } = await echoServer(authority.server({ dnsNames: ['switch.test'], ipAddresses: [] }));
    await hears(speak(port, { servername: 'switch.test' }));
  });

  test('bytes written before the handshake is over go out after it, encrypted', async () => {
    const { port } = await echoServer();
    const outcome = speak(port);
    outcome.connection.write(Buffer.from('early '));
    await hears(outcome, 'early hello');
  });

  test('a listener that asks for no certificate serves whoever speaks TLS', async () => {
    const { accepted, port } = await echoServer({ requirePeerCertificate: false });
    await hears(speak(port, { ...stranger.client(), ca: authority.cert }));
    expect(accepted[0]?.peerCertificate).toBeUndefined();
  });

  test('a second visit begins with a full handshake, so that the certificate is looked at again', async () => {
    const { port } = await echoServer();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options: ConnectionOptions = { ...client, host: '127.0.0.1', port, maxVersion };
      let session: Buffer | undefined;
      const first = await bare({ ...options }, (socket) => {
        session = socket.getSession();
      });
      expect(first.heard).toBe('hello');
      const second = await bare(session ? { ...options, session } : options);
      expect(second).toMatchObject({ heard: 'hello', reused: false });
    }
  });
});

describe('a listener does not let in', () => {
  const refused = async (options: Partial<TlsOptions>, reason: string, common?: string) => {
    const { accepted, port, refusals } = await echoServer();
    const outcome = speak(port, options);
    await closes(outcome);
    await until(() => expect(refusals).toHaveLength(1));
    expect(refusals[0]).toMatchObject({ reason, peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(refusals[0]?.certificate?.subject).toBe(common && `O=Etika development only, CN=${common}`);
    expect(outcome.heard).toBe('');
    expect(accepted).toEqual([]);
  };

  test('a client whose certificate has expired', () =>
    refused(authority.client({ commonName: 'old', ...expired() }), 'CERT_HAS_EXPIRED', 'old'));

  test('a client whose certificate is not valid yet', () =>
    refused(
      authority.client({ commonName: 'early', now: Date.now() + 86_400_000 }),
      'CERT_NOT_YET_VALID',
      'early',
    ));

  test('a client whose certificate another authority has signed', () =>
    refused({ ...stranger.client(), ca: authority.cert }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'client'));

  test('a client that shows a certificate for servers', () =>
    refused({ ...authority.server(), ca: authority.cert }, 'INVALID_PURPOSE', 'server'));

  test('a client that shows no certificate', async () => {
    const { accepted, port, refusals } = await echoServer();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await bare({ ca: authority.cert, host: '127.0.0.1', port, maxVersion })).toMatchObject({
        heard: '',
      });
    }
    await until(() => expect(refusals).toHaveLength(2));
    expect(refusals.map(({ reason }) => reason)).toEqual(['NO_CERTIFICATE', 'NO_CERTIFICATE']);
    expect(accepted).toEqual([]);
  });

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s', async (version) => {
    const { accepted, port, refusals } = await echoServer();
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const outcome = await bare({ ...client, ...old, host: '127.0.0.1', port });
    expect(outcome).toMatchObject({ heard: '', reason: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    expect(refusals.map(({ reason }) => reason)).toEqual(['ERR_SSL_UNSUPPORTED_PROTOCOL']);
    expect(accepted).toEqual([]);
  });

  test('TLS 1.2 where 1.3 is asked for', async () => {
    const { port, refusals } = await echoServer({ minVersion: 'TLSv1.3' });
    const options: ConnectionOptions = { ...client, host: '127.0.0.1', port };
    expect(await bare({ ...options, maxVersion: 'TLSv1.2' })).toMatchObject({ heard: '' });
    expect(refusals.map(({ reason }) => reason)).toEqual(['ERR_SSL_UNSUPPORTED_PROTOCOL']);
    expect(await bare(options)).toMatchObject({ heard: 'hello' });
  });

  test('a cipher suite without forward secrecy', async () => {
    const { port, refusals } = await echoServer();
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const;
    expect(await bare({ ...client, ...weak, host: '127.0.0.1', port })).toMatchObject({ heard: '' });
    expect(refusals.map(({ reason }) => reason)).toEqual(['ERR_SSL_NO_SHARED_CIPHER']);
  });

  test.each([
    ['a plain ISO 8583 message', Buffer.from('00160800822000000000000004', 'latin1')],
    ['random-looking bytes', Buffer.alloc(4_096, 0xa5)],
    ['the beginning of a handshake and then nonsense', Buffer.from(`160301${'ff'.repeat(300)}`, 'hex')],
  ])('%s', async (_, bytes) => {
    const { accepted, port, refusals } = await echoServer();
    const heard = await plain(port, bytes);
    expect(heard.subarray(0, 1).toString('hex')).toMatch(/^(15)?$/); // nothing, or a TLS alert
    await until(() => expect(refusals).toHaveLength(1));
    expect(accepted).toEqual([]);
    await hears(speak(port));
  });

  test('a peer that connects and says nothing: it is hung up on in time, and others are served meanwhile', async () => {
    const { port, refusals } = await echoServer({ handshakeTimeoutMs: 200 });
    const silent = plain(port, Buffer.alloc(0));
    await hears(speak(port));
    expect(await silent).toHaveLength(0);
    expect(refusals.map(({ reason }) => reason)).toEqual(['ERR_TLS_HANDSHAKE_TIMEOUT']);
  });

  test('the oldest of too many handshakes that do not end, so that others begin theirs', async () => {
    const { port, refusals } = await echoServer({ maxHandshakes: 1 });
    const holder = plainConnect(port, '127.0.0.1');
    leftOpen.push(() => holder.destroy());
    holder.resume();
    await new Promise((resolve) => holder.once('connect', resolve));
    await hears(speak(port));
    expect(await ended(holder)).toBe(true);
    await until(() => expect(refusals.map(({ reason }) => reason)).toEqual(['TOO_MANY_HANDSHAKES']));
  });
});

describe('a client does not talk to', () => {
  const refused = async (material: TlsMaterial, reason: string, options: Partial<TlsOptions> = {}) => {
    const { port } = await echoServer({ ...material, ca: authority.cert });
    const outcome = speak(port, options);
    await closes(outcome);
    expect(outcome).toMatchObject({ opened: false, heard: '', reason });
  };

  test('a server whose certificate has expired', () =>
    refused(authority.server(undefined, expired()), 'CERT_HAS_EXPIRED'));

  test('a server whose certificate another authority has signed', () =>
    refused(stranger.server(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'));

  test('a server whose certificate is for another name', () =>
    refused(
      authority.server({ dnsNames: ['other.test'], ipAddresses: ['10.0.0.1'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ));

  test('a server that has not the name which was asked for', () =>
    refused(server, 'ERR_TLS_CERT_ALTNAME_INVALID', { servername: 'switch.test' }));

  test('a server that shows a certificate for clients', () => refused(authority.client(), 'INVALID_PURPOSE'));

  test('a server that speaks plain text', async () => {
    const heardByServer: Buffer[] = [];
    const listener = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      connection.write(Buffer.from('0016 plain'));
      return { onData: (chunk) => heardByServer.push(chunk), onClose() {} };
    });
    leftOpen.push(() => listener.close());
    const outcome = speak(listener.address.port);
    await closes(outcome);
    expect(outcome).toMatchObject({ opened: false, heard: '', reason: 'ERR_SSL_WRONG_VERSION_NUMBER' });
    expect(Buffer.concat(heardByServer).toString('latin1')).not.toContain('hello');
  });

  test('a server that never answers its handshake', async () => {
    const listener = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, () => ({
      onData() {},
      onClose() {},
    }));
    leftOpen.push(() => listener.close());
    const outcome = speak(listener.address.port, { handshakeTimeoutMs: 100 });
    await closes(outcome);
    expect(outcome).toMatchObject({ opened: false, reason: 'no TLS handshake within 100 ms' });
  });
});

describe('other material', () => {
  test('serves whoever comes next and leaves who is connected in peace', async () => {
    const { port, sockets, accepted } = await echoServer();
    const before = speak(port);
    await hears(before);

    const renewed = authority.server(undefined, { commonName: 'renewed server' });
    sockets.reload(renewed);
    const after = speak(port);
    await hears(after);
    expect(after.connection.peerCertificate?.subject).toContain('CN=renewed server');

    before.connection.write(Buffer.from(' still here'));
    await hears(before, 'hello still here');
    expect(before.connection.peerCertificate?.subject).toContain('CN=server');
    expect(accepted).toHaveLength(2);
  });

  test('of another authority keeps out who was let in before, and lets in the others', async () => {
    const { port, sockets, refusals } = await echoServer();
    await hears(speak(port));
    sockets.reload(stranger.server());
    await closes(speak(port, { ca: stranger.cert }));
    await until(() => expect(refusals).toHaveLength(1));
    await hears(speak(port, stranger.client()));
  });

  test('is used by a client for its next connection', async () => {
    const { port, accepted } = await echoServer();
    const sockets = tlsSockets({ ...client, requirePeerCertificate: true });
    const connect = async () => {
      const opened = Promise.withResolvers<void>();
      const connection = sockets.connect(
        { host: '127.0.0.1', port },
        { onOpen: opened.resolve, onData() {}, onClose() {} },
      );
      leftOpen.push(() => connection.destroy());
      await opened.promise;
    };
    await connect();
    sockets.reload(authority.client({ commonName: 'renewed' }));
    await connect();
    await until(() => expect(accepted).toHaveLength(2));
    expect(accepted.map(({ peerCertificate }) => peerCertificate?.subject)).toEqual([
      expect.stringContaining('CN=TERM0001'),
      expect.stringContaining('CN=renewed'),
    ]);
  });

  test('that is unusable changes nothing', async () => {
    const { port, sockets } = await echoServer();
    expect(() => sockets.reload({ ...server, key: client.key })).toThrow('key values mismatch');
    expect(() => sockets.reload({ ...server, cert: 'no PEM' })).toThrow();
    await hears(speak(port));
  });
});

test('closing a listener does not wait for peers that are still shaking hands', async () => {
  const { port, listener } = await echoServer({ handshakeTimeoutMs: 60_000 });
  const silent = plainConnect(port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  silent.resume();
  await listener.close();
  expect(silent.destroyed || silent.readableEnded || (await ended(silent))).toBe(true);
});

function ended(socket: Socket): Promise<boolean> {
  if (socket.closed) return Promise.resolve(true);
  return new Promise((resolve) => socket.once('close', () => resolve(true)));
}

/** Sends bytes over plain TCP and gives what comes back until the other side closes. */
function plain(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = plainConnect(port, '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('data', (chunk) => heard.push(chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(heard))));
}

interface BareOutcome {
  heard: string;
  reason: string | undefined;
  reused: boolean;
}

/** Node's own TLS client, to do what ours would not. It hangs up on the first answer. */
function bare(
  options: ConnectionOptions,
  onHeard: (socket: ReturnType<typeof bareConnect>) => void = () => {},
) {
  const outcome: BareOutcome = { heard: '', reason: undefined, reused: false };
  const socket = bareConnect({ ...options, servername: '' }, () => socket.write('hello'));
  socket.on('data', (chunk) => {
    outcome.heard += chunk.toString();
    outcome.reused = socket.isSessionReused();
    onHeard(socket);
    socket.end();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    outcome.reason = error.code;
  });
  return new Promise<BareOutcome>((resolve) => socket.once('close', () => resolve(outcome)));
}
