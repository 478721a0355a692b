import { developmentKey } from '../../hsm/index.ts';
import {
  announceReady,
  createLog,
  forbidCoreDumps,
  onShutdown,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../../runtime/index.ts';
import { numberSetting, readSettings, textSetting } from '../common/settings.ts';
import type { KeyBlockVersion } from '../crypto/key-block.ts';
import { startHost } from './host.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';

/** What tells the processes of two networks apart. */
interface HostProcess<M extends HostMessage> {
  dialect: HostDialect<M>;
  /** Its settings are `<prefix>_SIM_HOST`, `_PORT`, `_CONTROL_PORT`, `_LEDGER`, `_PIN`, `_CARD_FUNDS`. */
  prefix: string;
  port: number;
  controlPort: number;
  zonePinKey: string;
  /** Protects the keys that it sends, in key blocks of this version. */
  zoneMasterKey: { name: string; version: KeyBlockVersion };
}

/** Runs a network's host as a process of its own until it is stopped. */
export async function runHost<M extends HostMessage>(process_: HostProcess<M>): Promise<void> {
  const { dialect, prefix, zoneMasterKey } = process_;
  const log = createLog(`${dialect.name}-simulator`);
  if (!forbidCoreDumps()) log.warn({ event: 'simulator.core-dumps' });
  const settings = readSettings({
    host: textSetting(`${prefix}_SIM_HOST`, '127.0.0.1', /^[\w.:-]{1,255}$/),
    port: numberSetting(`${prefix}_SIM_PORT`, process_.port, 0, 65_535),
    controlPort: numberSetting(`${prefix}_SIM_CONTROL_PORT`, process_.controlPort, 0, 65_535),
    ledger: textSetting(`${prefix}_SIM_LEDGER`, `.data/${dialect.name}-simulator/ledger.jsonl`),
    pin: textSetting(`${prefix}_SIM_PIN`, '1234', /^[0-9]{4,12}$/),
    cardFunds: numberSetting(`${prefix}_SIM_CARD_FUNDS`, 0, 0, 999_999_999_999),
  });
  const host = await startHost(dialect, {
    iso: { host: settings.host, port: settings.port },
    control: { host: '127.0.0.1', port: settings.controlPort },
    ledgerFile: settings.ledger,
    zonePinKey: developmentKey(process_.zonePinKey),
    zoneMasterKey: { key: developmentKey(zoneMasterKey.name), version: zoneMasterKey.version },
    pin: settings.pin,
    ...(settings.cardFunds > 0 && { cardFunds: settings.cardFunds }),
    sockets: tcpSockets,
    clock: systemClock,
    random: systemRandom,
    log,
    onBroken(error) {
      log.error({ event: 'ledger.broken', err: error }, 'the ledger cannot be written');
      process.exit(1);
    },
  });
  onShutdown(host.close);
  announceReady({ host: host.iso.host, port: host.iso.port, controlUrl: host.controlUrl });
  log.info(
    { event: 'network.ready', port: host.iso.port, controlUrl: host.controlUrl },
    'network simulator listens',
  );
}
