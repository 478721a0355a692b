import { HsmError } from './errors.ts';
import { checkBlock, keyCheckValue } from './operations/key-check.ts';
import { generateMac, verifyMac } from './operations/mac.ts';
import { protectPan, revealPan } from './operations/pan.ts';
import { translatePin } from './operations/pin.ts';
import type { Handlers, OperationName, ReplyOf, RequestOf } from './protocol/operations.ts';
import type { TokenKeys } from './token/context.ts';
import { KeyTable } from './token/keys.ts';
import { TokenError, TokenSession, type TokenSettings } from './token/pkcs11.ts';

/** The token is gone and opening it anew did not help: this process has nothing left to serve. */
export class TokenLostError extends Error {
  override readonly name = 'TokenLostError';
}

/** The operations on one token, and the token's way back after a failure. */
export class HsmService {
  readonly #settings: TokenSettings;
  readonly #userPin: string;
  readonly #now: () => number;
  readonly #handlers: Handlers;
  #token: TokenKeys;

  /** @throws HSM_WRONG_USER_PIN, HSM_TOKEN_FAILED */
  constructor(settings: TokenSettings, userPin: string, now: () => number) {
    this.#settings = settings;
    this.#userPin = userPin;
    this.#now = now;
    this.#token = this.#open();
    this.#handlers = this.#operations();
  }

  get token(): TokenKeys {
    return this.#token;
  }

  /**
   * Runs one operation. After a failure of the token itself it is opened anew, once, and the operation repeated.
   * @throws HsmError, TokenLostError
   */
  execute<N extends OperationName>(name: N, request: RequestOf<N>): ReplyOf<N> {
    try {
      return this.#handlers[name](request);
    } catch (error) {
      if (!isOfToken(error)) throw error;
      if (this.#answers()) throw asHsmError(error);
      this.reopen();
      return this.#repeat(name, request);
    }
  }

  #repeat<N extends OperationName>(name: N, request: RequestOf<N>): ReplyOf<N> {
    try {
      return this.#handlers[name](request);
    } catch (error) {
      throw isOfToken(error) ? asHsmError(error) : error;
    }
  }

  /** @throws TokenLostError where the token stays silent after being opened anew */
  ensureAlive(): void {
    if (!this.#answers()) this.reopen();
  }

  reopen(): void {
    this.close();
    try {
      this.#token = this.#open();
    } catch (error) {
      // A PIN that worked an hour ago and is refused now must not be tried again by a restart either.
      if (error instanceof HsmError && error.code === 'HSM_WRONG_USER_PIN') throw error;
      throw new TokenLostError('the token cannot be opened anew', { cause: error });
    }
    if (!this.#answers()) throw new TokenLostError('the token does not answer');
  }

  close(): void {
    this.#token.session.close();
  }

  #open(): TokenKeys {
    const session = TokenSession.open(this.#settings, this.#userPin);
    try {
      return { session, keys: new KeyTable(session, this.#now) };
    } catch (error) {
      session.close();
      throw new HsmError('HSM_TOKEN_FAILED', error instanceof Error ? error.message : '', { cause: error });
    }
  }

  /** Uses a key that lies on the token: opening a session succeeds even where the token's storage is gone. */
  #answers(): boolean {
    const { session, keys } = this.#token;
    for (const key of keys.all()) {
      if (key.recordedKcv !== undefined) continue;
      try {
        checkBlock(session, key.algorithm, key.stored);
        return true;
      } catch {
        return false;
      }
    }
    return false;
  }

  #operations(): Handlers {
    return {
      ping: () => {
        if (!this.#answers()) throw new TokenError('ping', -1);
        return {};
      },
      generateMac: ({ key, data }) => ({ mac: generateMac(this.#token, key, data) }),
      verifyMac: ({ key, data, mac }) => ({ valid: verifyMac(this.#token, key, data, mac) }),
      translatePin: (request) => ({ block: translatePin(this.#token, request) }),
      keyCheckValue: ({ key }) => ({ value: keyCheckValue(this.#token, key) }),
      protectPan: ({ pan }) => protectPan(this.#token, pan),
      revealPan: ({ ciphertext }) => ({ pan: revealPan(this.#token, ciphertext) }),
    };
  }
}

function isOfToken(error: unknown): boolean {
  return error instanceof TokenError || (error instanceof HsmError && error.cause instanceof TokenError);
}

function asHsmError(error: unknown): HsmError {
  if (error instanceof HsmError) return error;
  return new HsmError('HSM_TOKEN_FAILED', error instanceof Error ? error.message : '', { cause: error });
}
