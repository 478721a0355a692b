import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DevelopmentCertificates, ensureDevelopmentCertificates } from '../../certs/index.ts';
import { HSM_ENTRY, HSM_FINAL_EXIT_CODES, prepareDevelopmentToken } from '../../hsm/index.ts';
import type { Log, ReadyDetails } from '../../runtime/index.ts';
import { migrate } from '../../switch/database/migrate.ts';
import {
  developmentWebhookSecret,
  type NodeStatus,
  PUBLISHED_TOKEN_SECRET,
  type Settings,
} from '../../switch/index.ts';
import type { StartConfig } from '../config/schema.ts';
import { type KeptPostgres, keepPostgres } from '../postgres/keep-postgres.ts';
import { orAborted } from './or-aborted.ts';
import {
  iso87Simulator,
  NICENESS,
  popSimulator,
  switchSettings,
  tokenSecretFile,
  visaSimulator,
  wantedPorts,
  webhookSecretFile,
} from './plans.ts';
import { checkPortsAreFree } from './ports.ts';
import { privateFolders } from './private-folders.ts';
import type { Progress } from './progress.ts';
import { type ServiceStart, type Services, serviceRunner } from './services.ts';
import { waitUntil } from './wait-until.ts';

const SIGNED_ON_WITHIN_MS = 60_000;

interface NetworkAddress {
  readonly host: string;
  readonly port: number;
  readonly controlUrl: string;
}

/** Everything that one start runs, and where it can be reached. */
export interface System {
  readonly ports: {
    readonly iso87: number;
    readonly pos: number;
    readonly acquirer: number;
    readonly tls: number;
  };
  readonly gatewayUrl: string;
  readonly statusUrl: string;
  readonly workerStatusUrl: string;
  readonly adminUrl: string;
  readonly visa: NetworkAddress;
  readonly iso87: NetworkAddress;
  readonly pop: { readonly apiUrl: string; readonly controlUrl: string };
  /** The processes that run now, by name; `postgres` is the postmaster of an embedded server. */
  pids(): Record<string, number | undefined>;
}

/** @param withinMs gently until then, and by force after that; as long as the part usually may where absent */
export type StopPart = (withinMs?: number) => Promise<void>;

export interface StartOrder {
  readonly config: StartConfig;
  readonly progress: Progress;
  readonly log: Log;
  /** The switch's settings as they are used, made of those of this machine; these themselves where absent. */
  settings?(machine: Settings): Settings;
  /** Aborts between two parts, and while one is waited for. */
  readonly signal: AbortSignal;
  /** Given each part's way to stop as soon as there is something to stop, so that nothing is left behind. */
  onStarted(stop: StopPart): void;
}

type Start = StartOrder & { readonly services: Services };

/**
 * Starts the system part by part, each once what it needs is ready.
 * @throws {DeployError} naming the part, and where its log is
 */
export async function startSystem(order: StartOrder): Promise<System> {
  const { config, log, signal, onStarted } = order;
  await checkPortsAreFree(wantedPorts(config));
  privateFolders(config.dataDir);
  const services = serviceRunner(join(config.dataDir, 'logs'), log, signal);
  const start: Start = { ...order, services };
  const { url: databaseUrl, postgres } = await startDatabase(start);
  onStarted(services.stop);
  const hsm = await startHsm(start);
  const visa = await startNetwork(start, 'Visa simulator', visaSimulator(config));
  const iso87 = await startNetwork(start, 'ISO 8583:1987 network simulator', iso87Simulator(config));
  const pop = await startPop(start);
  const { server } = await makeCertificates(start);
  const reached = { visa: addressOf(visa), iso87: addressOf(iso87) };
  const counterparts = { databaseUrl, hsmSocketPath: String(hsm['socket']), ...reached };
  const settings = switchSettings(config, { ...counterparts, popUrl: String(pop['apiUrl']) }, server);
  const node = await startSwitch(start, order.settings?.(settings) ?? settings);
  const statusUrl = String(node['statusUrl']);
  const workerStatusUrl = await startWorker(start, statusUrl);
  const admin = await startAdmin(start, databaseUrl, statusUrl);
  return {
    ports: {
      iso87: Number(node['terminals-ascii']),
      pos: Number(node['terminals-bcd']),
      acquirer: Number(node['acquirer-hex']),
      tls: Number(node['terminals-tls']),
    },
    gatewayUrl: `http://127.0.0.1:${node['gateway']}`,
    statusUrl,
    workerStatusUrl,
    adminUrl: String(admin['url']),
    visa,
    iso87,
    pop: { apiUrl: String(pop['apiUrl']), controlUrl: String(pop['controlUrl']) },
    pids: () => ({ ...services.pids(), ...(postgres && { postgres: postgres.pid() }) }),
  };
}

/** The control port is nobody's business but ours: in a node's settings it would be a key that no node knows. */
function addressOf({ host, port }: NetworkAddress): { host: string; port: number } {
  return { host, port };
}

interface Database {
  readonly url: string;
  /** The embedded server; absent where the database was given. */
  readonly postgres?: KeptPostgres;
}

/** By its Unix socket where the embedded server has one; a database that was given is taken as its URL says. */
async function startDatabase({ config, progress, log, signal, onStarted }: Start): Promise<Database> {
  const provided = config.databaseUrl;
  const database: Database = provided
    ? { url: provided }
    : await progress.step(
        'PostgreSQL',
        async () => {
          const postgres = await keepPostgres({ dataDir: join(config.dataDir, 'postgres'), log, signal });
          onStarted(postgres.stop);
          return { url: postgres.socketUrl ?? postgres.url, postgres };
        },
        ({ url }) => {
          const { host, searchParams } = new URL(url);
          const how = searchParams.has('host')
            ? 'and a Unix socket'
            : 'without a Unix socket: its path is too long, or has a space';
          return `PostgreSQL, embedded, on ${host} ${how}`;
        },
      );
  await progress.step(
    'database schema',
    () => orAborted(signal, () => migrate(database.url, log)),
    () => 'database schema is up to date',
  );
  return database;
}

function startHsm({ config, services, progress, signal }: Start): Promise<ReadyDetails> {
  return progress.step(
    'HSM process',
    async () => {
      const { env } = await prepareDevelopmentToken(config.dataDir, 'softhsm', signal);
      return services.start({ name: 'hsm', entry: HSM_ENTRY, env, finalExitCodes: HSM_FINAL_EXIT_CODES });
    },
    ({ keys }) => `HSM process on a SoftHSM token with ${keys} development keys`,
  );
}

function startNetwork(
  { services, progress }: Start,
  name: string,
  plan: ServiceStart,
): Promise<NetworkAddress> {
  return progress.step(
    name,
    async () => {
      const { host, port, controlUrl } = await services.start(plan);
      return { host: String(host), port: Number(port), controlUrl: String(controlUrl) };
    },
    ({ host, port }) => `${name} on ${host}:${port}`,
  );
}

function startPop({ config, services, progress }: Start): Promise<ReadyDetails> {
  return progress.step(
    'PoP simulator',
    () => services.start(popSimulator(config)),
    ({ apiUrl }) => `PoP simulator on ${apiUrl}, a block every ${config.simulators.popBlockMs / 1000} s`,
  );
}

function makeCertificates({ config, progress }: Start): Promise<DevelopmentCertificates> {
  return progress.step(
    'development certificates',
    async () => ensureDevelopmentCertificates(config.dataDir),
    ({ server }) => `development certificates in ${dirname(server.certFile)}`,
  );
}

/** A node is started once it listens; it is of use once the HSM and the networks answer as well. */
function startSwitch(
  { config, services, progress, signal }: Start,
  settings: Settings,
): Promise<ReadyDetails> {
  const file = settingsFile(config);
  writeFileSync(tokenSecretFile(config.dataDir), `${PUBLISHED_TOKEN_SECRET}\n`, { mode: 0o600 });
  const [merchant] = settings.merchants;
  const secret = developmentWebhookSecret(merchant?.id ?? '');
  writeFileSync(webhookSecretFile(config.dataDir), `${secret}\n`, { mode: 0o600 });
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  return progress.step(
    'switch node',
    async () => {
      const env = { SWITCH_SETTINGS_FILE: file };
      const listening = await services.start({ name: 'switch', entry: 'switch/main.ts', env });
      const url = `http://${settings.status.host}:${listening['status']}/status`;
      await waitUntil(
        'the switch connected to the HSM and signed on',
        SIGNED_ON_WITHIN_MS,
        signal,
        async () => {
          const { ready, networks } = (await (await fetch(url)).json()) as NodeStatus;
          const areAllSignedOn = Object.values(networks).every((state) => state === 'signed-on');
          return ready && areAllSignedOn ? true : undefined;
        },
      );
      return { ...listening, statusUrl: url };
    },
    () => `switch ${settings.node}, signed on to the Visa simulator`,
  );
}

/** A worker is of use once its follow-ups are taken and the node knows of it, which it does by the database. */
function startWorker({ config, services, progress, signal }: Start, nodeStatusUrl: string): Promise<string> {
  const env = { SWITCH_SETTINGS_FILE: settingsFile(config), WORKER_STATUS_PORT: '0' };
  return progress.step(
    'worker',
    async () => {
      const { status } = await services.start({
        name: 'worker',
        entry: 'switch/worker.ts',
        env,
        niceness: NICENESS.worker,
      });
      await waitUntil('a worker of which the switch knows', SIGNED_ON_WITHIN_MS, signal, async () => {
        const { followUps } = (await (await fetch(nodeStatusUrl)).json()) as NodeStatus;
        return followUps?.workers.length ? true : undefined;
      });
      return `http://127.0.0.1:${status}/status`;
    },
    () => 'worker: follow-ups, projection',
  );
}

function settingsFile({ dataDir }: StartConfig): string {
  return join(dataDir, 'switch.settings.json');
}

function startAdmin(
  { config, services, progress }: Start,
  databaseUrl: string,
  statusUrl: string,
): Promise<ReadyDetails> {
  const env = {
    ADMIN_PORT: String(config.ports.admin),
    DATABASE_URL: databaseUrl,
    SWITCH_STATUS_URL: statusUrl,
  };
  return progress.step(
    'admin API',
    () => services.start({ name: 'admin-api', entry: 'admin-api/main.ts', env, niceness: NICENESS.admin }),
    ({ url }) => `admin API on ${url}`,
  );
}
