import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, supervise, systemClock } from '../../runtime/index.ts';
import { connectHsm, type PaymentHsmClient } from '../client/client.ts';
import type { SoftwareToken } from '../development/software-token.ts';
import { HSM_FINAL_EXIT_CODES } from '../errors.ts';
import { testToken } from './token.ts';

export interface TestHsm {
  socketPath: string;
  /** Where its token, PIN file and socket are. */
  dataDir: string;
  env: Readonly<Record<string, string>>;
  client: PaymentHsmClient;
  /** The HSM process now; absent between a kill and the supervisor's restart. */
  pid(): number | undefined;
  /** Resolves at the next (or present) readiness of the process. */
  ready(): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * A supervised HSM process on a token of its own (SoftHSM unless asked otherwise), with the development keys, and a
 * connected client.
 */
export async function startTestHsm(
  options: { requestTimeoutMs?: number; maxInFlight?: number; token?: SoftwareToken } = {},
): Promise<TestHsm> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-hsm-'));
  const env = await testToken(dataDir, options.token);
  const socketPath = join(dataDir, 'hsm.sock');
  const plan = {
    name: 'hsm',
    entry: join(import.meta.dirname, '..', 'main.ts'),
    env: { ...env, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent' },
    restartDelaysMs: [10, 50, 200],
    finalExitCodes: HSM_FINAL_EXIT_CODES,
  };
  const service = supervise(plan, systemClock, silentLog);
  await service.ready();
  const client = connectHsm({ socketPath, clock: systemClock, log: silentLog, ...options });
  await client.whenConnected();
  return {
    socketPath,
    dataDir,
    env,
    client,
    pid: () => service.pid(),
    ready: () => service.ready(),
    async stop() {
      await client.close();
      await service.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
