import { join, resolve } from 'node:path';
import type { TlsFiles } from '../../certs/index.ts';
import {
  DEVELOPMENT_ISSUER,
  developmentKeySettings,
  developmentSettings,
  type Settings,
} from '../../switch/index.ts';
import type { StartConfig } from '../config/schema.ts';
import type { WantedPort } from './ports.ts';
import type { ServiceStart } from './services.ts';

/**
 * Others answer customers; these can wait. All else stands at the priority of the start, the simulators too: they stand
 * for networks on machines of their own. When they came last, a flood starved them first, and payments that were let in
 * waited for their legs until it was too late.
 */
export const NICENESS = { worker: 10, admin: 10 } as const;

const LOOPBACK = '127.0.0.1';

/** Every port that this configuration asks for by number. */
export function wantedPorts({ ports, simulators }: StartConfig): WantedPort[] {
  const loopback = (port: number, use: string, setting: string) => ({ host: LOOPBACK, port, use, setting });
  return [
    { host: '0.0.0.0', port: ports.iso87, use: 'terminals, iso87-ascii', setting: 'SWITCH_PORT_ISO87' },
    { host: '0.0.0.0', port: ports.pos, use: 'terminals, pos-bcd', setting: 'SWITCH_PORT_POS' },
    { host: '0.0.0.0', port: ports.tls, use: 'terminals, mutual TLS', setting: 'SWITCH_PORT_TLS' },
    loopback(ports.acquirer, 'acquirer, iso87-ascii-hex', 'SWITCH_PORT_ACQUIRER'),
    loopback(ports.status, "the switch node's status", 'SWITCH_PORT_STATUS'),
    loopback(ports.gateway, 'platform gateway', 'GATEWAY_PORT'),
    loopback(ports.admin, 'admin API', 'ADMIN_PORT'),
    loopback(simulators.visa, 'Visa simulator', 'VISA_SIM_PORT'),
    loopback(simulators.visaControl, 'Visa simulator, control', 'VISA_SIM_CONTROL_PORT'),
    loopback(simulators.iso87, 'ISO 8583:1987 network simulator', 'ISO87_SIM_PORT'),
    loopback(simulators.iso87Control, 'ISO 8583:1987 network simulator, control', 'ISO87_SIM_CONTROL_PORT'),
    loopback(simulators.pop, 'PoP simulator', 'POP_SIM_PORT'),
    loopback(simulators.popControl, 'PoP simulator, control', 'POP_SIM_CONTROL_PORT'),
  ];
}

export function visaSimulator({ simulators, dataDir }: StartConfig): ServiceStart {
  return {
    name: 'visa-simulator',
    entry: 'simulators/visa/main.ts',
    env: {
      VISA_SIM_PORT: String(simulators.visa),
      VISA_SIM_CONTROL_PORT: String(simulators.visaControl),
      VISA_SIM_LEDGER: join(dataDir, 'visa-simulator', 'ledger.jsonl'),
    },
  };
}

export function iso87Simulator({ simulators, dataDir }: StartConfig): ServiceStart {
  return {
    name: 'iso87-simulator',
    entry: 'simulators/iso87/main.ts',
    env: {
      ISO87_SIM_PORT: String(simulators.iso87),
      ISO87_SIM_CONTROL_PORT: String(simulators.iso87Control),
      ISO87_SIM_LEDGER: join(dataDir, 'iso87-simulator', 'ledger.jsonl'),
    },
  };
}

export function popSimulator({ simulators, dataDir }: StartConfig): ServiceStart {
  return {
    name: 'pop-simulator',
    entry: 'simulators/pop/main.ts',
    env: {
      POP_SIM_PORT: String(simulators.pop),
      POP_SIM_CONTROL_PORT: String(simulators.popControl),
      POP_SIM_LEDGER: join(dataDir, 'pop-simulator', 'ledger.jsonl'),
      POP_SIM_BLOCK_MS: String(simulators.popBlockMs),
    },
  };
}

/** Where the parts that were started before the switch can be reached. */
export interface Counterparts {
  databaseUrl: string;
  hsmSocketPath: string;
  visa: { host: string; port: number };
  iso87: { host: string; port: number };
  popUrl: string;
}

const TLS_LISTENER = 'terminals-tls';

/** The development switch on this machine's ports, and two listeners more: mutual TLS, and the gateway. */
export function switchSettings(
  { ports, deadlineMs, dataDir, merchantWebhookUrl: url }: StartConfig,
  counterparts: Counterparts,
  certificates: TlsFiles,
): Settings {
  const settings = developmentSettings(counterparts);
  const portOf: Record<string, number> = {
    'terminals-ascii': ports.iso87,
    'terminals-bcd': ports.pos,
    'acquirer-hex': ports.acquirer,
    [TLS_LISTENER]: ports.tls,
  };
  return {
    ...settings,
    deadlineMs,
    audit: { headsFolder: join(dataDir, 'audit') },
    ownCopy: { folder: join(dataDir, 'own-copy') },
    status: { ...settings.status, port: ports.status },
    gateway: {
      host: LOOPBACK,
      port: ports.gateway,
      acquirer: '123456',
      terminal: 'GATEWAY1',
      jwt: { ...DEVELOPMENT_ISSUER, hs256SecretFile: tokenSecretFile(dataDir) },
    },
    merchants: settings.merchants.map((merchant) => ({
      ...merchant,
      apiKeys: [developmentKeySettings(merchant.id)],
      ...(url !== undefined && { webhook: { url, secretFile: webhookSecretFile(dataDir) } }),
    })),
    listeners: withTls(settings.listeners, certificates).map((listener) => ({
      ...listener,
      port: portOf[listener.name] ?? listener.port,
    })),
  };
}

/** The first listener's terminals, over mutual TLS. */
function withTls(listeners: Settings['listeners'], files: TlsFiles): Settings['listeners'] {
  const [plain] = listeners;
  if (!plain) return listeners;
  const tls = { ...files, requireClientCertificate: true };
  return [...listeners, { ...plain, name: TLS_LISTENER, tls }];
}

/** Where the secret of the development merchant's webhook lies. */
export function webhookSecretFile(dataDir: string): string {
  return resolve(dataDir, 'merchant-webhook.secret');
}

/** Where the secret of the development platform lies. */
export function tokenSecretFile(dataDir: string): string {
  return resolve(dataDir, 'platform-tokens.secret');
}
