/**
 * A development token for a test, as `prepareDevelopmentToken` makes one. To make one takes seconds of a processor, as
 * each of its keys is written behind a PIN, and dozens of tests want one: so each kind is made once in a test run, in
 * the folder that all its processes know, and copied from there. A copy is nobody else's: a test may spoil it.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { madeOnce } from '../../runtime/testing/made-once.ts';
import { developmentEnvironment, prepareDevelopmentToken } from '../development/prepare.ts';
import { type SoftwareToken, writeConfiguration } from '../development/software-token.ts';

/**
 * Puts a token with the development keys under `dataDir`, which has none. Outside a test run it is made anew.
 * @returns what the HSM process needs
 */
export async function testToken(
  dataDir: string,
  kind: SoftwareToken = 'softhsm',
): Promise<Record<string, string>> {
  const made = await madeOnce(`token-${kind}`, (aside) => prepareDevelopmentToken(aside, kind));
  if (made === undefined) return (await prepareDevelopmentToken(dataDir, kind)).env;

  for (const part of ['token', 'secrets']) cpSync(join(made, part), join(dataDir, part), { recursive: true });
  const token = join(dataDir, 'token');
  writeConfiguration(kind, token, token);
  return developmentEnvironment(dataDir, kind);
}
