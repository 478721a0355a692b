import { fork } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HsmError } from '../errors.ts';
import { type SoftwareToken, tokenEnvironment, writeConfiguration, writeUserPin } from './software-token.ts';

const CREATE_TOKEN = join(import.meta.dirname, 'create-token.ts');
const CREATE_WITHIN_MS = 30_000;

/**
 * Makes sure a software token with the development keys lies under `dataDir`: `token/` with its configuration,
 * `secrets/hsm-user-pin` (mode 0600). It is built aside and renamed when complete, so a start killed in the middle
 * begins anew; a token that is there only gets the keys it lacks.
 * @param signal ends what is being built; the next start begins anew
 * @returns the environment the HSM process needs, `HSM_SOCKET` and `HSM_USE_LEDGER` included
 * @throws HSM_SETTINGS_INVALID, HSM_TOKEN_FAILED
 */
export async function prepareDevelopmentToken(
  dataDir: string,
  kind: SoftwareToken = 'softhsm',
  signal?: AbortSignal,
): Promise<{ env: Record<string, string> }> {
  const root = resolve(dataDir);
  const tokenDir = join(root, 'token');
  const pinFile = join(root, 'secrets', 'hsm-user-pin');
  if (existsSync(tokenDir)) {
    if (!existsSync(pinFile)) {
      throw new HsmError('HSM_SETTINGS_INVALID', `${tokenDir} is there but its user PIN ${pinFile} is not`);
    }
    await createKeys(tokenEnvironment(kind, tokenDir, pinFile), signal);
  } else {
    const building = join(root, 'token.building');
    rmSync(building, { recursive: true, force: true });
    // A PIN written by a start that was killed is used by no token: it may be replaced.
    writeUserPin(pinFile);
    writeConfiguration(kind, building, building);
    await createKeys(tokenEnvironment(kind, building, pinFile), signal);
    writeConfiguration(kind, building, tokenDir);
    renameSync(building, tokenDir);
  }
  return { env: developmentEnvironment(root, kind) };
}

/** What the HSM process needs to know of a development token that lies under `root`. @throws HSM_SETTINGS_INVALID */
export function developmentEnvironment(root: string, kind: SoftwareToken): Record<string, string> {
  return {
    ...tokenEnvironment(kind, join(root, 'token'), join(root, 'secrets', 'hsm-user-pin')),
    HSM_SOCKET: join(root, 'hsm.sock'),
    HSM_USE_LEDGER: join(root, 'hsm-uses.db'),
  };
}

/** In a process of its own: the module reads its configuration from the environment, once. */
async function createKeys(tokenEnv: Record<string, string>, signal?: AbortSignal): Promise<void> {
  const child = fork(CREATE_TOKEN, [], {
    env: { ...process.env, ...tokenEnv },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: CREATE_WITHIN_MS,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  });
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  child.once('error', (error) => complaints.push(Buffer.from(error.message))); // an abort is told here as well
  const code = await new Promise<number | null>((settle) => child.once('close', settle));
  if (code !== 0) {
    throw new HsmError(
      'HSM_TOKEN_FAILED',
      `development token: ${Buffer.concat(complaints).toString('utf8').trim()}`,
    );
  }
}
