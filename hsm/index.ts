import { join } from 'node:path';

export type { HsmClient, PaymentHsmClient } from './client/client.ts';
export type { HsmPoolOptions } from './client/failover.ts';
export { connectHsmPool } from './client/failover.ts';
export type {
  ChipCard,
  EncryptedPin,
  Hsm,
  NewKey,
  OpenedParts,
  OpenedRequest,
  OpenRequest,
  PaymentHsm,
  ProtectedPan,
  SealedKey,
} from './client/hsm.ts';
export type { HsmConnectOptions } from './client/link.ts';
export { DEVELOPMENT_KEYS, developmentKey, developmentKeyCheckValue } from './development/keys.ts';
export { prepareDevelopmentToken } from './development/prepare.ts';
export type { HsmErrorCode } from './errors.ts';
export { HSM_EXIT_WRONG_PIN, HSM_FINAL_EXIT_CODES, HsmError } from './errors.ts';
export type { KeyRecordFacts, KeyState } from './keys/record.ts';
export type { HsmStatus } from './process/service.ts';

/** The module that is the HSM process, for a supervisor to run. */
export const HSM_ENTRY = join(import.meta.dirname, 'main.ts');
