import { HsmError } from '../errors.ts';
import type { OperationName, ReplyOf, RequestOf } from '../protocol/operations.ts';
import { clientOf, type PaymentHsmClient } from './client.ts';
import { HsmConnection } from './connection.ts';
import type { Call, HsmConnectOptions, Link } from './link.ts';

/**
 * Operations that change nothing outside the request: asked twice, they answer the same. The others count something
 * or make something (a key, a use of a limited one), so after a lost connection their caller has to decide.
 */
const REPEATABLE: ReadonlySet<OperationName> = new Set<OperationName>([
  'ping',
  'status',
  'generateMac',
  'verifyMac',
  'translatePin',
  'keyCheckValue',
  'protectPan',
  'revealPan',
  'verifyPvv',
  'verifyOffset',
  'verifyCardValue',
  'generateCardValue',
  'verifyArqc',
  'scriptMac',
  'describeKey',
  'dukptData',
  'sign',
  'openRequest',
  'publicKey',
]);

/** Failures of the process or its token rather than of the request. */
const ELSEWHERE: ReadonlySet<string> = new Set(['HSM_UNAVAILABLE', 'HSM_TOKEN_FAILED', 'HSM_BUSY']);

export type HsmPoolOptions = Omit<HsmConnectOptions, 'socketPath'> & {
  /** One socket per HSM process, all with the same keys. */
  socketPaths: readonly [string, ...string[]];
};

/**
 * One face for several HSM processes. Requests go round among those connected; one whose process died, or lost its
 * token, while it was in flight is asked again of another where that is safe.
 */
export function connectHsmPool({ socketPaths, ...options }: HsmPoolOptions): PaymentHsmClient {
  return clientOf(new Pool(socketPaths.map((socketPath) => new HsmConnection({ ...options, socketPath }))));
}

class Pool implements Link {
  readonly #links: readonly Link[];
  #turn = 0;

  constructor(links: readonly Link[]) {
    this.#links = links;
  }

  readonly call: Call = (operation, request) => this.#call(operation, request);

  connected(): boolean {
    return this.#links.some((link) => link.connected());
  }

  /** As soon as one of them is. */
  whenConnected(): Promise<void> {
    return Promise.any(this.#links.map((link) => link.whenConnected())).catch(() => {
      throw new HsmError('HSM_UNAVAILABLE', 'closed');
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }

  async #call<N extends OperationName>(operation: N, request: RequestOf<N>): Promise<ReplyOf<N>> {
    const tried = new Set<Link>();
    for (;;) {
      const link = this.#next(tried);
      if (!link) throw new HsmError('HSM_UNAVAILABLE');
      tried.add(link);
      try {
        return await link.call(operation, request);
      } catch (error) {
        const another =
          error instanceof HsmError && ELSEWHERE.has(error.code) && tried.size < this.#links.length;
        if (!another || !(REPEATABLE.has(operation) || error.code === 'HSM_BUSY')) throw error;
      }
    }
  }

  /** The next one in turn that is connected and was not tried for this request. */
  #next(tried: ReadonlySet<Link>): Link | undefined {
    for (let i = 0; i < this.#links.length; i++) {
      this.#turn = (this.#turn + 1) % this.#links.length;
      const link = this.#links[this.#turn];
      if (link?.connected() && !tried.has(link)) return link;
    }
    return undefined;
  }
}
