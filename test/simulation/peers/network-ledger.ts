/** By what the network knows a message and its repeats. */
export interface NetworkIdentity {
  readonly terminal: string;
  readonly rrn: string;
  readonly stan: string;
  /** DE7. */
  readonly transmitted: string;
}

export interface NetworkRequest extends NetworkIdentity {
  readonly pan: string;
  readonly amount: number;
  readonly currency: string;
  readonly merchant: string;
  /** DE13 and DE12. */
  readonly localTime: string;
}

/** What the network holds for one authorisation. */
export interface NetworkAccount extends NetworkRequest {
  /** As decided, in minor units; 0 where declined, or where the reversal came first. */
  readonly approved: number;
  /** What is held now. */
  held: number;
  isReversed: boolean;
  readonly code: string;
  readonly approvalCode: string;
  /** How often each message came. */
  asked: number;
  reversals: number;
}

export interface NetworkDecision {
  readonly code: string;
  readonly approvalCode?: string;
  readonly reference?: string;
  readonly partialAmount?: number;
}

/** The network's own accounts, in memory: the truth about money that the switch is measured against. */
export class NetworkLedger {
  readonly accounts = new Map<string, NetworkAccount>();
  /** Reversals whose original never came: it will be refused. */
  readonly remembered = new Set<string>();
  #count = 0;

  authorise(request: NetworkRequest, decide: () => { code: string; approved: number }): NetworkDecision {
    const key = keyOf(request);
    const known = this.accounts.get(key);
    if (known) {
      known.asked += 1;
      if (known.isReversed || known.amount !== request.amount) return { code: '94' };
      return this.#answer(known);
    }
    const isReversed = this.remembered.has(key);
    const { code, approved } = isReversed ? { code: '12', approved: 0 } : decide();
    return this.#answer(this.#open(request, { code, approved, isReversed }));
  }

  /** What the acquirer says has happened already: it is taken as it is, and once. */
  advise(request: NetworkRequest): NetworkDecision {
    const key = keyOf(request);
    const known = this.accounts.get(key);
    if (known) known.asked += 1;
    else this.#open(request, { code: '00', approved: request.amount, isReversed: false });
    return { code: '00' };
  }

  /** @param original DE11 and DE7 of the authorisation that is taken back */
  reverse(request: NetworkRequest, original: { stan: string; transmitted: string }): NetworkDecision {
    const key = keyOf({ ...request, ...original });
    const account = this.accounts.get(key);
    if (!account) {
      this.remembered.add(key);
      return { code: '00' };
    }
    account.reversals += 1;
    if (account.pan !== request.pan || account.currency !== request.currency) return { code: '12' };
    account.held = 0;
    account.isReversed = true;
    return { code: '00' };
  }

  #open(
    request: NetworkRequest,
    { code, approved, isReversed }: Pick<NetworkAccount, 'code' | 'approved' | 'isReversed'>,
  ): NetworkAccount {
    this.#count += 1;
    const approvalCode = String(this.#count).padStart(6, '0');
    const counts = { asked: 1, reversals: 0 };
    const account = { ...request, code, approved, held: approved, isReversed, approvalCode, ...counts };
    this.accounts.set(keyOf(request), account);
    return account;
  }

  #answer({ code, approved, amount, approvalCode }: NetworkAccount): NetworkDecision {
    if (approved === 0) return { code };
    const partial = approved < amount ? { partialAmount: approved } : {};
    return { code, approvalCode, reference: `300${approvalCode.padStart(12, '0')}`, ...partial };
  }
}

function keyOf({ terminal, rrn, stan, transmitted }: NetworkIdentity): string {
  return `${terminal}|${rrn}|${stan}|${transmitted}`;
}
