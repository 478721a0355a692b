import { join } from 'node:path';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { connectHsm, type PaymentHsmClient } from '../client/client.ts';

const WAIT_MS = 2_000;

/** Where `npm start` has its HSM process listen. */
export const DEFAULT_SOCKET =
  process.env['HSM_SOCKET'] ?? join(process.env['DATA_DIR'] || '.data', 'hsm.sock');

/** Asks a running HSM process. A failure is told in one line and by the exit code. */
export async function withClient(
  socket: string,
  work: (client: PaymentHsmClient) => Promise<void>,
): Promise<void> {
  const client = connectHsm({ socketPath: socket, clock: systemClock, log: silentLog });
  const giveUp = setTimeout(() => client.close(), WAIT_MS);
  try {
    await client.whenConnected();
    await work(client);
  } catch (error) {
    console.error(error instanceof Error ? `${error.message}: ${socket}` : error);
    process.exitCode = 1;
  } finally {
    clearTimeout(giveUp);
    await client.close();
  }
}
