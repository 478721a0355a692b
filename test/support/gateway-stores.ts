import type { Claim, PaymentSession, PaymentSessions } from '../../switch/gateway/sessions.ts';
import type { GatewayStores } from '../../switch/node/gateway-stores.ts';

/** What a gateway keeps, in memory: for what only timing and order can show. The text that is sealed is not. */
class MemorySessions implements PaymentSessions {
  readonly #kept = new Map<string, PaymentSession>();

  async open(session: PaymentSession): Promise<PaymentSession> {
    const known = [...this.#kept.values()].find(
      ({ merchant, name }) => merchant === session.merchant && name === session.name,
    );
    if (!known) this.#kept.set(session.session, session);
    return known ?? session;
  }

  async find(merchant: string, session: string): Promise<PaymentSession | undefined> {
    const found = this.#kept.get(session);
    return found?.merchant === merchant ? found : undefined;
  }

  async claim(session: string, claim: Claim): Promise<boolean> {
    const found = this.#kept.get(session);
    if (found?.state !== 'open' || found.claim || found.expiresAt <= claim.at) return false;
    this.#kept.set(session, { ...found, claim });
    return true;
  }

  async pay(session: string, by: string, payment: string): Promise<void> {
    const found = this.#kept.get(session);
    if (found?.state !== 'open' || found.claim?.by !== by) return;
    const { claim: _, ...rest } = found;
    this.#kept.set(session, { ...rest, state: 'paid', payment });
  }

  async release(session: string, { by, at }: Claim): Promise<void> {
    const found = this.#kept.get(session);
    if (found?.claim?.by !== by || found.claim.at !== at) return;
    const { claim: _, ...rest } = found;
    this.#kept.set(session, rest);
  }

  async close(session: string, state: 'expired' | 'cancelled'): Promise<boolean> {
    const found = this.#kept.get(session);
    if (found?.state !== 'open' || found.claim) return false;
    this.#kept.set(session, { ...found, state });
    return true;
  }

  async forget(): Promise<number> {
    return 0;
  }
}

export function memoryStores(): GatewayStores {
  return {
    tokens: { keep: async (_, card) => card, find: async () => undefined, erase: async () => false },
    pages: { page: async () => [], standing: async () => [] },
    sessions: new MemorySessions(),
    deliveries: { deliveries: async () => [] },
    sealed: { seal: async (_, clear) => clear, open: async (_, text) => text },
  };
}
