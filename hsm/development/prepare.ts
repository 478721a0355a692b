import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HsmError } from '../errors.ts';

export const DEVELOPMENT_TOKEN_LABEL = 'etika-development';

const CREATE_TOKEN = join(import.meta.dirname, 'create-token.ts');
const CREATE_WITHIN_MS = 30_000;

/**
 * Makes sure a SoftHSM token with the development keys lies under `dataDir`: `token/` with its configuration,
 * `secrets/hsm-user-pin` (mode 0600). It is built aside and renamed when complete, so a start killed in the middle
 * begins anew; a token that is there only gets the keys it lacks.
 * @returns the environment the HSM process needs, `HSM_SOCKET` included
 * @throws HSM_SETTINGS_INVALID, HSM_TOKEN_FAILED
 */
export async function prepareDevelopmentToken(dataDir: string): Promise<{ env: Record<string, string> }> {
  const root = resolve(dataDir);
  const tokenDir = join(root, 'token');
  const pinFile = join(root, 'secrets', 'hsm-user-pin');
  if (existsSync(tokenDir)) {
    if (!existsSync(pinFile)) {
      throw new HsmError('HSM_SETTINGS_INVALID', `${tokenDir} is there but its user PIN ${pinFile} is not`);
    }
    await createKeys(tokenDir, pinFile);
  } else {
    const building = join(root, 'token.building');
    rmSync(building, { recursive: true, force: true });
    writeUserPin(pinFile);
    mkdirSync(join(building, 'objects'), { recursive: true, mode: 0o700 });
    writeConfiguration(building, building);
    await createKeys(building, pinFile);
    writeConfiguration(building, tokenDir);
    renameSync(building, tokenDir);
  }
  return {
    env: {
      SOFTHSM2_CONF: configurationOf(tokenDir),
      HSM_TOKEN_LABEL: DEVELOPMENT_TOKEN_LABEL,
      HSM_PIN_FILE: pinFile,
      HSM_SOCKET: join(root, 'hsm.sock'),
    },
  };
}

function configurationOf(tokenDir: string): string {
  return join(tokenDir, 'softhsm2.conf');
}

function writeConfiguration(where: string, tokenDir: string): void {
  const lines = [
    `directories.tokendir = ${join(tokenDir, 'objects')}`,
    'objectstore.backend = file',
    'log.level = ERROR',
  ];
  writeFileSync(configurationOf(where), `${lines.join('\n')}\n`);
}

/** A PIN written by a start that was killed later is used by no token: it may be replaced. */
function writeUserPin(pinFile: string): void {
  mkdirSync(dirname(pinFile), { recursive: true, mode: 0o700 });
  const descriptor = openSync(pinFile, 'w', 0o600);
  writeFileSync(descriptor, `${randomBytes(16).toString('hex')}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** In a process of its own: the module reads its configuration from the environment, once. */
async function createKeys(tokenDir: string, pinFile: string): Promise<void> {
  const child = fork(CREATE_TOKEN, [], {
    env: {
      ...process.env,
      SOFTHSM2_CONF: configurationOf(tokenDir),
      HSM_TOKEN_LABEL: DEVELOPMENT_TOKEN_LABEL,
      HSM_PIN_FILE: pinFile,
      HSM_SOCKET: join(tokenDir, 'none'),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: CREATE_WITHIN_MS,
  });
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  const code = await new Promise<number | null>((settle) => child.once('exit', settle));
  if (code !== 0) {
    throw new HsmError(
      'HSM_TOKEN_FAILED',
      `development token: ${Buffer.concat(complaints).toString('utf8').trim()}`,
    );
  }
}
