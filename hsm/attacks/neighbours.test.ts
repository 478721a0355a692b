import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testToken } from '../testing/token.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const NOBODY = 65_534;

/** Root reads everything: where the tests run as root, both run as nobody, if nobody can read this checkout. */
function neighbours(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const other = { uid: NOBODY, gid: NOBODY };
  const reads = spawnSync(
    process.execPath,
    ['-e', `require('fs').readFileSync(${JSON.stringify(MAIN)})`],
    other,
  );
  return reads.status === 0 ? other : {};
}

/** Opens the memory of a process, as whoever runs it may of one's own. */
const READS_MEMORY = `
  try { require('fs').openSync('/proc/' + process.argv[1] + '/mem', 'r'); console.log('opened'); }
  catch (error) { console.log(error.code); }`;

it('a program of the same user does not read the memory of the process', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'etika-neighbour-'));
  const env = await testToken(directory);
  const as = neighbours();
  if (as.uid !== undefined) {
    const inside = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    for (const name of ['.', ...inside]) chownSync(join(directory, name), NOBODY, NOBODY);
  }
  const hsm = spawn(process.execPath, [MAIN], {
    ...as,
    env: { ...process.env, ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      hsm.once('exit', (code) => reject(new Error(`exit code ${code}`)));
      hsm.stderr.on('data', (chunk: Buffer) => chunk.includes('hsm.ready') && resolve());
    });
    const { stdout } = spawnSync(process.execPath, ['-e', READS_MEMORY, String(hsm.pid)], {
      ...as,
      encoding: 'utf8',
    });
    const isRoot = process.getuid?.() === 0 && as.uid === undefined;
    expect(stdout.trim()).toBe(isRoot ? 'opened' : 'EACCES');
  } finally {
    hsm.removeAllListeners('exit');
    hsm.kill();
    await new Promise((resolve) => hsm.once('exit', resolve));
    rmSync(directory, { recursive: true, force: true });
  }
});
