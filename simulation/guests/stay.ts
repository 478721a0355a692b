import { completionMessage, reversalMessage, tipMessage, voidMessage } from '../peers/messages.ts';
import { Notice, type NoticeKind } from '../peers/notice.ts';
import { Payment } from '../peers/payment.ts';
import type { PaymentOrder, Referred } from '../peers/payment-order.ts';
import type { Terminal } from '../peers/terminal.ts';
import type { TerminalMessage } from '../peers/terminal-dialects.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

const THOUSAND = 1_000;
const LOOKS_EVERY_MS = 300;
const MOST_ADDED = 3;
const MOST_PARTS = 3;
const OTHERS = 10;
/** Of stays: whose shop says something that it may not say any more, or not yet. */
const OFTEN_WRONG = 0.3;

/** What a guest's shop counts for one stay, in minor units. */
export interface StayBooks {
  held: number;
  captured: number;
  refunded: number;
}

export interface StayOrder {
  readonly pan: string;
  readonly currency: string;
  /** The last three digits of what the stay comes to, which are no other payment's of the run. */
  readonly number: number;
}

/**
 * A guest's stay: a pre-authorisation, more of it as the days go by, and in the end one bill or several, or none. One
 * thing after the other: nothing is begun before all that was said is answered for good. So the shop's book of it is
 * plain arithmetic, and what becomes of an increment needs no model of its own.
 */
export class Stay {
  readonly order: StayOrder;
  readonly terminal: Terminal;
  readonly payments: Payment[] = [];
  readonly notices: Notice[] = [];
  /** What the shop has seen happen, by name. */
  readonly seen = new Set<string>();
  readonly #random: SeededRandom;
  readonly #book: ((books: StayBooks) => void)[] = [];
  #steps: (() => void)[] = [];
  #isOver = false;
  #hold: Payment | undefined;
  readonly #added: Payment[] = [];
  #isInParts = false;
  /** Of what was said out of its order. */
  readonly #wrong: { readonly what: string; isTaken(): boolean }[] = [];

  constructor(terminal: Terminal, order: StayOrder, random: SeededRandom) {
    this.terminal = terminal;
    this.order = order;
    this.#random = random;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nobody knows how one of its messages ended: then the shop has nothing to compare. */
  get isUnknown(): boolean {
    return this.payments.some(({ belief }) => belief === 'unknown');
  }

  get books(): StayBooks {
    const books = { held: 0, captured: 0, refunded: 0 };
    for (const entry of this.#book) entry(books);
    return books;
  }

  /** What may be held or taken at most, by what was approved. */
  get authorised(): number {
    const approved = [this.#hold, ...this.#added].filter((each) => each?.belief === 'approved');
    return approved.reduce((sum, each) => sum + (each?.amount ?? 0), 0);
  }

  get hasIncrements(): boolean {
    return this.#added.length > 0;
  }

  get isInParts(): boolean {
    return this.#isInParts;
  }

  /** What it said out of its order, and was accepted all the same. */
  get takenInError(): string[] {
    return this.#wrong.filter((each) => each.isTaken()).map(({ what }) => what);
  }

  begin(): void {
    const random = this.#random;
    const more = random.integer(MOST_ADDED + 1);
    this.#steps = [
      () => this.#authorise(),
      ...Array.from({ length: more }, () => () => this.#add()),
      ...(random.chance(0.2) ? [() => this.#takeLastBack()] : []),
      ...(random.chance(0.15) ? [() => this.#takeBackPart()] : []),
      ...this.#departure(),
      ...(random.stream('late').chance(OFTEN_WRONG) ? [() => this.#addLate()] : []),
    ];
    this.#next();
  }

  #departure(): (() => void)[] {
    const random = this.#random;
    const ways: readonly (() => (() => void)[])[] = [
      () => [() => this.#complete(this.#share(1))],
      () => [() => this.#complete(this.#share(random.between(0.2, 1)))],
      () => [() => this.#complete(this.#share(random.pick([1.1, 1.3])))],
      () => this.#bills(),
      () => this.#bills(),
      () => [() => this.#void()],
      () => [() => this.#reverse()],
      () => [],
    ];
    const [way = () => []] = [random.pick(ways as [() => (() => void)[]])];
    const afterwards = random.chance(0.25) ? [() => this.#void()] : [];
    const refund = random.chance(0.25) ? [() => this.#refund()] : [];
    const tip = random.chance(0.25) ? [() => this.#tip()] : [];
    return [...way(), ...tip, ...refund, ...afterwards];
  }

  /** Several bills, as of what is shipped in parts; the last one may never come. */
  #bills(): (() => void)[] {
    this.#isInParts = true;
    const count = 2 + this.#random.integer(MOST_PARTS - 1);
    const isCounted = this.#random.chance(0.5);
    const isEnded = this.#random.chance(0.8);
    const billed = this.#random.between(0.4, 1);
    const wrong = this.#random.stream('miscounted');
    const miscounted = wrong.chance(OFTEN_WRONG) ? wrong.integer(count) : undefined;
    return Array.from({ length: isEnded ? count : count - 1 }, (_, index) => {
      const bill = () => {
        const isLast = index === count - 1;
        const share = this.#share(billed / count) - (index === 0 ? 0 : this.order.number);
        this.#complete(share, { sequence: index + 1, count: isCounted || isLast ? count : 0 });
      };
      // What comes beside the right bill may be booked behind it, and is not too far then.
      return index === miscounted ? [() => this.#miscount(index, count), bill] : [bill];
    }).flat();
  }

  /** One bill too far: those before it have not come. */
  #miscount(index: number, count: number): void {
    const hold = this.#hold;
    if (!hold) return;
    const amount = this.#share(0.1);
    if (amount === 0) return;
    const message = {
      ...completionMessage(hold, amount, this.terminal),
      de60: two(index + 2) + two(count + 1),
    };
    const notice = this.#say('completion', message, amount);
    this.#wrong.push({
      what: `bill ${index + 2} before bill ${index + 1}`,
      isTaken: () => notice.isAccepted,
    });
  }

  /** More of a hold that is over. */
  #addLate(): void {
    const hold = this.#hold;
    if (!hold || this.books.held > 0) return;
    const increment = this.#ask('pre-authorisation', OTHERS * THOUSAND + this.order.number, hold);
    const isTaken = () => increment.belief === 'approved';
    this.#wrong.push({ what: 'more of a hold that is over', isTaken });
  }

  #next(): void {
    const isQuiet = this.payments.every(({ isOver }) => isOver) && this.notices.every(({ isOver }) => isOver);
    if (isQuiet) {
      const step = this.#hold && this.#hold.belief !== 'approved' ? undefined : this.#steps.shift();
      if (!step) {
        this.#isOver = true;
        return;
      }
      step();
    }
    this.terminal.process.clock.after(LOOKS_EVERY_MS * this.#random.between(0.8, 2), () => this.#next());
  }

  #authorise(): void {
    this.#hold = this.#ask('pre-authorisation', this.#thousands(40), undefined);
    const hold = this.#hold;
    this.#book.push((books) => {
      if (hold.belief === 'approved') books.held = hold.amount;
    });
  }

  #add(): void {
    const hold = this.#hold;
    if (!hold) return;
    // In whole thousands, which no other stay adds: sums keep the number of the stay.
    const thousands = (1 + this.#random.integer(4)) * OTHERS + (this.order.number % OTHERS);
    const increment = this.#ask('pre-authorisation', thousands * THOUSAND, hold);
    this.#added.push(increment);
    this.#book.push((books) => {
      if (increment.belief !== 'approved') return;
      books.held += increment.amount;
      this.seen.add('increment approved');
    });
  }

  #takeLastBack(): void {
    if (this.#added.at(-1)?.reverse()) this.seen.add('increment reversed');
  }

  /** Down to what is left of the whole. */
  #takeBackPart(): void {
    const hold = this.#hold;
    const remaining = this.#share(0.5);
    if (!hold || this.#added.length > 0 || remaining >= hold.amount) return;
    const notice = this.#say('partial reversal', reversalMessage(hold, remaining), remaining);
    this.#book.push((books) => {
      if (notice.isAccepted) books.held = Math.min(books.held, remaining);
    });
  }

  #complete(amount: number, part?: { readonly sequence: number; readonly count: number }): void {
    const hold = this.#hold;
    if (!hold || amount === 0) return;
    const de60 = part && two(part.sequence) + two(part.count);
    const message = { ...completionMessage(hold, amount, this.terminal), ...(de60 && { de60 }) };
    const notice = this.#say('completion', message, amount);
    this.#book.push((books) => {
      if (!notice.isAccepted) return;
      const isLast = !part || part.sequence === part.count;
      this.seen.add(part ? 'completion in parts' : this.hasIncrements ? 'sum completed' : 'stay completed');
      books.captured += amount;
      books.held = isLast ? 0 : Math.max(0, books.held - amount);
    });
  }

  #tip(): void {
    const hold = this.#hold;
    const { captured } = this.books;
    if (!hold || captured === 0) return;
    const total = this.#whole(captured) + THOUSAND;
    const notice = this.#say('tip', tipMessage({ ...known(hold), amount: captured }, total), total);
    this.#book.push((books) => {
      if (!notice.isAccepted) return;
      books.captured = total;
      this.seen.add('tip accepted');
    });
  }

  #refund(): void {
    const hold = this.#hold;
    const { captured } = this.books;
    if (!hold || captured < THOUSAND) return;
    const refund = this.#ask('refund', this.#whole(captured / 2), hold);
    this.#book.push((books) => {
      if (refund.belief === 'approved') books.refunded += refund.amount;
    });
  }

  #void(): void {
    const hold = this.#hold;
    if (!hold) return;
    const { held, captured } = this.books;
    if (held + captured === 0) return;
    const message = voidMessage({ ...known(hold), amount: captured > 0 ? captured : held }, this.terminal);
    const notice = this.#say('void', message, 0);
    this.#book.push((books) => {
      if (!notice.isAccepted) return;
      books.held = 0;
      books.captured = 0;
      if (this.hasIncrements) this.seen.add('sum voided');
    });
  }

  #reverse(): void {
    const hold = this.#hold;
    if (!hold?.reverse()) return;
    this.#book.push((books) => {
      if (hold.belief !== 'reversed') return;
      books.held = 0;
      books.captured = 0;
    });
  }

  #ask(kind: PaymentOrder['kind'], amount: number, refersTo: Referred | undefined): Payment {
    const random = this.#random;
    const { pan, currency } = this.order;
    const order: PaymentOrder = {
      kind,
      pan,
      currency,
      amount,
      refersTo,
      cash: undefined,
      mti: kind === 'refund' ? '0200' : '0100',
      reversalMti: random.pick(['0400', '0420'] as const),
      withPin: false,
      wrongPin: false,
      brokenMac: false,
      isLost: kind === 'pre-authorisation' && refersTo !== undefined && random.stream('lost').chance(0.5),
      reversesAfterMs: undefined,
      doubled: random.chance(0.1),
      patienceMs: random.between(3_500, 8_000),
      maxRepeats: 1 + random.integer(4),
    };
    const payment = new Payment(this.terminal, order, random.stream(`payment ${this.payments.length}`));
    this.payments.push(payment);
    payment.begin();
    return payment;
  }

  #say(kind: NoticeKind, message: TerminalMessage, remaining: number): Notice {
    const random = this.#random;
    const order = {
      kind,
      message,
      remaining,
      brokenMac: false,
      patienceMs: random.between(3_500, 8_000),
      doubled: random.chance(0.1),
    };
    const notice = new Notice(this.terminal, order, random.stream(`notice ${this.notices.length}`));
    this.notices.push(notice);
    notice.begin();
    return notice;
  }

  #thousands(most: number): number {
    return (2 + this.#random.integer(most)) * THOUSAND + this.order.number;
  }

  /** Of what is authorised, in whole thousands and the number. */
  #share(share: number): number {
    return this.#whole(this.authorised * share);
  }

  #whole(minorUnits: number): number {
    return Math.floor(minorUnits / THOUSAND) * THOUSAND + this.order.number;
  }
}

function known(payment: Payment) {
  const { terminal, order, message, rrn, approvalCode } = payment;
  return { terminal, order, message, rrn, approvalCode };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
