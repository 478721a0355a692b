import { createRequire } from 'node:module';
import type * as Pkcs11 from 'pkcs11js';

const pkcs11 = createRequire(import.meta.url)('pkcs11js') as typeof Pkcs11;

/** The floor: translations in a bare loop of synchronous calls in this very process, nothing checked, no boundary. */
export interface BareLoop {
  /** Runs for `milliseconds`; returns translations per second. */
  run(milliseconds: number): number;
  close(): void;
}

/** Two session keys of double length on a token of the development kind. */
export function openBareLoop(modulePath: string, label: string, userPin: string): BareLoop {
  const module = new pkcs11.PKCS11();
  module.load(modulePath);
  module.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
  const slot = module.C_GetSlotList(true).find((candidate) => {
    return module.C_GetTokenInfo(candidate).label.replace(/[\0 ]+$/, '') === label;
  });
  if (!slot) throw new Error(`no token is labelled ${label}`);
  const session = module.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  module.C_Login(session, pkcs11.CKU_USER, userPin);
  const [from, to] = [sessionKey(module, session), sessionKey(module, session)];
  const mechanism = { mechanism: pkcs11.CKM_DES3_ECB };
  const [block, clear, translated] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)];
  return {
    run(milliseconds) {
      const start = performance.now();
      let count = 0;
      while (performance.now() - start < milliseconds) {
        module.C_DecryptInit(session, mechanism, from);
        module.C_Decrypt(session, block, clear);
        module.C_EncryptInit(session, mechanism, to);
        module.C_Encrypt(session, clear, translated);
        count += 1;
      }
      return (count * 1_000) / (performance.now() - start);
    },
    close: () => module.C_Finalize(),
  };
}

function sessionKey(module: Pkcs11.PKCS11, session: Buffer): Buffer {
  return module.C_GenerateKey(session, { mechanism: pkcs11.CKM_DES2_KEY_GEN }, [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
  ]);
}
