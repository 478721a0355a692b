import type { Command } from 'commander';
import { developmentCertificates, readTlsMaterial } from '../../../certs/index.ts';
import { type Sockets, tcpSockets, tlsSockets } from '../../../runtime/index.ts';
import { SimulatorError } from '../../errors.ts';
import type { TerminalDialect } from '../profiles.ts';

const TLS_PORT = 8_587;
const TLS_DIALECT: TerminalDialect = 'iso87-ascii';

export interface TlsOptions {
  tls?: boolean;
  ca?: string;
  cert?: string;
  key?: string;
}

export function tlsOptions(command: Command): Command {
  const { caFile, certFile, keyFile } = defaults();
  return command
    .option('--tls', `speak mutual TLS; the default port of ${TLS_DIALECT} is then ${tlsPort()}`)
    .option('--ca <file>', `PEM: who may vouch for the switch; implies --tls; default: ${caFile}`)
    .option('--cert <file>', `PEM: the terminal's certificate; implies --tls; default: ${certFile}`)
    .option('--key <file>', `PEM: its private key; implies --tls; default: ${keyFile}`);
}

/** @throws {CertError} where a file cannot be used */
export function socketsFor(options: TlsOptions): Sockets {
  if (!wantsTls(options)) return tcpSockets;
  const { ca, cert, key } = options;
  const { caFile, certFile, keyFile } = defaults();
  const files = { caFile: ca ?? caFile, certFile: cert ?? certFile, keyFile: key ?? keyFile };
  return tlsSockets({ ...readTlsMaterial(files, { production: false }), requirePeerCertificate: true });
}

/** The port that `npm start` gives to TLS; undefined where it has none. */
export function defaultTlsPort(options: TlsOptions, dialect: TerminalDialect): number | undefined {
  return wantsTls(options) && dialect === TLS_DIALECT ? tlsPort() : undefined;
}

function tlsPort(): number {
  return configuredPort('SWITCH_PORT_TLS') ?? TLS_PORT;
}

/** A port by an environment variable; 0 lets the system choose, and nobody knows it before. @throws {SimulatorError} */
export function configuredPort(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === '' || text === '0') return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new SimulatorError('SIM_SETTING_INVALID', { setting: variable, expected: 'a port from 0 to 65535' });
}

/** A certificate that was given and not used would be a connection in clear that nobody wanted. */
function wantsTls({ tls, ca, cert, key }: TlsOptions): boolean {
  return tls === true || [ca, cert, key].some((file) => file !== undefined);
}

function defaults() {
  return developmentCertificates(process.env['DATA_DIR'] || '.data').terminal;
}
