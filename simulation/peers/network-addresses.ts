import type { Address } from '../../runtime/index.ts';
import type { HostName } from '../faults.ts';

export const NETWORK_ADDRESSES: Readonly<Record<HostName, Address>> = {
  visa: { host: 'visa', port: 5_001 },
  iso87: { host: 'iso87', port: 5_002 },
  mastercard: { host: 'mastercard', port: 5_003 },
  lodging: { host: 'lodging', port: 5_004 },
  plain: { host: 'plain', port: 5_005 },
};
