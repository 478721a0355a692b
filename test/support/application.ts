import { randomUUID } from 'node:crypto';

/** An application of a merchant, as tests are one: it asks the gateway over real HTTP. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnsweredBody;
}

/** Every field that an answer may have; a test looks at those that it expects. */
export interface AnsweredBody {
  readonly success: boolean;
  readonly code: string;
  readonly status: number;
  readonly data: {
    readonly transaction_id: string;
    readonly transaction_time: string;
    readonly status: string;
    readonly approval_code: string;
    readonly card_token: string;
    readonly reference: string;
    readonly payments: readonly { readonly transaction_id: string; readonly status: string }[];
    readonly next_cursor: string | null;
    readonly session_id: string;
    readonly queued_until: string;
    readonly expires_at: string;
  };
  readonly error: { readonly code: string };
  readonly errors: readonly { readonly path: string }[];
}

export interface Ask {
  readonly key?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Application {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async token(pan: string, more: object = { expiry_month: 12, expiry_year: 2030 }): Promise<string> {
    const { body } = await this.post('/api/v1/card-tokens', { pan, ...more });
    return String(body.data.card_token);
  }

  /** A payment under a key of its own, unless one is given. */
  pay(order: object, ask: Ask = {}): Promise<Answered> {
    return this.post('/api/v1/payments', order, { idempotencyKey: randomUUID(), ...ask });
  }

  payment(id: string, ask: Ask = {}): Promise<Answered> {
    return this.ask('GET', `/api/v1/payments/${id}`, undefined, ask);
  }

  post(path: string, body: unknown, ask: Ask = {}): Promise<Answered> {
    return this.ask('POST', path, typeof body === 'string' ? body : JSON.stringify(body), ask);
  }

  async ask(method: string, path: string, body: string | undefined, ask: Ask = {}): Promise<Answered> {
    const { key = this.#key, idempotencyKey, headers } = ask;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }
}
