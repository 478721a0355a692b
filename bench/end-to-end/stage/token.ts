import { execFile } from 'node:child_process';
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { prepareDevelopmentToken } from '../../../hsm/index.ts';
import { addedTerminals } from '../fleet.ts';

const KEPT = resolve(import.meta.dirname, '../../../.data');
const KEYS_ENTRY = join(import.meta.dirname, 'keys-process.ts');
/** What a data directory has of its token. */
const PARTS = ['token', 'secrets'];

/**
 * Gives a data directory a token with keys for so many terminals. Two thousand keys take SoftHSM a minute or more to
 * create, so such a token is made once on a machine and lent to every run after that; a run writes nothing to it.
 */
export async function provideToken(
  dataDir: string,
  terminals: number,
  say: (line: string) => void,
): Promise<void> {
  if (addedTerminals(terminals).length === 0) return; // the system makes its own
  const kept = join(KEPT, `bench-token-${terminals}`);
  const isComplete = join(kept, 'complete');
  if (!existsSync(isComplete)) {
    say(`making a token for ${terminals} terminals, once on this machine: some minutes …`);
    rmSync(kept, { recursive: true, force: true });
    const { env } = await prepareDevelopmentToken(kept);
    const options = { env: { ...process.env, NODE_OPTIONS: '', ...env } };
    await promisify(execFile)(process.execPath, [KEYS_ENTRY, String(terminals)], options);
    writeFileSync(isComplete, '');
  }
  for (const part of PARTS) symlinkSync(join(kept, part), join(dataDir, part));
}
