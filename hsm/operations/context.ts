import { HsmError } from '../errors.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import type { KsnMemory } from '../keys/ksn-memory.ts';
import { isRecord } from '../keys/record.ts';
import type { TokenKeys } from '../keys/token-keys.ts';
import type { KeyUsage } from '../keys/usage.ts';
import type { WorkingKeys } from '../keys/working-keys.ts';
import type { RetailMacKey } from '../mac/mac.ts';
import type { Scratch } from '../token/secrets.ts';

/** What one request works with. */
export class OperationContext {
  readonly scratch: Scratch;
  readonly tokenKeys: TokenKeys;
  readonly workingKeys: WorkingKeys;
  readonly #ksns: KsnMemory;
  readonly #onSuccess: (() => void)[] = [];
  readonly wallClock: () => number;

  constructor(
    scratch: Scratch,
    shared: Pick<OperationContext, 'tokenKeys' | 'workingKeys' | 'wallClock'> & { ksns: KsnMemory },
  ) {
    this.scratch = scratch;
    this.tokenKeys = shared.tokenKeys;
    this.workingKeys = shared.workingKeys;
    this.#ksns = shared.ksns;
    this.wallClock = shared.wallClock;
  }

  /** @throws HSM_UNKNOWN_KEY, HSM_KEY_USAGE, HSM_KEY_STATE */
  key(reference: string, ...usages: readonly KeyUsage[]): SessionKey {
    const key = isRecord(reference)
      ? this.workingKeys.use(this.scratch, reference)
      : this.tokenKeys.get(reference);
    if (!usages.includes(key.usage)) {
      throw new HsmError('HSM_KEY_USAGE', `${key.name} is ${key.usage}, not ${usages.join(' or ')}`);
    }
    return key;
  }

  /** Refuses a DUKPT counter used before; remembers it when the request succeeds. @throws HSM_KSN_REPLAYED */
  useCounter(device: string, purpose: string, counter: number, content: Uint8Array): void {
    this.#onSuccess.push(this.#ksns.check(device, purpose, counter, content));
  }

  succeeded(): void {
    for (const action of this.#onSuccess) action();
  }

  /** A key held whole and halved. */
  halvedKey(reference: string, usage: 'M3' | 'C0'): RetailMacKey {
    const key = this.key(reference, usage);
    return { whole: secretOf(key), left: secretOf(key, 'left') };
  }
}
