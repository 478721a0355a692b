import type { Clock } from '../../runtime/index.ts';
import { Budgets } from '../admission/budgets.ts';
import type { ApiKeyOwner, Directory } from '../config/directory.ts';
import { type ApiPermission, keyHash } from '../config/gateway.ts';
import type { GatewaySettings } from '../config/settings.ts';
import type { PlatformTokens } from './platform-tokens.ts';
import { Problem } from './problems.ts';

// Who asks, and whether he asks too often. A key is found by its hash, so that how long the look-up takes tells nothing
// of it. Whoever shows no key that is good spends of a budget of his address, and an application that is known never
// does.

const STRANGERS = { atOnce: 30, perSecond: 3 } as const;
const USUAL_PER_SECOND = 100;
const USUAL_RIGHTS: readonly ApiPermission[] = ['payments:create', 'payments:read'];
const LONGEST_KEY = 128;
/** Keys whose rate is counted: more than there are keys in use on one node. */
const MOST_COUNTED = 10_000;

/** An application that showed a good key. */
export type Caller = ApiKeyOwner;

export interface Showing {
  /** Of the Authorization header, after "Bearer", or of X-API-Key. */
  readonly key: string | undefined;
  /** Whose attempts are counted together. */
  readonly circle: string;
}

export interface CallersParts {
  readonly directory: Pick<Directory, 'apiKey' | 'merchant'>;
  readonly clock: Clock;
  /** Absent: no token of the platform is taken. */
  readonly tokens?: PlatformTokens | undefined;
  readonly settings?: GatewaySettings['jwt'] | undefined;
}

export class Callers {
  readonly #directory: CallersParts['directory'];
  readonly #clock: Clock;
  readonly #tokens: PlatformTokens | undefined;
  readonly #settings: GatewaySettings['jwt'];
  readonly #strangers: Budgets;
  readonly #rates = new Map<string, Budgets>();

  constructor({ directory, clock, tokens, settings }: CallersParts) {
    this.#tokens = tokens;
    this.#settings = settings;
    this.#directory = directory;
    this.#clock = clock;
    this.#strangers = new Budgets(clock, STRANGERS);
  }

  /** @throws Problem GW_UNAUTHENTICATED, GW_RATE, GW_FORBIDDEN */
  admit({ key, circle }: Showing, permission: ApiPermission): Caller {
    if (!this.#strangers.take(circle)) throw new Problem('GW_RATE');
    const caller = key === undefined ? undefined : (this.#byToken(key) ?? this.#byKey(key));
    if (!caller) throw new Problem('GW_UNAUTHENTICATED');

    this.#strangers.giveBack(circle);
    if (!this.#mayAsk(caller)) throw new Problem('GW_RATE');
    if (!caller.key.permissions.includes(permission)) {
      throw new Problem('GW_FORBIDDEN', { detail: `it lacks the permission ${permission}` });
    }
    return caller;
  }

  #byKey(key: string): Caller | undefined {
    const caller = key.length > LONGEST_KEY ? undefined : this.#directory.apiKey(keyHash(key));
    return caller && !isOver(caller.key.notAfter, this.#clock.wall()) ? caller : undefined;
  }

  /** A merchant of the platform, with the rights that the settings give to all of them. */
  #byToken(token: string): Caller | undefined {
    if (!this.#tokens || !token.includes('.')) return undefined;
    const claims = this.#tokens.read(token, this.#clock.wall());
    const merchant = claims && this.#directory.merchant(claims.merchant);
    if (!merchant) return undefined;
    const { permissions = USUAL_RIGHTS, perSecond = USUAL_PER_SECOND } = this.#settings ?? {};
    const key = { name: 'platform', sha256: `jwt|${merchant.id}`, permissions: [...permissions], perSecond };
    return { key, merchant };
  }

  #mayAsk({ key }: Caller): boolean {
    const { sha256, perSecond = USUAL_PER_SECOND } = key;
    const name = `${sha256}|${perSecond}`;
    let rate = this.#rates.get(name);
    if (!rate) {
      if (this.#rates.size >= MOST_COUNTED) this.#rates.clear();
      rate = new Budgets(this.#clock, { atOnce: perSecond, perSecond });
      this.#rates.set(name, rate);
    }
    return rate.take('');
  }
}

/** Whether a key of the settings is over. */
function isOver(notAfter: string | undefined, nowMs: number): boolean {
  return notAfter !== undefined && nowMs >= Date.parse(notAfter);
}
