import { readFileSync, statSync } from 'node:fs';
import { CertError } from './errors.ts';

const MAX_FILE_BYTES = 1_048_576;

/** @throws {CertError} CERT_UNREADABLE, CERT_TOO_LARGE */
export function readLimited(file: string): Buffer {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES) {
      throw new CertError('CERT_TOO_LARGE', `${file}: ${size} bytes, limit ${MAX_FILE_BYTES}`);
    }
    return readFileSync(file);
  } catch (error) {
    if (error instanceof CertError) throw error;
    throw unreadable(file, error);
  }
}

export function unreadable(path: string, error: unknown): CertError {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new CertError('CERT_UNREADABLE', `${path}: ${code}`, { cause: error });
}
