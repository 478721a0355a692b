import { timingSafeEqual } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';
import { provenKcv } from '../keys/proven-kcv.ts';
import { AUDIT_KEY, fingerprintOf } from '../keys/signing-keys.ts';
import { agreed } from './agreed.ts';
import type { Station } from './station.ts';
import type { Terminal } from './terminal.ts';

/** Every key of a token by name and KCV: proof that two tokens hold the same keys, without showing any. */
interface Manifest {
  time: string;
  /** `kcv` of a key pair is the SHA-256 of its public key. */
  keys: { label: string; usage: string; algorithm: string; kcv: string }[];
  /** Hex HMAC-SHA256 under the token's sealing key: a restored token proves with it that it is the same. */
  seal: string;
}

const MANIFEST = 'manifest.json';
const TOKEN_COPY = 'token';

/** Two custodians agree to what leaves, though it is sealed: whoever has it and the user PIN has the token. */
export function backUpTogether(
  station: Station,
  terminal: Terminal,
  { folder, tokenFolder }: { folder: string; tokenFolder: string | undefined },
): Promise<number> {
  return agreed({ station, terminal, action: 'backup', facts: { folder } }, async (confirm) => {
    await confirm(tokenFolder === undefined ? `list all keys in ${folder}` : `copy the token to ${folder}`);
    const keys = backUp(station, folder, tokenFolder);
    return { result: keys, facts: { keys } };
  });
}

/** The proof comes first, and is all that is done where it fails: another token's seal is worth nothing in the log. */
export function restoreTogether(station: Station, terminal: Terminal, folder: string): Promise<number> {
  const keys = verifyBackup(station, folder);
  return agreed({ station, terminal, action: 'restore', facts: { folder } }, async (confirm) => {
    await confirm(`take this token, whose ${keys} keys are those of ${folder}, into service`);
    return { result: keys, facts: { keys } };
  });
}

/**
 * Writes a manifest to `directory`, and a copy of a software token's files. An HSM's own keys are copied by its maker's
 * tool: they do not leave it otherwise.
 */
export function backUp(station: Station, directory: string, tokenDirectory: string | undefined): number {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readdirSync(directory).length > 0) {
    throw new HsmError('HSM_REQUEST_INVALID', `${directory} is not empty`);
  }
  if (tokenDirectory !== undefined) cpSync(tokenDirectory, join(directory, TOKEN_COPY), { recursive: true });
  const listed = { time: new Date(systemClock.wall()).toISOString(), keys: keysOf(station) };
  const manifest: Manifest = { ...listed, seal: sealOf(station, listed).toString('hex') };
  writeFileSync(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  return manifest.keys.length;
}

/** Puts a software token's files back where nothing is. */
export function restoreFiles(directory: string, tokenDirectory: string): void {
  if (existsSync(tokenDirectory) && readdirSync(tokenDirectory).length > 0) {
    throw new HsmError('HSM_REQUEST_INVALID', `${tokenDirectory} is not empty`);
  }
  cpSync(join(directory, TOKEN_COPY), tokenDirectory, { recursive: true });
}

/**
 * Proves that the open token holds the keys of the manifest and no others: the same names, the same KCVs as its keys
 * compute them now, and the very sealing key.
 * @throws HSM_BACKUP_DIFFERS naming the first key that differs
 */
export function verifyBackup(station: Station, directory: string): number {
  const { seal, ...listed } = JSON.parse(readFileSync(join(directory, MANIFEST), 'utf8')) as Manifest;
  const present = new Map(keysOf(station).map((key) => [key.label, key]));
  for (const key of listed.keys) {
    const found = present.get(key.label);
    if (!found || found.kcv !== key.kcv || found.usage !== key.usage) {
      throw new HsmError(
        'HSM_BACKUP_DIFFERS',
        found ? `${key.label} has KCV ${found.kcv}, not ${key.kcv}` : key.label,
      );
    }
  }
  const listedKeys = new Set(listed.keys.map(({ label }) => label));
  const added = [...present.keys()].find((label) => !listedKeys.has(label));
  if (added !== undefined) {
    throw new HsmError('HSM_BACKUP_DIFFERS', `${added}, of which the backup knows nothing`);
  }
  const given = Buffer.from(seal, 'hex');
  const expected = sealOf(station, listed);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new HsmError('HSM_BACKUP_DIFFERS', 'the seal of the manifest');
  }
  return listed.keys.length;
}

function keysOf(station: Station): Manifest['keys'] {
  const keys: Manifest['keys'] = [...station.keys.all()].map((key) => ({
    label: key.name,
    usage: key.usage,
    algorithm: key.algorithm,
    kcv: station.use((scratch) => provenKcv(scratch, key)),
  }));
  const { signingKeys } = station;
  if (signingKeys.has(AUDIT_KEY)) {
    const kcv = fingerprintOf(signingKeys.publicKey(AUDIT_KEY));
    keys.push({ label: AUDIT_KEY, usage: 'S0', algorithm: 'E', kcv });
  }
  return keys.sort((a, b) => a.label.localeCompare(b.label));
}

function sealOf(station: Station, listed: Omit<Manifest, 'seal'>): Buffer {
  return station.seal(Buffer.from(JSON.stringify(listed), 'utf8'));
}
