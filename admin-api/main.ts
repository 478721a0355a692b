import { announceReady, createLog, forbidCoreDumps, onShutdown, systemClock } from '../runtime/index.ts';
import {
  FollowUpHealthReader,
  followUpTrouble,
  JournalReader,
  projectionTrouble,
  TransactionFinder,
} from '../switch/index.ts';
import { fallbackApi } from './fallback.ts';
import { askAll } from './readiness.ts';
import { createAdminApi } from './server.ts';
import { readSettings } from './settings.ts';
import { switchProbes, switchStatus } from './switch-probes.ts';
import { viewOf } from './view.ts';

const PROBE_WITHIN_MS = 2_000;
const NO_TRANSACTION = '00000000-0000-7000-8000-000000000000';

const log = createLog('admin-api');
if (!forbidCoreDumps()) log.warn({ event: 'admin.core-dumps' });
const clock = systemClock;
const { host, port, hostNames, databaseUrl, switchStatusUrl } = readSettings(process.env);
const journal = new JournalReader({ databaseUrl, clock, log, readDeadlineMs: PROBE_WITHIN_MS });
const followUps = new FollowUpHealthReader({ databaseUrl, clock: systemClock, log });
const finder = new TransactionFinder(databaseUrl, log);
const fallback = fallbackApi(databaseUrl, () => switchStatus(switchStatusUrl), log);

const server = createAdminApi({
  hostNames,
  transaction: async (id) => viewOf(await journal.history(id)),
  readiness: () =>
    askAll(
      {
        database: async () => {
          await journal.history(NO_TRANSACTION);
          return undefined;
        },
        ...switchProbes(switchStatusUrl),
        'follow-ups': async () => {
          const trouble = followUpTrouble(await followUps.read());
          if (trouble !== undefined) throw new Error(trouble);
          return undefined;
        },
        projection: async () => {
          const trouble = projectionTrouble(await followUps.read());
          if (trouble !== undefined) throw new Error(trouble);
          return undefined;
        },
      },
      clock,
      PROBE_WITHIN_MS,
    ),
  fallback,
  search: { find: (search) => finder.find(search), wall: () => clock.wall() },
  log,
});
const url = await server.listen({ host, port });
onShutdown(async () => {
  await server.close();
  await Promise.all([journal.close(), fallback.close(), followUps.close(), finder.close()]);
});
announceReady({ url });
log.info({ event: 'admin.ready', url });
