/**
 * A development token for a test, as `prepareDevelopmentToken` makes one. To make one takes seconds of a processor, as
 * each of its keys is written behind a PIN, and dozens of tests want one: so each kind is made once in a test run, in
 * the folder that all its processes know, and copied from there. A copy is nobody else's: a test may spoil it.
 */
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { developmentEnvironment, prepareDevelopmentToken } from '../development/prepare.ts';
import { type SoftwareToken, writeConfiguration } from '../development/software-token.ts';

/** Names the folder of a test run; without one each token is made anew. */
const FOLDER_OF_RUN = 'ETIKA_TEST_RUN_FOLDER';

/** Puts a token with the development keys under `dataDir`, which has none. @returns what the HSM process needs */
export async function testToken(
  dataDir: string,
  kind: SoftwareToken = 'softhsm',
): Promise<Record<string, string>> {
  const folder = process.env[FOLDER_OF_RUN];
  if (folder === undefined) return (await prepareDevelopmentToken(dataDir, kind)).env;

  const made = join(folder, `token-${kind}`);
  if (!existsSync(made)) await make(made, kind);
  for (const part of ['token', 'secrets']) cpSync(join(made, part), join(dataDir, part), { recursive: true });
  const token = join(dataDir, 'token');
  writeConfiguration(kind, token, token);
  return developmentEnvironment(dataDir, kind);
}

/** Aside, and renamed when complete: where two processes make one at once, the first one's is kept. */
async function make(made: string, kind: SoftwareToken): Promise<void> {
  const aside = mkdtempSync(`${made}-`);
  await prepareDevelopmentToken(aside, kind);
  try {
    renameSync(aside, made);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
}
