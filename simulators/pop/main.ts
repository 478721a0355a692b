import {
  announceReady,
  createLog,
  forbidCoreDumps,
  onShutdown,
  systemClock,
  systemRandom,
} from '../../runtime/index.ts';
import { numberSetting, readSettings, textSetting } from '../common/settings.ts';
import { startPop } from './service.ts';

const log = createLog('pop-simulator');
if (!forbidCoreDumps()) log.warn({ event: 'simulator.core-dumps' });
const settings = readSettings({
  host: textSetting('POP_SIM_HOST', '127.0.0.1', /^[\w.:-]{1,255}$/),
  port: numberSetting('POP_SIM_PORT', 3001, 0, 65_535),
  controlPort: numberSetting('POP_SIM_CONTROL_PORT', 3101, 0, 65_535),
  ledger: textSetting('POP_SIM_LEDGER', '.data/pop-simulator/ledger.jsonl'),
  blockMs: numberSetting('POP_SIM_BLOCK_MS', 6_000, 10, 600_000),
});

const pop = await startPop({
  api: { host: settings.host, port: settings.port },
  control: { host: '127.0.0.1', port: settings.controlPort },
  ledgerFile: settings.ledger,
  blockMs: settings.blockMs,
  clock: systemClock,
  random: systemRandom,
  log,
  onBroken(error) {
    log.error({ event: 'ledger.broken', err: error }, 'the ledger cannot be written');
    process.exit(1);
  },
});
onShutdown(pop.close);
announceReady({ apiUrl: pop.apiUrl, controlUrl: pop.controlUrl });
log.info({ event: 'pop.ready', apiUrl: pop.apiUrl, controlUrl: pop.controlUrl }, 'PoP simulator listens');
