import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateFacts, daysLeft, factsOf, parseCertificates } from './certificate.ts';
import { CertError } from './errors.ts';
import { readLimited, unreadable } from './read-file.ts';

const CERTIFICATE_FILE = /\.(crt|cer|pem)$/i;
const PRIVATE_KEY = /-----BEGIN ([A-Z]{1,9} ){0,2}PRIVATE KEY-----/;
const MAX_FILES = 10_000;

export interface InventoryEntry extends CertificateFacts {
  /** Whole days until it expires; negative once it has. */
  readonly daysLeft: number;
}

export interface Inventory {
  /** The one that expires first stands first. */
  readonly certificates: readonly InventoryEntry[];
  /** Files that should hold certificates and cannot be read as such. */
  readonly unreadable: readonly CertError[];
  /** What has expired, or will before so many days have passed. */
  expiringWithin(days: number): InventoryEntry[];
}

/**
 * Every certificate in the `.crt`, `.cer` and `.pem` files of a folder; folders in it are not entered.
 * @param now milliseconds since the epoch
 * @throws {CertError} CERT_UNREADABLE where the folder cannot be listed, CERT_TOO_MANY
 */
export function inventory(directory: string, now: number): Inventory {
  const certificates: InventoryEntry[] = [];
  const failures: CertError[] = [];
  for (const file of certificateFiles(directory)) {
    try {
      for (const facts of certificatesOf(file)) {
        certificates.push({ ...facts, daysLeft: daysLeft(facts, now) });
      }
    } catch (error) {
      if (!(error instanceof CertError)) throw error;
      failures.push(error);
    }
  }
  certificates.sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
  return {
    certificates,
    unreadable: failures,
    expiringWithin: (days) => certificates.filter((entry) => entry.daysLeft < days),
  };
}

function certificateFiles(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => CERTIFICATE_FILE.test(name));
  } catch (error) {
    throw unreadable(directory, error);
  }
  if (names.length > MAX_FILES) {
    throw new CertError('CERT_TOO_MANY', `${directory}: ${names.length} files, limit ${MAX_FILES}`);
  }
  const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return names
    .sort()
    .map((name) => join(directory, name))
    .filter((path) => !isFolder(path));
}

function certificatesOf(file: string): CertificateFacts[] {
  const content = readLimited(file);
  try {
    return parseCertificates(content, file).map((certificate) => factsOf(certificate, file));
  } catch (error) {
    const isKeyFile = error instanceof CertError && error.code === 'CERT_NONE_FOUND';
    if (isKeyFile && PRIVATE_KEY.test(content.toString('latin1'))) return [];
    throw error;
  }
}
