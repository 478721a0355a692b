import { readFileSync } from 'node:fs';
import { HsmError } from '../errors.ts';
import { readTokenAccess } from '../process/settings.ts';
import { initialiseToken } from '../token/initialise.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import type { TokenProfile } from '../token/profile.ts';
import { type OperationResult, runVectors } from './runner.ts';
import { parseVectors } from './vector.ts';

/** What the process tells the command that started it. */
export interface KatReport {
  profile: TokenProfile;
  results: OperationResult[];
}

export type KatMessage = { report: KatReport } | { failure: string };

/** Entry point of the process that runs known-answer tests: `main.ts <vectors file> [initialise]`. */
function run(vectorsFile: string, initialise: boolean): KatReport {
  const { token, userPin, production } = readTokenAccess(process.env);
  if (production) {
    throw new HsmError('HSM_SETTINGS_INVALID', 'known-answer tests import clear keys: not in production');
  }
  const vectors = parseVectors(readFileSync(vectorsFile, 'utf8'));
  if (initialise) initialiseToken(token, userPin);
  const session = TokenSession.open(token, userPin);
  try {
    const profile = probeToken(session);
    return { profile, results: runVectors(session, profile, vectors) };
  } finally {
    session.close();
  }
}

function tell(message: KatMessage): void {
  process.send?.(message, () => process.disconnect());
}

try {
  const [vectorsFile = '', initialise] = process.argv.slice(2);
  tell({ report: run(vectorsFile, initialise === 'initialise') });
} catch (error) {
  tell({ failure: error instanceof Error ? error.message : String(error) });
}
