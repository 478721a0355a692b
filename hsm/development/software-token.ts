import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HsmError } from '../errors.ts';

const DEVELOPMENT_TOKEN_LABEL = 'etika-development';

/** The label softokn gives its key database; it cannot be chosen. */
const SOFTOKN_LABEL = 'NSS Certificate DB';

const SOFTOKN_PATHS = [
  '/usr/lib/x86_64-linux-gnu/libsoftokn3.so',
  '/usr/lib/aarch64-linux-gnu/libsoftokn3.so',
  '/usr/lib64/libsoftokn3.so',
  '/usr/lib/libsoftokn3.so',
];

/** The path of NSS softokn (Debian: package libnss3), where it is installed. */
export function findSoftokn(): string | undefined {
  return SOFTOKN_PATHS.find((path) => existsSync(path));
}

export type SoftwareToken = 'softhsm' | 'nss';

/** The environment of a process that uses the token in `tokenDir`. @throws HSM_SETTINGS_INVALID */
export function tokenEnvironment(
  kind: SoftwareToken,
  tokenDir: string,
  pinFile: string,
): Record<string, string> {
  return kind === 'softhsm' ? softHsmEnvironment(tokenDir, pinFile) : softoknEnvironment(tokenDir, pinFile);
}

/** Writes what a module wants to find in `where`, for a token that lies, or will lie, in `tokenDir`. */
export function writeConfiguration(kind: SoftwareToken, where: string, tokenDir: string): void {
  mkdirSync(where, { recursive: true, mode: 0o700 });
  if (kind === 'softhsm') writeSoftHsmConfiguration(where, tokenDir);
}

function softHsmEnvironment(tokenDir: string, pinFile: string): Record<string, string> {
  return {
    SOFTHSM2_CONF: configurationOf(tokenDir),
    HSM_TOKEN_LABEL: DEVELOPMENT_TOKEN_LABEL,
    HSM_PIN_FILE: pinFile,
  };
}

/** @throws HSM_SETTINGS_INVALID where softokn is not installed */
function softoknEnvironment(tokenDir: string, pinFile: string): Record<string, string> {
  const modulePath = findSoftokn();
  if (modulePath === undefined) {
    throw new HsmError('HSM_SETTINGS_INVALID', 'NSS softokn is not installed (Debian: libnss3)');
  }
  return {
    PKCS11_MODULE: modulePath,
    PKCS11_PARAMETERS: `configdir='sql:${tokenDir}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`,
    HSM_TOKEN_LABEL: SOFTOKN_LABEL,
    HSM_PIN_FILE: pinFile,
  };
}

function writeSoftHsmConfiguration(where: string, tokenDir: string): void {
  mkdirSync(join(where, 'objects'), { recursive: true, mode: 0o700 });
  const lines = [
    `directories.tokendir = ${join(tokenDir, 'objects')}`,
    'objectstore.backend = file',
    'log.level = ERROR',
  ];
  writeFileSync(configurationOf(where), `${lines.join('\n')}\n`);
}

function configurationOf(tokenDir: string): string {
  return join(tokenDir, 'softhsm2.conf');
}

export function writeUserPin(pinFile: string): void {
  mkdirSync(dirname(pinFile), { recursive: true, mode: 0o700 });
  const descriptor = openSync(pinFile, 'w', 0o600);
  writeFileSync(descriptor, `${randomBytes(16).toString('hex')}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Files for a token of this kind in an empty directory, and the environment to use it; it has no keys yet. */
export function prepareEmptyToken(kind: SoftwareToken, directory: string): Record<string, string> {
  const pinFile = join(directory, 'user-pin');
  writeUserPin(pinFile);
  writeConfiguration(kind, directory, directory);
  return tokenEnvironment(kind, directory, pinFile);
}
