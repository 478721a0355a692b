/**
 * What takes long to make and what many tests want alike: it is made once in a test run, in the folder that all
 * processes of the run know, and each test copies it from there.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Names the folder of a test run in the environment. */
export const FOLDER_OF_RUN = 'ETIKA_TEST_RUN_FOLDER';

/**
 * It is made aside, and renamed when complete: where two processes make one at once, the first one's is kept.
 *
 * @param make fills an empty folder
 * @returns the folder to copy from; nothing where this is no test run
 */
export async function madeOnce(
  name: string,
  make: (aside: string) => Promise<unknown>,
): Promise<string | undefined> {
  const folder = process.env[FOLDER_OF_RUN];
  if (folder === undefined) return undefined;
  const made = join(folder, name);
  if (existsSync(made)) return made;

  const aside = mkdtempSync(`${made}-`);
  await make(aside);
  try {
    renameSync(aside, made);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
  return made;
}
