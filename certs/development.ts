import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../runtime/index.ts';
import { CertError } from './errors.ts';
import { type Issued, issue, type Purpose } from './issue.ts';
import { readPrivateKey, type TlsFiles } from './tls-material.ts';

const AUTHORITY_DAYS = 3_650;
const LEAF_DAYS = 397;
/** A certificate that has less left is replaced. */
const RENEWED_DAYS_BEFORE = 30;
const DAY_MS = 86_400_000;

const SERVER: Purpose = {
  role: 'server',
  dnsNames: ['localhost'],
  ipAddresses: ['127.0.0.1', '::1'],
};
const LEAVES = {
  server: { commonName: 'localhost', purpose: SERVER },
  terminal: { commonName: 'terminal or acquirer', purpose: { role: 'client' } },
  network: { commonName: 'switch as client of a network', purpose: { role: 'client' } },
} as const satisfies Record<string, { commonName: string; purpose: Purpose }>;

type Leaf = keyof typeof LEAVES;

/**
 * The material of each end of a development machine: the listener's, a terminal's, and the switch's own as a client.
 */
export type DevelopmentCertificates = Readonly<Record<Leaf, TlsFiles>>;

/** Where the development certificates of a data folder are, whether or not they exist. */
export function developmentCertificates(dataDir: string): DevelopmentCertificates {
  const file = (name: string) => join(dataDir, 'certs', name);
  const of = (leaf: Leaf): TlsFiles => ({
    caFile: file('ca.crt'),
    certFile: file(`${leaf}.crt`),
    keyFile: file(`${leaf}.key`),
  });
  return { server: of('server'), terminal: of('terminal'), network: of('network') };
}

/**
 * Makes what is missing, broken or about to expire of a development authority and the certificates it signs, under
 * `<dataDir>/certs`. Anybody who can read the folder can make more of them: they prove nothing to the outside.
 * @throws {CertError} CERT_DEVELOPMENT_ONLY where NODE_ENV is production
 */
export function ensureDevelopmentCertificates(
  dataDir: string,
  { clock = systemClock, environment = process.env }: { clock?: Clock; environment?: NodeJS.ProcessEnv } = {},
): DevelopmentCertificates {
  if (environment['NODE_ENV'] === 'production') throw new CertError('CERT_DEVELOPMENT_ONLY', dataDir);
  const now = clock.wall();
  mkdirSync(join(dataDir, 'certs'), { recursive: true, mode: 0o700 });
  const files = developmentCertificates(dataDir);
  const caFiles = { certFile: files.server.caFile, keyFile: join(dataDir, 'certs', 'ca.key') };
  const authority = { role: 'authority' } as const;
  const ca = ensure(caFiles, now, undefined, () =>
    issue({ commonName: 'development authority', purpose: authority, now, days: AUTHORITY_DAYS }),
  );
  for (const [leaf, { commonName, purpose }] of Object.entries(LEAVES)) {
    ensure(files[leaf as Leaf], now, ca, () =>
      issue({ commonName, purpose, now, days: LEAF_DAYS, issuer: ca }),
    );
  }
  return files;
}

type Pair = Pick<TlsFiles, 'certFile' | 'keyFile'>;

function ensure(files: Pair, now: number, ca: Issued | undefined, make: () => Issued): Issued {
  const present = readUsable(files, now, ca);
  if (present) return present;
  const made = make();
  replaceFile(files.keyFile, made.key, 0o600);
  replaceFile(files.certFile, made.cert, 0o644);
  return made;
}

/** The pair as it stands, unless something is missing, broken, foreign or about to expire. */
function readUsable({ certFile, keyFile }: Pair, now: number, ca: Issued | undefined): Issued | undefined {
  try {
    const cert = readFileSync(certFile, 'latin1');
    const certificate = new X509Certificate(cert);
    const key = readPrivateKey(keyFile);
    const issuer = ca ? new X509Certificate(ca.cert) : certificate;
    const isFresh = certificate.validToDate.getTime() - now > RENEWED_DAYS_BEFORE * DAY_MS;
    const isOurs = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    const isUsable = isFresh && isOurs && certificate.checkPrivateKey(key.object);
    return isUsable ? { cert, key: key.pem } : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and at no moment readable by others. */
function replaceFile(file: string, content: string, mode: number): void {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, content, { mode });
  renameSync(draft, file);
}
