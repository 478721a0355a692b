import { deviceCounterOf } from '../dukpt/counter.ts';
import { HsmError } from '../errors.ts';
import { KEY_BLOCK_VERSIONS } from '../keyblock/header.ts';
import { ALL_ALLOWED, checkAct, type KeyAct } from '../keys/attributes.ts';
import { type Caller, EVERYBODY, type Exchange, mayExchange } from '../keys/authority.ts';
import { RECORD_SEAL } from '../keys/create.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { isRecord } from '../keys/record.ts';
import { AUDIT_KEY, type SigningKeys } from '../keys/signing-keys.ts';
import type { TokenKeys } from '../keys/token-keys.ts';
import type { KeyUsage } from '../keys/usage.ts';
import type { UseLedger } from '../keys/use-ledger.ts';
import type { WorkingKeys } from '../keys/working-keys.ts';
import type { RetailMacKey } from '../mac/mac.ts';
import type { PinGuard } from '../pin/guard.ts';
import type { Scratch } from '../token/secrets.ts';

export type CounterPurpose = 'pin' | 'mac' | 'data';

/** A DUKPT counter in a request. */
export interface CounterUse {
  ksn: Uint8Array;
  transaction: string;
  /** What is decrypted or verified. */
  content: Uint8Array;
  /** What is done with it: operation, keys, format, PAN. The counter is spent on this, and on nothing else. */
  bound: readonly (string | Uint8Array)[];
}

const MARK_LENGTH = 8;
const CARD_MARK_LENGTH = 16;
/** What tells two base keys apart: the first block of this, derived under each. */
const OF_BASE_KEY = Buffer.from('counters spent!!', 'latin1');

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
  /** Bits. */
  readonly leastStrength: number;
  readonly wallClock: () => number;
  readonly pinGuard: PinGuard;
  readonly caller: Caller;
  #noted: Readonly<Record<string, string | number>> = {};

  constructor(
    scratch: Scratch,
    shared: Pick<OperationContext, 'tokenKeys' | 'workingKeys' | 'signingKeys' | 'wallClock' | 'pinGuard'> & {
      ledger: UseLedger;
      keyBlockVersions?: ReadonlySet<string> | undefined;
      leastStrength?: number | undefined;
    },
    caller: Caller = EVERYBODY,
  ) {
    this.scratch = scratch;
    this.tokenKeys = shared.tokenKeys;
    this.workingKeys = shared.workingKeys;
    this.signingKeys = shared.signingKeys;
    this.#ledger = shared.ledger;
    this.wallClock = shared.wallClock;
    this.pinGuard = shared.pinGuard;
    this.caller = caller;
    this.leastStrength = shared.leastStrength ?? 0;
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
   * Refuses a DUKPT counter that this device has spent for this purpose, unless the same transaction asks the very same
   * again. Claimed when the request succeeds, so that rubbish blocks no device. @throws HSM_KSN_REPLAYED
   */
  useCounter(bdk: SessionKey, purpose: CounterPurpose, use: CounterUse): void {
    const { device, counter } = deviceCounterOf(Buffer.from(use.ksn));
    const claim = {
      device: `${purpose}/${this.#baseKeyMark(bdk)}/${device}`,
      // Of a ledger from before base keys were told by their value: what was used then stays used.
      before: `${purpose}/${bdk.name}/${device}`,
      counter,
      request: this.#requestMark(use),
    };
    const seal = (data: Buffer) => this.sealOf(data);
    this.#ledger.checkCounter(claim, seal);
    this.#onSuccess.push(() => this.#ledger.claimCounter(claim, seal));
  }

  /** HMAC under a key of the token: what is recorded must say nothing of a card or an encrypted PIN block. */
  sealOf(data: Buffer): Buffer {
    return this.scratch.hmac(secretOf(this.tokenKeys.get(RECORD_SEAL)), 'sha256', data);
  }

  #requestMark({ transaction, content, bound }: CounterUse): Buffer {
    const parts = [transaction, ...bound, content].flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      return [Buffer.from(`${bytes.length}:`, 'latin1'), bytes];
    });
    return this.sealOf(Buffer.concat(parts)).subarray(0, MARK_LENGTH);
  }

  /** One base key has one ledger, by whatever name or record it is used, however often it was imported. */
  #baseKeyMark(bdk: SessionKey): string {
    const known = baseKeyMarks.get(bdk);
    if (known !== undefined) return known;
    const [algorithm, length] = bdk.algorithm === 'A' ? (['A', 16] as const) : (['T', 8] as const);
    const data = OF_BASE_KEY.subarray(0, length);
    const derived = this.scratch.derive(secretOf(bdk), algorithm, data, 'generic', length);
    const told = this.scratch.hmac(derived, 'sha256', OF_BASE_KEY);
    const mark = this.sealOf(told).toString('hex', 0, CARD_MARK_LENGTH);
    baseKeyMarks.set(bdk, mark);
    return mark;
  }

  get peer(): string {
    return this.caller.name;
  }

  /** @throws HSM_NOT_AUTHORISED where this caller may not have such a key come or go, and the state is not open */
  authorise(direction: Exchange, key: { under: string; usage: string }): void {
    if (mayExchange(this.caller, direction, key)) return;
    if (this.#ledger.authorisedUntil((data) => this.sealOf(data)) > this.wallClock()) return;
    throw new HsmError(
      'HSM_NOT_AUTHORISED',
      `${direction} of a key of usage ${key.usage} under ${key.under} by ${this.peer}`,
    );
  }

  /** What the key log is to say of the key at hand. */
  note(facts: Readonly<Record<string, string | number>>): void {
    this.#noted = { ...this.#noted, ...facts };
  }

  /** The entry is in the ledger before the key is anywhere else. @throws HSM_LEDGER_FAILED */
  log(operation: string, outcome: string): void {
    const time = new Date(this.wallClock()).toISOString();
    const entry = { time, peer: this.peer, operation, outcome, ...this.#noted };
    this.#ledger.log(entry, (text) => this.signingKeys.sign(AUDIT_KEY, text));
  }

  /** A card, as this peer asks about it: HMAC under a key of the token, hex. */
  cardMark(pan: Uint8Array): string {
    const named = Buffer.concat([Buffer.from(`card\0${this.peer}\0`, 'utf8'), pan]);
    return this.sealOf(named).toString('hex', 0, CARD_MARK_LENGTH);
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

/** For as long as a key is open. */
const baseKeyMarks = new WeakMap<SessionKey, string>();
