import { runHost } from '../network/run.ts';
import { iso87HostDialect } from './dialect.ts';

await runHost({
  dialect: iso87HostDialect,
  prefix: 'ISO87',
  port: 9_587,
  controlPort: 9_588,
  zonePinKey: 'ZPK/ISO87',
  zoneMasterKey: { name: 'ZMK/ISO87', version: 'B' },
});
