import { counterOf, initialKsn } from '../dukpt/tdes.ts';
import { HsmError } from '../errors.ts';
import { KEY_BLOCK_VERSIONS } from '../keyblock/header.ts';
import { ALL_ALLOWED, checkAct, type KeyAct } from '../keys/attributes.ts';
import { RECORD_SEAL } from '../keys/create.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { isRecord } from '../keys/record.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { TokenKeys } from '../keys/token-keys.ts';
import type { KeyUsage } from '../keys/usage.ts';
import type { UseLedger } from '../keys/use-ledger.ts';
import type { WorkingKeys } from '../keys/working-keys.ts';
import type { RetailMacKey } from '../mac/mac.ts';
import type { Scratch } from '../token/secrets.ts';

export type CounterPurpose = 'pin' | 'mac' | 'data';

/** A DUKPT counter in a request. */
export interface CounterUse {
  ksn: Uint8Array;
  transaction: string;
  /** What is decrypted or verified. */
  content: Uint8Array;
}

const MARK_LENGTH = 16;
const AES_KSN_LENGTH = 12;

/** What one request works with. */
export class OperationContext {
  readonly scratch: Scratch;
  readonly tokenKeys: TokenKeys;
  readonly workingKeys: WorkingKeys;
  readonly signingKeys: SigningKeys;
  readonly #ledger: UseLedger;
  readonly #onSuccess: (() => void)[] = [];
  /** Of key blocks that come: those in which a key may be brought. */
  readonly keyBlockVersions: ReadonlySet<string>;
  readonly wallClock: () => number;

  constructor(
    scratch: Scratch,
    shared: Pick<OperationContext, 'tokenKeys' | 'workingKeys' | 'signingKeys' | 'wallClock'> & {
      ledger: UseLedger;
      keyBlockVersions?: ReadonlySet<string> | undefined;
    },
  ) {
    this.scratch = scratch;
    this.tokenKeys = shared.tokenKeys;
    this.workingKeys = shared.workingKeys;
    this.signingKeys = shared.signingKeys;
    this.#ledger = shared.ledger;
    this.wallClock = shared.wallClock;
    this.keyBlockVersions = shared.keyBlockVersions ?? KEY_BLOCK_VERSIONS;
  }

  /**
   * @param act what the operation does with it; a key that only derives derives
   * @throws HSM_UNKNOWN_KEY, HSM_KEY_USAGE, HSM_KEY_STATE
   */
  key(reference: string, act: KeyAct, ...usages: readonly KeyUsage[]): SessionKey {
    const key = isRecord(reference)
      ? this.workingKeys.use(this.scratch, reference)
      : this.tokenKeys.get(reference);
    if (!usages.includes(key.usage)) {
      throw new HsmError('HSM_KEY_USAGE', `${key.name} is ${key.usage}, not ${usages.join(' or ')}`);
    }
    if (key.mode !== ALL_ALLOWED.mode) checkAct(key.name, key.mode, key.usage === 'B0' ? 'derive' : act);
    return key;
  }

  /**
   * Refuses a DUKPT counter that is not above the device's last one for this purpose, unless the same transaction asks
   * the same again. Claimed when the request succeeds, so that rubbish blocks no device. @throws HSM_KSN_REPLAYED
   */
  useCounter(bdk: SessionKey, purpose: CounterPurpose, use: CounterUse): void {
    const { device, counter } = deviceOf(Buffer.from(use.ksn));
    const name = `${purpose}/${bdk.name}/${device}`;
    const request = this.#requestMark(use);
    this.#ledger.checkCounter(name, counter, request);
    this.#onSuccess.push(() => this.#ledger.claimCounter(name, counter, request));
  }

  /** Under a key of the token: what is recorded must say nothing of an encrypted PIN block. */
  #requestMark({ transaction, content }: CounterUse): Buffer {
    const seal = secretOf(this.tokenKeys.get(RECORD_SEAL));
    const named = Buffer.concat([Buffer.from(`${transaction}\0`, 'latin1'), content]);
    return this.scratch.hmac(seal, 'sha256', named).subarray(0, MARK_LENGTH);
  }

  /** @throws HSM_KSN_REPLAYED where another process was faster, HSM_LEDGER_FAILED */
  succeeded(): void {
    for (const action of this.#onSuccess) action();
  }

  /** A key held whole and halved. */
  halvedKey(reference: string, act: KeyAct, usage: 'M3' | 'C0'): RetailMacKey {
    const key = this.key(reference, act, usage);
    return { whole: secretOf(key), left: secretOf(key, 'left') };
  }
}

/** A device is named by its KSN without the counter. */
function deviceOf(ksn: Buffer): { device: string; counter: number } {
  return ksn.length === AES_KSN_LENGTH
    ? { device: ksn.toString('hex', 0, 8), counter: ksn.readUInt32BE(8) }
    : { device: initialKsn(ksn).toString('hex'), counter: counterOf(ksn) };
}
