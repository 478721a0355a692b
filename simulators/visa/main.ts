import { runHost } from '../network/run.ts';
import { visaHostDialect } from './dialect.ts';

await runHost({
  dialect: visaHostDialect,
  prefix: 'VISA',
  port: 9_583,
  controlPort: 9_584,
  zonePinKey: 'ZPK/VISA',
  zoneMasterKey: { name: 'ZMK/VISA', version: 'D' },
});
