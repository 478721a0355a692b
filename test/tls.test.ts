import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type DevelopmentCertificates,
  ensureDevelopmentCertificates,
  readTlsMaterial,
  type TlsFiles,
} from '../certs/index.ts';
import {
  type Address,
  type Connection,
  type Listener,
  type PeerCertificate,
  type Sockets,
  tcpSockets,
  tlsSockets,
} from '../runtime/index.ts';
import { createTerminal, openRecords, type Terminal } from '../simulators/index.ts';
import { developmentSettings } from '../switch/config/development.ts';
import type { Settings } from '../switch/config/settings.ts';
import type { NodeStatus } from '../switch/index.ts';
import { type House, startHouse } from './support/house.ts';
import { waitUntil } from './support/wait-until.ts';

const ROOT = join(import.meta.dirname, '..');
const ORDER = { amount: 2_500, currency: '978', card: '4242424242424242', pin: '1234' };

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
const certificates = ensureDevelopmentCertificates(join(folder, 'own'));
const strangers = ensureDevelopmentCertificates(join(folder, 'strangers'));
/** The listener's files, which a test may replace. */
const served = copyOf(certificates, 'served');

let network: SecuredNetwork;
let house: House;
beforeAll(async () => {
  network = await secureNetwork();
  house = await startHouse({ settings: withTls });
});
afterAll(async () => {
  await house?.close();
  await network?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One listener more, over mutual TLS, and the Visa link over TLS as well. */
function withTls(settings: Settings): Settings {
  const [plain] = settings.listeners;
  if (!plain) throw new Error('the development switch has no listener');
  const tls = { ...served, requireClientCertificate: true };
  return {
    ...settings,
    listeners: [...settings.listeners, { ...plain, name: 'terminals-tls', port: 0, tls }],
    networks: settings.networks.map((each) => {
      if (each.name !== 'visa') return each;
      network.leadsTo({ host: each.host, port: each.port });
      return { ...each, ...network.address, tls: { ...certificates.network, serverName: 'localhost' } };
    }),
  };
}

interface SecuredNetwork {
  readonly address: Address;
  readonly callers: (PeerCertificate | undefined)[];
  leadsTo(simulator: Address): void;
  close(): Promise<void>;
}

/** Ends TLS in front of a network's simulator. */
async function secureNetwork(): Promise<SecuredNetwork> {
  let simulator: Address | undefined;
  const callers: (PeerCertificate | undefined)[] = [];
  const open = new Set<Connection>();
  const listener: Listener = await socketsWith(certificates.server).listen(
    { host: '127.0.0.1', port: 0 },
    (caller) => {
      if (!simulator) throw new Error('the simulator is not known yet');
      callers.push(caller.peerCertificate);
      open.add(caller);
      const host = tcpSockets.connect(simulator, {
        onData: (chunk) => caller.write(chunk),
        onClose: () => caller.destroy(),
      });
      return {
        onData: (chunk) => host.write(chunk),
        onClose() {
          open.delete(caller);
          host.destroy();
        },
      };
    },
  );
  return {
    address: listener.address,
    callers,
    leadsTo(address) {
      simulator ??= address;
    },
    close() {
      for (const connection of open) connection.destroy();
      return listener.close();
    },
  };
}

function socketsWith(files: TlsFiles): Sockets {
  const material = readTlsMaterial(files, { production: false });
  return tlsSockets({ ...material, requirePeerCertificate: true });
}

function copyOf({ server }: DevelopmentCertificates, name: string): TlsFiles {
  const files = {
    caFile: join(folder, `${name}-ca.crt`),
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  };
  putInPlace(server, files);
  return files;
}

function putInPlace(from: TlsFiles, to: TlsFiles): void {
  for (const file of ['caFile', 'certFile', 'keyFile'] as const) copyFileSync(from[file], to[file]);
}

async function tlsPort(): Promise<number> {
  const { listeners } = (await (
    await fetch(`http://127.0.0.1:${house.ports().status}/status`)
  ).json()) as NodeStatus;
  return listeners.find(({ name }) => name === 'terminals-tls')?.port ?? 0;
}

/** A terminal at the TLS port; closed when the test is over. */
async function terminalWith(sockets: Sockets): Promise<Terminal> {
  const records = await openRecords(mkdtempSync(join(folder, 'records-')));
  const address = { host: '127.0.0.1', port: await tlsPort() };
  const terminal = createTerminal({ dialect: 'iso87-ascii', address, records, sockets, timeoutMs: 3_000 });
  onTestFinished(() => {
    terminal.close();
    return records.ledger.close();
  });
  return terminal;
}

const log = () =>
  house
    .switchLog()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const logged = (event: string) => log().filter((line) => line['event'] === event);

describe('a purchase over mutual TLS', () => {
  it('goes from the terminal to the network and back, both ends of both lines proved', async () => {
    const terminal = await terminalWith(socketsWith(certificates.terminal));
    const exchange = await terminal.purchase(ORDER);
    expect(exchange).toMatchObject({ approved: true, code: '00', macVerified: true });

    const { rows } = await house.visa.ledger({ rrn: exchange.rrn ?? '' });
    expect(rows).toMatchObject([{ kind: 'authorised', code: '00', amount: 2_500 }]);
    const callers = new Set(network.callers.map((caller) => caller?.subject)); // the switch, and its worker
    expect([...callers]).toEqual(['O=Etika development only, CN=switch as client of a network']);
    expect(logged('listener.peer-identified').at(-1)).toMatchObject({
      listener: 'terminals-tls',
      subject: 'O=Etika development only, CN=terminal or acquirer',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}/),
    });
  });

  it('still needs the right MAC: TLS says which machine speaks, not which terminal', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(ROOT, 'deploy/cli/etika-switch.js'),
      'terminal',
      'send',
      join(ROOT, 'simulators/terminal/samples/iso87-ascii-wrong-mac.hex'),
      '--port',
      String(await tlsPort()),
      '--json',
      '--expect',
      '63',
      '--ca',
      certificates.terminal.caFile,
      '--cert',
      certificates.terminal.certFile,
      '--key',
      certificates.terminal.keyFile,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ de39: '63' });
  });
});

describe('whoever does not prove who he is', () => {
  const authorised = async () => (await house.visa.ledger({ kind: 'authorised' })).rows.length;
  const refusals = () => logged('tls.refused').length;

  it.each([
    ['speaks plain ISO 8583', tcpSockets, 'ERR_SSL_'],
    ['has a certificate of another authority', socketsWith(mixed(strangers, certificates)), 'UNABLE_TO'],
    ['shows a server’s certificate as a client', socketsWith(certificates.server), 'INVALID_PURPOSE'],
  ])('and %s is not heard, and the next one is served', async (_, sockets, reason) => {
    const [rowsBefore, refusalsBefore] = [await authorised(), refusals()];
    const exchange = await (await terminalWith(sockets)).purchase(ORDER);
    expect(exchange).toMatchObject({ approved: false, outcome: 'unanswered' });
    await waitUntil(async () => refusals() > refusalsBefore);
    expect(logged('tls.refused').at(-1)?.['reason']).toContain(reason);
    expect(await authorised()).toBe(rowsBefore);
    const honest = await terminalWith(socketsWith(certificates.terminal));
    expect(await honest.purchase(ORDER)).toMatchObject({ approved: true });
  });
});

describe('OpenSSL’s own client', () => {
  const sClient = async (...options: string[]) => {
    const { caFile, certFile, keyFile } = certificates.terminal;
    const end = ['-connect', `127.0.0.1:${await tlsPort()}`, '-CAfile', caFile, '-verify_ip', '127.0.0.1'];
    const identity = ['-cert', certFile, '-key', keyFile];
    const { stdout, stderr } = spawnSync('openssl', ['s_client', ...end, ...identity, ...options], {
      input: '',
      encoding: 'utf8',
      timeout: 10_000,
    });
    return stdout + stderr;
  };

  it.each(['TLSv1.2', 'TLSv1.3'])('is served over %s with forward secrecy', async (version) => {
    const said = await sClient(`-${version.toLowerCase().replace('v', '').replace('.', '_')}`);
    expect(said).toContain('Verify return code: 0 (ok)');
    expect(said).toMatch(new RegExp(`New, ${version.replace('.', '\\.')}, Cipher is (ECDHE|TLS)_?`));
  });

  it.each(['-tls1', '-tls1_1'])('is refused over %s', async (version) => {
    const said = await sClient(version, '-cipher', 'DEFAULT@SECLEVEL=0');
    expect(said).toContain('alert protocol version');
    expect(said).toContain('Cipher is (NONE)');
  });
});

describe('SIGHUP after the files were replaced', () => {
  const hangUp = async (event: string) => {
    const before = logged(event).length;
    process.kill(house.switchPid(), 'SIGHUP');
    await waitUntil(async () => logged(event).length > before);
  };

  it('gives new connections the new certificate, and leaves the old ones in the middle of their work', async () => {
    const early = await terminalWith(socketsWith(certificates.terminal));
    expect(await early.purchase(ORDER)).toMatchObject({ approved: true });

    putInPlace(strangers.server, served);
    const inFlight = early.purchase(ORDER);
    await hangUp('tls.reloaded');
    expect(await inFlight).toMatchObject({ approved: true });
    expect(await early.purchase(ORDER)).toMatchObject({ approved: true });

    const late = await terminalWith(socketsWith(certificates.terminal));
    expect(await late.purchase(ORDER)).toMatchObject({ approved: false, outcome: 'unanswered' });
    const newcomer = await terminalWith(socketsWith(strangers.terminal));
    expect(await newcomer.purchase(ORDER)).toMatchObject({ approved: true });

    putInPlace(certificates.server, served);
    await hangUp('tls.reloaded');
    const again = await terminalWith(socketsWith(certificates.terminal));
    expect(await again.purchase(ORDER)).toMatchObject({ approved: true });
  });

  it('changes nothing where they do not fit together, and says why', async () => {
    copyFileSync(certificates.terminal.keyFile, served.keyFile);
    await hangUp('tls.reload-failed');
    expect(JSON.stringify(logged('tls.reload-failed').at(-1))).toContain('CERT_KEY_MISMATCH');
    const terminal = await terminalWith(socketsWith(certificates.terminal));
    expect(await terminal.purchase(ORDER)).toMatchObject({ approved: true });
    putInPlace(certificates.server, served);
  });
});

it('in production a node does not start with a listener in plain text off loopback', () => {
  const file = join(folder, 'production.json');
  const counterparts = {
    databaseUrl: 'postgres://127.0.0.1:9/x',
    hsmSocketPath: join(folder, 'absent.sock'),
    visa: { host: '127.0.0.1', port: 9 },
    popUrl: 'http://127.0.0.1:9/api/v1',
  };
  writeFileSync(file, JSON.stringify(developmentSettings(counterparts)));
  const env = { ...process.env, NODE_ENV: 'production', SWITCH_SETTINGS_FILE: file };
  const options = { env, encoding: 'utf8', timeout: 15_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'switch/main.ts')], options);
  expect(status).toBe(1);
  expect(stderr).toContain('SW_SETTINGS');
  expect(stderr).toContain('/listeners/0/tls: off loopback TLS is required in production');
  expect(stderr).toContain('/listeners/1/tls');
  expect(stderr).not.toContain('/listeners/2');
});

/** The identity of one, the authority of the other: to be refused by the server and not by oneself. */
function mixed(identity: DevelopmentCertificates, trusted: DevelopmentCertificates): TlsFiles {
  return { ...identity.terminal, caFile: trusted.terminal.caFile };
}

it('no private key is in the log', () => {
  for (const { keyFile } of [certificates.server, certificates.network, strangers.server]) {
    const [, line = 'no key'] = readFileSync(keyFile, 'utf8').split('\n');
    expect(house.switchLog()).not.toContain(line);
  }
});
