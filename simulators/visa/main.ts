import { developmentKey } from '../../hsm/index.ts';
import {
  announceReady,
  createLog,
  onShutdown,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../../runtime/index.ts';
import { numberSetting, readSettings, textSetting } from '../common/settings.ts';
import { startVisa } from './host.ts';

const log = createLog('visa-simulator');
const settings = readSettings({
  host: textSetting('VISA_SIM_HOST', '127.0.0.1', /^[\w.:-]{1,255}$/),
  port: numberSetting('VISA_SIM_PORT', 9_583, 0, 65_535),
  controlPort: numberSetting('VISA_SIM_CONTROL_PORT', 9_584, 0, 65_535),
  ledger: textSetting('VISA_SIM_LEDGER', '.data/visa-simulator/ledger.jsonl'),
  pin: textSetting('VISA_SIM_PIN', '1234', /^[0-9]{4,12}$/),
});

const visa = await startVisa({
  iso: { host: settings.host, port: settings.port },
  control: { host: '127.0.0.1', port: settings.controlPort },
  ledgerFile: settings.ledger,
  zonePinKey: developmentKey('ZPK/VISA'),
  pin: settings.pin,
  sockets: tcpSockets,
  clock: systemClock,
  random: systemRandom,
  log,
  onBroken(error) {
    log.error({ event: 'ledger.broken', err: error }, 'the ledger cannot be written');
    process.exit(1);
  },
});
onShutdown(visa.close);
announceReady({ host: visa.iso.host, port: visa.iso.port, controlUrl: visa.controlUrl });
log.info({ event: 'visa.ready', port: visa.iso.port, controlUrl: visa.controlUrl }, 'Visa simulator listens');
