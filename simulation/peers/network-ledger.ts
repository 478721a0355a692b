import type { MessageIdentity, Service } from '../../simulators/network/rows.ts';
import type { PaymentNumbers } from './names.ts';
import { identifierOf, type ReversalData, saysOther } from './reversal-data.ts';

export interface NetworkRequest extends PaymentNumbers, Readonly<MessageIdentity> {
  readonly pan: string;
  readonly currency: string;
  readonly merchant: string;
  /** DE38 of what was decided elsewhere. */
  readonly approvalCode?: string;
}

/** What the network holds, has taken or has given for one transaction, in minor units. */
export interface NetworkAccount extends NetworkRequest {
  readonly service: Service;
  /** As decided; 0 where declined, or where the reversal came first. */
  readonly approved: number;
  held: number;
  captured: number;
  refunded: number;
  isReversed: boolean;
  isReversedInPart?: boolean;
  /** Of a hold: what it was told is taken. */
  completed?: number;
  /** Of a sale that had a tip: its new total. */
  adjusted?: number;
  /** Of a hold: the network was told what is taken. It is told so once, however often it hears of it. */
  isCompleted: boolean;
  /** Of a hold, or of what was added to it: what it may hold. */
  capacity: number;
  /** Of a hold that is completed in parts: those that it was told of. */
  readonly parts: Set<number>;
  /** Nobody asked: the network was told. */
  readonly isAdvised: boolean;
  readonly code: string;
  readonly approvalCode: string;
}

/** Which of several completions, and of how many; 0: nobody knows yet. */
interface Part {
  readonly sequence: number;
  readonly count: number;
}

export interface NetworkDecision {
  readonly code: string;
  readonly approvalCode?: string;
  readonly transactionId?: string;
  readonly partial?: { readonly approved: number; readonly requested: number };
}

/** What an issuer says to a request; `amount` where it approves less. */
export interface IssuerWord {
  readonly code: string;
  readonly amount?: number;
  /** Whether money moves; absent: as the code usually means. */
  readonly isApproval?: boolean;
}

/** Which of the usual ways of a reversal the network does not go. */
export interface ReversalManners {
  /** Refused so: nothing is done. */
  readonly refusal?: string | undefined;
  /** Said of what it does not know; nothing of it is remembered. */
  readonly notFound?: string | undefined;
  /** Said where the reversal names a payment and says another thing of it; nothing is done. */
  readonly inconsistent: string;
  /** What the network calls a payment that it approved; absent where it gives no identifier. */
  readonly identifier: ((account: { readonly approvalCode: string }) => string) | undefined;
}

const APPROVAL_CODES: ReadonlySet<string> = new Set(['00', '10', '85']);
const ACCEPTED = '00';
/** DE3, positions 1 and 2. */
const CREDIT = '20';
const ADJUSTMENT = '02';
const INVALID = '12';
const DUPLICATE = '94';
const SIDE = {
  debit: 'captured',
  hold: 'held',
  increment: 'held',
  credit: 'refunded',
  verification: undefined,
  balance: undefined,
} as const;

/**
 * A network's own accounts, in memory: the truth about money that the switch is measured against. It trusts its
 * acquirer: what it is told has happened is taken as it is, however little sense it makes.
 */
export class NetworkLedger {
  readonly accounts = new Map<string, NetworkAccount>();
  /** Reversals whose original never came: it will be refused. */
  readonly remembered = new Set<string>();
  /** Two requests of one acquirer with one DE7 and DE11 are one to it, whatever terminals sent them. */
  readonly #requests = new Map<string, string>();
  /** Reversals by their own numbers: what comes under them again is answered again, and does nothing. */
  readonly #reversals = new Map<string, number>();
  #count = 0;

  authorise(request: NetworkRequest, service: Service, decide: () => IssuerWord): NetworkDecision {
    const key = this.#requests.get(numbersOf(request)) ?? keyOf(request);
    this.#requests.set(numbersOf(request), key);
    const known = this.accounts.get(key);
    if (known) {
      const isSame = known.amount === request.amount && known.service === service && !known.isReversed;
      return isSame ? answerOf(known) : { code: DUPLICATE };
    }
    const word: IssuerWord = this.remembered.has(key) ? { code: INVALID } : decide();
    const { code, amount = request.amount, isApproval = APPROVAL_CODES.has(code) } = word;
    const approved = isApproval ? amount : 0;
    return answerOf(this.#open(request, { service, code, approved, isAdvised: false }));
  }

  /**
   * Of a hold the amount becomes what is taken, and the rest stays held until it is reversed; of anything else that is
   * known, it is known already.
   */
  advise(request: NetworkRequest, processing: string, part?: Part): NetworkDecision {
    const known =
      this.accounts.get(keyOf(request)) ??
      (part ? this.#holdOf(request) : this.#adjusted(request, processing));
    if (!known) {
      const service = processing === CREDIT ? 'credit' : 'debit';
      this.#open(request, { service, code: ACCEPTED, approved: request.amount, isAdvised: true });
    } else if (processing === ADJUSTMENT && !known.isReversed) {
      known.captured = request.amount;
      known.adjusted = request.amount;
    } else if (known.service === 'hold' && part) {
      this.#takePart(known, request.amount, part);
    } else if (known.service === 'hold' && !known.isCompleted) {
      known.isCompleted = true;
      known.captured = request.amount;
      known.completed = request.amount;
      complete(this.#wholeOf(known));
    }
    return { code: ACCEPTED };
  }

  /**
   * @param original DE11 and DE7 of what is taken back
   * @param remaining what stays of it
   */
  reverse(
    request: NetworkRequest & ReversalData,
    original: Pick<MessageIdentity, 'stan' | 'time'>,
    remaining: number,
    { refusal, notFound, inconsistent, identifier }: ReversalManners,
  ): NetworkDecision {
    const before = this.#reversals.get(keyOf(request));
    if (before !== undefined && before !== remaining) return { code: ACCEPTED };
    this.#reversals.set(keyOf(request), remaining);
    const key = keyOf({ ...request, ...original });
    const account = this.accounts.get(key);
    if (account && refusal !== undefined) return { code: refusal };
    if (!account) {
      if (notFound !== undefined) return { code: notFound };
      this.remembered.add(key);
      return { code: ACCEPTED };
    }
    if (account.pan !== request.pan || account.currency !== request.currency) return { code: INVALID };
    if (saysOther(account, request, identifier)) return { code: inconsistent };
    account.capacity = Math.min(account.capacity, remaining);
    const whole = this.#wholeOf(account);
    if (whole.length > 1 || account.parts.size > 0) this.#giveBack(account, whole, remaining);
    else {
      for (const side of ['held', 'captured', 'refunded'] as const) {
        account[side] = Math.min(account[side], remaining);
      }
    }
    if (remaining === 0) account.isReversed = true;
    else account.isReversedInPart = true;
    return { code: ACCEPTED };
  }

  /** What it has of the payment whose amount ends so, in words. */
  words(number: number): string | undefined {
    if (number === 0) return undefined;
    const own = [...this.accounts.values()].filter(({ amount }) => amount % 1_000 === number);
    const parts = own.flatMap((account) =>
      (['held', 'captured', 'refunded'] as const)
        .filter((side) => account[side] > 0)
        .map((side) => `${account[side]} ${side}`),
    );
    return parts.length > 0 ? parts.join(', ') : 'nothing stands';
  }

  /** Of several completions each has numbers of its own, and the reference of what it completes. */
  #holdOf({ terminal, rrn, pan }: NetworkRequest): NetworkAccount | undefined {
    return [...this.accounts.values()].find(
      (one) => one.service === 'hold' && one.terminal === terminal && one.rrn === rrn && one.pan === pan,
    );
  }

  /** One of several completions, once each. */
  #takePart(hold: NetworkAccount, minorUnits: number, { sequence, count }: Part): void {
    if (hold.parts.has(sequence)) return;
    hold.parts.add(sequence);
    hold.captured += minorUnits;
    if (sequence === count) {
      hold.completed = hold.captured;
      complete(this.#wholeOf(hold));
    } else spread(this.#wholeOf(hold));
  }

  /** A hold with what was added to it. */
  #wholeOf(account: NetworkAccount): NetworkAccount[] {
    const isOf = (service: Service) => (one: NetworkAccount) =>
      one.service === service && one.rrn === account.rrn && one.terminal === account.terminal;
    const added = [...this.accounts.values()].filter(isOf('increment'));
    if (added.length === 0) return [account];
    return [...this.accounts.values()].filter(isOf('hold')).concat(added);
  }

  /** Of a hold that consists of more than itself each message is given back by itself, and what was taken stays. */
  #giveBack(account: NetworkAccount, whole: readonly NetworkAccount[], remaining: number): void {
    const [hold] = whole;
    if (account === hold) account.captured = Math.min(account.captured, remaining);
    spread(whole);
  }

  /** A sale that gets another amount is found by the last digits of it, whatever its numbers are. */
  #adjusted({ terminal, amount, pan }: NetworkRequest, processing: string): NetworkAccount | undefined {
    if (processing !== ADJUSTMENT) return undefined;
    return [...this.accounts.values()].find(
      (one) => one.terminal === terminal && one.pan === pan && (one.amount - amount) % 1_000 === 0,
    );
  }

  #open(
    request: NetworkRequest,
    decided: Pick<NetworkAccount, 'service' | 'code' | 'approved' | 'isAdvised'>,
  ): NetworkAccount {
    this.#count += 1;
    const account: NetworkAccount = {
      ...request,
      ...decided,
      held: 0,
      captured: 0,
      refunded: 0,
      isCompleted: false,
      parts: new Set(),
      capacity: decided.approved,
      isReversed: this.remembered.has(keyOf(request)),
      approvalCode: request.approvalCode ?? String(this.#count).padStart(6, '0'),
    };
    const side = SIDE[account.service];
    if (side) account[side] = account.approved;
    this.accounts.set(keyOf(request), account);
    return account;
  }
}

/** What was taken is held no longer: of the hold first, then of what was added to it. */
function spread(whole: readonly NetworkAccount[]): void {
  const [hold] = whole;
  let left = hold?.captured ?? 0;
  for (const account of whole) {
    const taken = Math.min(account.capacity, left);
    account.held = account.capacity - taken;
    left -= taken;
  }
}

/** It is one sale now, under the hold's numbers; of what was added only what is too much is left. */
function complete(whole: readonly NetworkAccount[]): void {
  spread(whole);
  const [hold, ...added] = whole;
  if (hold) hold.capacity = hold.captured + hold.held;
  for (const account of added) account.capacity = account.held;
  spread(whole.slice(0, 1));
}

/** All that it holds, has taken or has given: never in two of these at once. */
export function standsAt({ held, captured, refunded }: NetworkAccount): number {
  return held + captured + refunded;
}

function answerOf(account: NetworkAccount): NetworkDecision {
  const { code, approved, amount, approvalCode } = account;
  // Under 85 a sale is declined; where no money is asked for, it is an approval of nothing.
  const isDeclined = approved === 0 && (amount > 0 || !APPROVAL_CODES.has(code));
  if (isDeclined) return { code };
  const partial = approved < amount ? { partial: { approved, requested: amount } } : {};
  return { code, approvalCode, transactionId: identifierOf(account), ...partial };
}

function numbersOf({ stan, time }: MessageIdentity): string {
  return `${stan}|${time}`;
}

function keyOf({ terminal, rrn, stan, time }: MessageIdentity): string {
  return `${terminal}|${rrn}|${stan}|${time}`;
}
