import { HsmError, type PaymentHsm } from '../../hsm/index.ts';
import type { SharedSettings } from '../config/shared-settings.ts';

const AT_ONCE = 16;
/** Beyond that many the rest are likely missing for the same reason. */
const MAX_TOLD = 50;

/** The names of keys that the settings give to terminals and no token has; each is asked for once. */
export async function missingKeys(
  { terminals }: SharedSettings,
  hsm: Pick<PaymentHsm, 'keyCheckValue'>,
): Promise<string[]> {
  const wanted = terminals.flatMap(({ pinKey, macKey, masterKey, dukpt }) => [
    pinKey,
    macKey,
    masterKey,
    dukpt?.baseKey,
  ]);
  const names = [...new Set(wanted.filter((name) => name !== undefined))];
  const missing: string[] = [];
  const next = names.values();
  const look = async () => {
    for (const name of next) {
      if (missing.length >= MAX_TOLD) return;
      if (!(await isThere(name, hsm))) missing.push(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return missing.sort();
}

async function isThere(name: string, hsm: Pick<PaymentHsm, 'keyCheckValue'>): Promise<boolean> {
  try {
    await hsm.keyCheckValue(name);
    return true;
  } catch (error) {
    if (error instanceof HsmError && error.code === 'HSM_UNKNOWN_KEY') return false;
    throw error;
  }
}
