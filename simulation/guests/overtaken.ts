import { reversalMessage } from '../peers/messages.ts';
import { Notice } from '../peers/notice.ts';
import { Payment } from '../peers/payment.ts';
import type { PaymentOrder } from '../peers/payment-order.ts';
import type { Terminal } from '../peers/terminal.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { StayBooks, StayOrder } from './stay.ts';

const THOUSAND = 1_000;
const LOOKS_EVERY_MS = 300;

/**
 * A sale that its terminal approved by itself, and took back before it told of it: the reversal comes first, without
 * DE90 and with the numbers of the advice. So nothing may come of the advice.
 */
export class Overtaken {
  readonly order: StayOrder;
  readonly terminal: Terminal;
  readonly payments: readonly [Payment];
  readonly notices: readonly [Notice];
  readonly seen = new Set<string>();
  readonly books: StayBooks = { held: 0, captured: 0, refunded: 0 };
  readonly isInParts = false;
  readonly takenInError: readonly string[] = [];
  #isTold = false;

  constructor(terminal: Terminal, order: StayOrder, random: SeededRandom) {
    this.terminal = terminal;
    this.order = order;
    const payment = new Payment(terminal, orderOf(order, random), random.stream('payment'));
    const { de7, de11, de12, de13 } = payment.message;
    const { de90: _, ...reversal } = reversalMessage(payment, 0);
    const message = { ...reversal, de7, de11, de12, de13 };
    const said = { kind: 'reversal', message, remaining: 0, brokenMac: false, doubled: false } as const;
    this.payments = [payment];
    this.notices = [new Notice(terminal, { ...said, patienceMs: 4_000 }, random.stream('reversal'))];
  }

  get isOver(): boolean {
    return this.#isTold && this.payments[0].isOver;
  }

  get isUnknown(): boolean {
    return false;
  }

  get authorised(): number {
    return 0;
  }

  begin(): void {
    this.notices[0].begin();
    this.#tell();
  }

  /** Once its reversal was answered. */
  #tell(): void {
    const [reversal] = this.notices;
    if (!reversal.isOver) {
      this.terminal.process.clock.after(LOOKS_EVERY_MS, () => this.#tell());
      return;
    }
    this.#isTold = true;
    this.seen.add('advice behind its reversal');
    this.payments[0].begin();
  }
}

function orderOf({ pan, currency, number }: StayOrder, random: SeededRandom): PaymentOrder {
  return {
    kind: 'offline',
    pan,
    currency,
    refersTo: undefined,
    cash: undefined,
    amount: (2 + random.integer(60)) * THOUSAND + number,
    mti: random.pick(['0220', '0120'] as const),
    reversalMti: '0400',
    wrongPin: false,
    brokenMac: false,
    isLost: false,
    reversesAfterMs: undefined,
    withPin: false,
    doubled: false,
    patienceMs: 4_000,
    maxRepeats: 4,
  };
}
