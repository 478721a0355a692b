import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prepareDevelopmentToken } from '../../hsm/development/prepare.ts';
import { HSM_FINAL_EXIT_CODES } from '../../hsm/index.ts';
import type { Log, ReadyDetails } from '../../runtime/index.ts';
import type { Settings } from '../../switch/config/settings.ts';
import { migrate } from '../../switch/database/migrate.ts';
import type { StartConfig } from '../config/schema.ts';
import { startPostgres } from '../postgres/start-postgres.ts';
import { type Counterparts, popSimulator, switchSettings, visaSimulator, wantedPorts } from './plans.ts';
import { checkPortsAreFree } from './ports.ts';
import type { Progress } from './progress.ts';
import { type Services, serviceRunner } from './services.ts';

/** Everything that one start runs, and where it can be reached. */
export interface System {
  readonly settings: Settings;
  readonly adminUrl: string;
  readonly visaControlUrl: string;
  readonly popControlUrl: string;
}

/** What a start hands from part to part. */
interface Start {
  readonly config: StartConfig;
  readonly dataDir: string;
  readonly services: Services;
  readonly progress: Progress;
  readonly log: Log;
}

/**
 * Starts the system part by part, each once what it needs is ready. `onStarted` is given each part's way to stop as
 * soon as there is something to stop, so that a failure or a Ctrl-C half way leaves nothing behind.
 * @throws {DeployError} naming the part, and where its log is
 */
export async function startSystem(
  config: StartConfig,
  progress: Progress,
  log: Log,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<System> {
  await checkPortsAreFree(wantedPorts(config));
  const dataDir = resolve(config.dataDir);
  const services = serviceRunner(join(dataDir, 'logs'), log);
  const start: Start = { config, dataDir, services, progress, log };
  const databaseUrl = await startDatabase(start, onStarted);
  onStarted(services.stop);
  const hsm = await startHsm(start);
  const visa = await startVisa(start);
  const pop = await startPop(start);
  const settings = await startSwitch(start, {
    databaseUrl,
    hsmSocketPath: String(hsm['socket']),
    visa: { host: String(visa['host']), port: Number(visa['port']) },
    popUrl: String(pop['apiUrl']),
  });
  const admin = await startAdmin(start, settings);
  return {
    settings,
    adminUrl: String(admin['url']),
    visaControlUrl: String(visa['controlUrl']),
    popControlUrl: String(pop['controlUrl']),
  };
}

async function startDatabase(
  { config, dataDir, progress, log }: Start,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<string> {
  const provided = config.databaseUrl;
  const url =
    provided ??
    (await progress.step(
      'PostgreSQL',
      async () => {
        const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), log });
        onStarted(postgres.stop);
        return postgres.url;
      },
      (address) => `PostgreSQL, embedded, on ${new URL(address).host}`,
    ));
  await progress.step(
    'database schema',
    () => migrate(url, log),
    () => 'database schema is up to date',
  );
  return url;
}

function startHsm({ dataDir, services, progress }: Start): Promise<ReadyDetails> {
  return progress.step(
    'HSM process',
    async () => {
      const { env } = await prepareDevelopmentToken(dataDir);
      return services.start({ name: 'hsm', entry: 'hsm/main.ts', env, finalExitCodes: HSM_FINAL_EXIT_CODES });
    },
    ({ keys }) => `HSM process on a SoftHSM token with ${keys} development keys`,
  );
}

function startVisa({ config, dataDir, services, progress }: Start): Promise<ReadyDetails> {
  return progress.step(
    'Visa simulator',
    () => services.start(visaSimulator(config, dataDir)),
    ({ host, port }) => `Visa simulator on ${host}:${port}`,
  );
}

function startPop({ config, dataDir, services, progress }: Start): Promise<ReadyDetails> {
  return progress.step(
    'PoP simulator',
    () => services.start(popSimulator(config, dataDir)),
    ({ apiUrl }) => `PoP simulator on ${apiUrl}, a block every ${config.simulators.popBlockMs / 1000} s`,
  );
}

function startSwitch(
  { config, dataDir, services, progress }: Start,
  counterparts: Counterparts,
): Promise<Settings> {
  const settings = switchSettings(config, counterparts);
  const file = join(dataDir, 'switch.settings.json');
  return progress.step(
    'switch node',
    async () => {
      writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o600 });
      await services.start({ name: 'switch', entry: 'switch/main.ts', env: { SWITCH_SETTINGS_FILE: file } });
      return settings;
    },
    ({ node }) => `switch ${node}, signed on to the Visa simulator`,
  );
}

function startAdmin({ config, services, progress }: Start, settings: Settings): Promise<ReadyDetails> {
  const { host, port } = settings.status;
  const env = {
    ADMIN_PORT: String(config.ports.admin),
    DATABASE_URL: settings.databaseUrl,
    SWITCH_STATUS_URL: `http://${host}:${port}/status`,
  };
  return progress.step(
    'admin API',
    () => services.start({ name: 'admin-api', entry: 'admin-api/main.ts', env }),
    ({ url }) => `admin API on ${url}`,
  );
}
