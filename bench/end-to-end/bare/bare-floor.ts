import { join } from 'node:path';
import { silentLog, supervise, systemClock } from '../../../runtime/index.ts';
import { cpuMicroseconds } from '../../process-cpu.ts';
import type { Traffic } from '../generator/traffic.ts';
import type { Means } from '../means.ts';

const SECONDS = 5;
const WARM_UP_SECONDS = 1;
const PATIENCE_MS = 5_000;

/**
 * Processor time of the bare proxy for a purchase, in microseconds, offered the same traffic for a few seconds on the
 * same PostgreSQL. The switch stands idle beside it.
 */
export async function bareCpuOf(
  { rate, terminals }: Traffic,
  { stage, generator, say }: Means,
): Promise<number> {
  say(`  the bare floor at ${rate}/s …`);
  const service = (name: string, env: Record<string, string>) =>
    supervise({ name, entry: join(import.meta.dirname, `${name}.ts`), env }, systemClock, silentLog);
  const backends = service('bare-backends', {});
  const { network, pop } = await backends.ready();
  const proxy = service('bare-proxy', {
    BARE_NETWORK_PORT: String(network),
    BARE_POP_PORT: String(pop),
    BARE_DATABASE_URL: stage.databaseUrl,
  });
  try {
    const { port } = await proxy.ready();
    const address = { host: '127.0.0.1', port: Number(port) };
    const offer = async (seconds: number) => {
      const total = Math.round(rate * seconds);
      await generator.prepare({ address, rate, total, terminals, patienceMs: PATIENCE_MS });
      const before = cpuMicroseconds(proxy.pid() ?? 0);
      await generator.run();
      return (cpuMicroseconds(proxy.pid() ?? 0) - before) / total;
    };
    await offer(WARM_UP_SECONDS);
    return await offer(SECONDS);
  } finally {
    await Promise.all([proxy.stop(), backends.stop()]);
  }
}
