/** Logs to standard error until it is told to end, and says then what became of its lines: for tests of a full disk. */
import { openLog } from '../log.ts';

const LINES_A_TURN = 20;
const TURN_MS = 5;

const { log, losses } = openLog('log-much', 'info');
const filler = 'x'.repeat(200);
let number = 0;
setInterval(() => {
  for (let i = 0; i < LINES_A_TURN; i += 1) {
    number += 1;
    log.info({ event: 'test.line', number, filler });
  }
}, TURN_MS);
process.on('message', () => process.send?.(losses()));
process.send?.('ready');
