import { systemClock } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';
import { RECORD_SEAL } from '../keys/create.ts';
import { secretOf } from '../keys/key.ts';
import { AUDIT_KEY, SigningKeys } from '../keys/signing-keys.ts';
import { TokenKeys } from '../keys/token-keys.ts';
import { UseLedger } from '../keys/use-ledger.ts';
import { WorkingKeys } from '../keys/working-keys.ts';
import { OperationContext } from '../operations/context.ts';
import { PinGuard } from '../pin/guard.ts';
import { readTokenAccess } from '../process/settings.ts';
import { TokenSession } from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import type { TokenProfile } from '../token/profile.ts';
import { Scratch } from '../token/secrets.ts';
import { anchor, checkAnchored } from './anchor.ts';
import { type AuditEntry, appendEntry, hashesOf, verifyLog } from './audit-log.ts';

export interface LogCheck {
  readonly entries: number;
  /** How many of them the ledger knows of; absent where it is not told which ledger. */
  readonly anchored: number | undefined;
}

/** The token at which a ceremony is held, and its audit log. A process of its own, like any that opens the token. */
export class Station {
  readonly session: TokenSession;
  readonly profile: TokenProfile;
  readonly keys: TokenKeys;
  readonly signingKeys: SigningKeys;
  readonly #auditLog: string;
  readonly #ledgerPath: string | undefined;

  private constructor(session: TokenSession, auditLog: string, ledgerPath: string | undefined) {
    this.session = session;
    this.profile = probeToken(session);
    this.keys = new TokenKeys(session, systemClock.monotonic);
    this.signingKeys = new SigningKeys(session);
    this.#auditLog = auditLog;
    this.#ledgerPath = ledgerPath;
  }

  /** @throws HSM_SETTINGS_INVALID, HSM_WRONG_USER_PIN, HSM_TOKEN_FAILED */
  static open(environment: Readonly<Record<string, string | undefined>>, auditLog: string): Station {
    const { token, userPin, production } = readTokenAccess(environment);
    const ledgerPath = environment['HSM_USE_LEDGER'] || undefined;
    if (production && ledgerPath === undefined) {
      throw new HsmError(
        'HSM_SETTINGS_INVALID',
        'HSM_USE_LEDGER is missing: the head of the log is kept there',
      );
    }
    return new Station(TokenSession.open(token, userPin), auditLog, ledgerPath);
  }

  close(): void {
    this.session.close();
  }

  use<T>(work: (scratch: Scratch) => T): T {
    return Scratch.use(this.session, this.profile, work);
  }

  /** An operation of the HSM process, run here. */
  work<T>(operation: (context: OperationContext) => T): T {
    const wallClock = systemClock.wall;
    // No ceremony uses a key with a limit, nor a DUKPT counter.
    const ledger = UseLedger.open(undefined);
    const workingKeys = new WorkingKeys(this.session, this.keys, ledger, wallClock, 1);
    const { keys: tokenKeys, signingKeys } = this;
    const pinGuard = new PinGuard(ledger, wallClock);
    const shared = { tokenKeys, workingKeys, signingKeys, ledger, wallClock, pinGuard };
    try {
      return this.use((scratch) => operation(new OperationContext(scratch, shared)));
    } finally {
      ledger.close();
    }
  }

  has(label: string): boolean {
    return [...this.keys.all()].some((key) => key.name === label);
  }

  /**
   * Before a ceremony does anything: what it does can be recorded, and the log is whole.
   * @throws HSM_UNKNOWN_KEY on a token that was not prepared, HSM_AUDIT_LOG_BROKEN
   */
  checkLog(): LogCheck {
    this.seal(Buffer.from('log', 'latin1'));
    const entries = verifyLog(this.#auditLog, (data) => this.seal(data));
    if (this.#ledgerPath === undefined) return { entries, anchored: undefined };
    return { entries, anchored: checkAnchored(this.#ledgerPath, hashesOf(this.#auditLog)) };
  }

  record(entry: Omit<AuditEntry, 'time'>): void {
    const dated = { time: new Date(systemClock.wall()).toISOString(), ...entry } as AuditEntry;
    const head = appendEntry(this.#auditLog, dated, (data) => this.seal(data));
    if (this.#ledgerPath === undefined || !this.signingKeys.has(AUDIT_KEY)) return;
    anchor(this.#ledgerPath, head, dated.time, (text) => this.signingKeys.sign(AUDIT_KEY, text));
  }

  recordFailure(
    action: string,
    facts: Readonly<Record<string, unknown>>,
    custodians: string[],
    error: unknown,
  ): void {
    const aborted = error instanceof HsmError && error.code === 'HSM_CEREMONY_ABORTED';
    const reason = error instanceof HsmError ? error.detail : 'a failure of the program';
    this.record({ action, outcome: aborted ? 'aborted' : 'refused', custodians, ...facts, reason });
  }

  /** HMAC-SHA256 under the key that also seals key records. */
  seal(data: Buffer): Buffer {
    if (!this.has(RECORD_SEAL)) {
      throw new HsmError('HSM_UNKNOWN_KEY', `${RECORD_SEAL}: run "hsm ceremony prepare" on this token first`);
    }
    return this.use((scratch) => scratch.hmac(secretOf(this.keys.get(RECORD_SEAL)), 'sha256', data));
  }
}
