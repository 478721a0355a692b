import { HsmError } from '../errors.ts';
import { type Caller, EVERYBODY, OWN_USER } from '../keys/authority.ts';
import type { LedgerSeal } from '../keys/counter-ledger.ts';
import { checkBlock, RECORD_SEAL } from '../keys/create.ts';
import { secretOf } from '../keys/key.ts';
import { isPublished } from '../keys/published-on-token.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import { type TokenKey, TokenKeys } from '../keys/token-keys.ts';
import type { UseLedger } from '../keys/use-ledger.ts';
import { WorkingKeys } from '../keys/working-keys.ts';
import { OperationContext } from '../operations/context.ts';
import { HANDLERS, type KeyOperation, LOGGED } from '../operations/handlers.ts';
import { type PinAlarm, PinGuard } from '../pin/guard.ts';
import type { OperationName, ReplyOf, RequestOf } from '../protocol/operations.ts';
import {
  type Instrument,
  isNotPermitted,
  isUnsupported,
  TokenError,
  TokenSession,
  type TokenSettings,
} from '../token/pkcs11.ts';
import { probeToken } from '../token/probe.ts';
import type { TokenProfile } from '../token/profile.ts';
import { type Place, Scratch } from '../token/secrets.ts';
import type { Hardening } from './hardening.ts';
import { type Strategy, selfTest } from './self-test.ts';
import { TokenBucket } from './token-bucket.ts';

/** The token is gone and opening it anew did not help: this process has nothing left to serve. */
export class TokenLostError extends Error {
  override readonly name = 'TokenLostError';
}

/** What `hsm status` and the status API show. */
export interface HsmStatus {
  tokenLabel: string;
  profile: TokenProfile;
  tokenKeys: number;
  cachedWorkingKeys: number;
  /** By operation: where its secret values are on this token, as the known answers at start showed. */
  strategies: Record<string, Strategy>;
  /** By request: where secret values were since the start, and how often it ran. */
  operations: Record<string, { place: Place; runs: number }>;
  /** How often so many PIN faults came under one key within a minute, since the start. */
  pinAlarms: number;
  boundary: Boundary;
  /** Until when keys may come and go, by two custodians; 0 where they never opened that state. */
  authorisedUntil: number;
}

export interface Clocks {
  /** Milliseconds that never go back. */
  monotonic: () => number;
  /** Milliseconds since the epoch. */
  wall: () => number;
  /** Where it is absent nothing could be ended later: an operation then ends with its turn. */
  after?: (milliseconds: number, action: () => void) => { cancel(): void };
}

/** How far the process is kept apart from others: what `hsm status` says of the boundary. */
export interface Boundary extends Hardening {
  /** Names of the peers; `own user` where there is no policy and all runs under one user. */
  readonly peers: readonly string[];
}

/** A service inside another process. */
const NONE: Boundary = { peers: [OWN_USER], notDumpable: false, secretsLocked: false, swappable: true };

/** So many refused attempts at keys a minute are in the key log; all of them are answered. */
const REFUSALS_A_SECOND = 1;

/** What the service tells of by itself. */
export interface Surroundings extends Clocks {
  boundary?: Boundary;
  onPinAlarm?: (alarm: PinAlarm) => void;
}

/**
 * A key that is not open is unwrapped anew for its next use, which costs some 150 µs on SoftHSM: with fewer than are at
 * work at once, nearly every request would.
 */
const OPEN_KEYS = 8_192;

/** Within this time a terminal's MAC key opens a request and seals its answer, and a busy terminal comes again. */
const OPERATION_MS = 25;

interface OpenToken {
  session: TokenSession;
  profile: TokenProfile;
  tokenKeys: TokenKeys;
  workingKeys: WorkingKeys;
  signingKeys: SigningKeys;
  /** What every request's context has of it: made once, not for each request. */
  shared: ConstructorParameters<typeof OperationContext>[1];
}

/** The operations on one token, and the token's way back after a failure. */
export class HsmService {
  readonly #settings: TokenSettings;
  readonly #userPin: string;
  readonly #clocks: Surroundings;
  readonly #instrument: Instrument | undefined;
  readonly #ledger: UseLedger;
  readonly #pinGuard: PinGuard;
  readonly #strategies: Record<string, Strategy>;
  readonly #refused = new TokenBucket(REFUSALS_A_SECOND);
  readonly #runs = new Map<string, { place: Place; runs: number }>();
  #token: OpenToken;
  #ending: { cancel(): void } | undefined;

  /**
   * @param ledger closed with the service
   * @param instrument wraps the PKCS#11 module of every session opened: how tests make a token misbehave
   * @throws HSM_WRONG_USER_PIN, HSM_TOKEN_FAILED
   */
  constructor(
    settings: TokenSettings,
    userPin: string,
    clocks: Surroundings,
    ledger: UseLedger,
    instrument?: Instrument,
  ) {
    this.#ledger = ledger;
    this.#settings = settings;
    this.#userPin = userPin;
    this.#clocks = clocks;
    this.#instrument = instrument;
    this.#pinGuard = new PinGuard(ledger, clocks.wall, settings.pinLimits, clocks.onPinAlarm);
    this.#token = this.#open();
    this.#strategies = selfTest(this.#token.session, this.#token.profile);
    this.#verifyLedger();
  }

  get keys(): number {
    return this.#token.tokenKeys.size;
  }

  status(): HsmStatus {
    const { profile, tokenKeys, workingKeys } = this.#token;
    return {
      tokenLabel: this.#settings.label,
      profile,
      strategies: this.#strategies,
      tokenKeys: tokenKeys.size,
      cachedWorkingKeys: workingKeys.cached,
      operations: Object.fromEntries(this.#runs),
      pinAlarms: this.#pinGuard.alarms,
      boundary: this.#clocks.boundary ?? NONE,
      authorisedUntil: this.#sealing((seal) => this.#ledger.authorisedUntil(seal)) ?? 0,
    };
  }

  /**
   * Runs one operation. After a failure of the token itself it is opened anew, once, and the operation repeated.
   * @throws HsmError, TokenLostError
   */
  execute<N extends OperationName>(name: N, request: RequestOf<N>, caller: Caller = EVERYBODY): ReplyOf<N> {
    try {
      return this.#run(name, request, caller);
    } catch (error) {
      if (!isOfToken(error)) throw error;
      if (this.#answers()) throw asHsmError(error);
      this.#reopen();
      return this.#repeat(name, request, caller);
    }
  }

  /** Ends what requests shared for long enough. Resolves when what they claimed is on disk: replies wait for it. */
  endTurn(): Promise<void> | undefined {
    this.#endOperations();
    return this.#ledger.saved();
  }

  /** @throws TokenLostError where the token stays silent after being opened anew */
  ensureAlive(): void {
    if (!this.#answers()) this.#reopen();
  }

  /** @throws HSM_DEVELOPMENT_KEY where one of the published development keys is on this token */
  refuseDevelopmentKeys(): void {
    const [refused] = this.#token.tokenKeys.refused;
    if (refused !== undefined) throw new HsmError('HSM_DEVELOPMENT_KEY', refused);
  }

  /** A token without a sealing key has claimed nothing yet. @throws HSM_LEDGER_FAILED */
  #verifyLedger(): void {
    this.#sealing((seal) => this.#ledger.verify(seal));
  }

  #sealing<T>(work: (seal: LedgerSeal) => T): T | undefined {
    const { session, profile, shared, tokenKeys } = this.#token;
    if (![...tokenKeys.all()].some(({ name }) => name === RECORD_SEAL)) return undefined;
    return Scratch.use(session, profile, (scratch) => {
      const context = new OperationContext(scratch, shared);
      return work((data) => context.sealOf(data));
    });
  }

  close(): void {
    this.#ending?.cancel();
    this.#token.session.standing.endAll();
    this.#token.session.close();
    this.#ledger.close();
  }

  /** Also when no request comes any more: the oldest operation that is left open sets the time. */
  #endOperations(): void {
    const { standing } = this.#token.session;
    const { monotonic, after } = this.#clocks;
    const { operationMs = OPERATION_MS } = this.#settings;
    if (!after || operationMs === 0) {
      standing.endAll();
      return;
    }

    const now = monotonic();
    const oldest = standing.endOlder(now - operationMs, now);
    if (oldest === undefined || this.#ending) return;
    this.#ending = after(oldest + operationMs - now, () => {
      this.#ending = undefined;
      this.#endOperations();
    });
  }

  #repeat<N extends OperationName>(name: N, request: RequestOf<N>, caller: Caller): ReplyOf<N> {
    try {
      return this.#run(name, request, caller);
    } catch (error) {
      throw isOfToken(error) ? asHsmError(error) : error;
    }
  }

  #run<N extends OperationName>(name: N, request: RequestOf<N>, caller: Caller): ReplyOf<N> {
    if (name === 'status') return { status: JSON.stringify(this.status()) } as ReplyOf<N>;
    if (name === 'ping') {
      if (!this.#answers()) throw new TokenError('ping', -1);
      return {} as ReplyOf<N>;
    }
    return this.#handle(name as KeyOperation, request as never, caller) as ReplyOf<N>;
  }

  #handle<N extends KeyOperation>(name: N, request: RequestOf<N>, caller: Caller): ReplyOf<N> {
    const { session, profile, shared } = this.#token;
    return Scratch.use(session, profile, (scratch) => {
      const context = new OperationContext(scratch, shared, caller);
      try {
        const reply = HANDLERS[name](context, request);
        context.succeeded();
        if (LOGGED.has(name)) context.log(name, 'done');
        return reply;
      } catch (error) {
        this.#logRefusal(context, name, error);
        throw error;
      } finally {
        this.#count(name, scratch.place);
      }
    });
  }

  #logRefusal(context: OperationContext, name: KeyOperation, error: unknown): void {
    if (!(error instanceof HsmError) || error.code !== 'HSM_NOT_AUTHORISED') return;
    if (this.#refused.take(this.#clocks.monotonic())) context.log(name, error.code);
  }

  #count(name: string, place: Place): void {
    const counted = this.#runs.get(name);
    if (!counted) {
      this.#runs.set(name, { place, runs: 1 });
      return;
    }
    counted.runs += 1;
    if (place === 'host') counted.place = 'host';
  }

  #reopen(): void {
    this.#token.session.close();
    try {
      this.#token = this.#open();
    } catch (error) {
      // A PIN that worked an hour ago and is refused now must not be tried again by a restart either.
      if (error instanceof HsmError && error.code === 'HSM_WRONG_USER_PIN') throw error;
      throw new TokenLostError('the token cannot be opened anew', { cause: error });
    }
    if (!this.#answers()) throw new TokenLostError('the token does not answer');
  }

  #open(): OpenToken {
    const session = TokenSession.open(this.#settings, this.#userPin, this.#instrument);
    try {
      const profile = probeToken(session);
      const isRefused = (key: TokenKey) =>
        Scratch.use(session, profile, (scratch) => isPublished(scratch, key));
      const tokenKeys = new TokenKeys(
        session,
        this.#clocks.monotonic,
        this.#settings.refusesDevelopmentKeys ? isRefused : undefined,
      );
      const workingKeys = new WorkingKeys(
        session,
        tokenKeys,
        this.#ledger,
        this.#clocks.wall,
        this.#settings.openKeys ?? OPEN_KEYS,
      );
      const signingKeys = new SigningKeys(session);
      const keys = { tokenKeys, workingKeys, signingKeys };
      const shared = {
        ...keys,
        ledger: this.#ledger,
        wallClock: this.#clocks.wall,
        keyBlockVersions: this.#settings.keyBlockVersions,
        leastStrength: this.#settings.leastStrength,
        pinGuard: this.#pinGuard,
      };
      return { session, profile, ...keys, shared };
    } catch (error) {
      session.close();
      throw new HsmError('HSM_TOKEN_FAILED', error instanceof Error ? error.message : '', { cause: error });
    }
  }

  /** Uses a key that lies on the token: opening a session succeeds even where the token's storage is gone. */
  #answers(): boolean {
    const { session, profile, tokenKeys } = this.#token;
    for (const key of tokenKeys.all()) {
      if (key.kcv !== undefined) continue;
      try {
        const secret = { ...secretOf(key), handle: key.stored, lasting: false };
        Scratch.use(session, profile, (scratch) => checkBlock(scratch, secret, key.algorithm));
        return true;
      } catch {
        return false;
      }
    }
    return false;
  }
}

function isOfToken(error: unknown): boolean {
  return error instanceof TokenError || (error instanceof HsmError && error.cause instanceof TokenError);
}

function asHsmError(error: unknown): HsmError {
  if (error instanceof HsmError) return error;
  if (isUnsupported(error) || isNotPermitted(error)) {
    return new HsmError('HSM_UNSUPPORTED', (error as TokenError).message, { cause: error });
  }
  return new HsmError('HSM_TOKEN_FAILED', error instanceof Error ? error.message : '', { cause: error });
}
