import type { DueWanted, QueuedPayment, QueuedPayments } from '../../switch/gateway/queued-payments.ts';
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

class MemoryQueue implements QueuedPayments {
  readonly #kept = new Map<string, QueuedPayment>();
  readonly #taken = new Map<string, number>();

  async put(queued: QueuedPayment, most: number): Promise<QueuedPayment | undefined> {
    const known = await this.named(queued.merchant, queued.name);
    if (known || this.#kept.size >= most) return known;
    this.#kept.set(queued.payment, queued);
    return queued;
  }

  async named(merchant: string, name: string): Promise<QueuedPayment | undefined> {
    return [...this.#kept.values()].find((each) => each.merchant === merchant && each.name === name);
  }

  async find(merchant: string, payment: string): Promise<QueuedPayment | undefined> {
    const found = this.#kept.get(payment);
    return found?.merchant === merchant ? found : undefined;
  }

  async cancel(merchant: string, payment: string): Promise<boolean> {
    const found = await this.find(merchant, payment);
    if (found?.state !== 'waiting' && found?.state !== 'cancelled') return false;
    this.#kept.set(payment, { ...found, state: 'cancelled' });
    return true;
  }

  async take({ networks, now, takenBefore, limit }: DueWanted): Promise<QueuedPayment[]> {
    const isDue = ({ state, network, expiresAt, payment }: QueuedPayment) =>
      state === 'waiting'
        ? networks.includes(network) || expiresAt <= now
        : state === 'sending' && (this.#taken.get(payment) ?? now) < takenBefore;
    const due = [...this.#kept.values()].filter(isDue).slice(0, limit);
    for (const each of due) {
      this.#kept.set(each.payment, { ...each, state: 'sending' });
      this.#taken.set(each.payment, now);
    }
    return due;
  }

  async sent(payment: string, became: string): Promise<void> {
    const found = this.#kept.get(payment);
    if (found) this.#kept.set(payment, { ...found, state: 'sent', became });
  }

  async refused(payment: string): Promise<void> {
    const found = this.#kept.get(payment);
    if (found) this.#kept.set(payment, { ...found, state: 'refused' });
  }
}

export function memoryStores(): GatewayStores {
  return {
    tokens: { keep: async (_, card) => card, find: async () => undefined, erase: async () => false },
    pages: { page: async () => [], standing: async () => [] },
    sessions: new MemorySessions(),
    queued: new MemoryQueue(),
    deliveries: { deliveries: async () => [] },
    sealed: { seal: async (_, clear) => clear, open: async (_, text) => text },
  };
}
