import type { SeededRandom } from '../world/seeded-random.ts';
import { Patience } from './patience.ts';
import type { Dialogue, Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';

export type NoticeKind =
  | 'reversal'
  | 'partial reversal'
  | 'void'
  /** Of a void whose answer was not heard. */
  | 'void reversal'
  | 'completion'
  /** The sale gets another amount. */
  | 'tip'
  /** Of a batch: its totals, and one of its payments. */
  | 'settlement'
  | 'upload';

export interface NoticeOrder {
  readonly kind: NoticeKind;
  readonly message: TerminalMessage;
  readonly patienceMs: number;
  /** Sent twice at once. */
  readonly doubled: boolean;
  /** The seal is broken: nothing may come of it. */
  readonly brokenMac: boolean;
  /** What stays of its payment where it is accepted, in minor units. */
  readonly remaining: number;
  /** Of a reversal of a void: the void. */
  readonly undoes?: TerminalMessage;
  /** Told how it was answered for good. */
  readonly whenOver?: (code: string) => void;
}

const ACCEPTED = '00';
/** After these the same notice may well be accepted later: the switch could not do its part. */
const NOT_NOW: ReadonlySet<string> = new Set(['96', '91']);
/** A terminal that knows its seal to be right takes this for a defect of the other side. */
const WRONG_MAC = '63';

/**
 * What a terminal says about an earlier payment, or its batch: sent until it is answered for good, with the repeat MTI
 * if need be.
 */
export class Notice implements Dialogue {
  readonly order: NoticeOrder;
  readonly #terminal: Terminal;
  readonly #patience: Patience;
  #isAbandoned = false;
  #undoneBy: Notice | undefined;
  /** How the switch answered for good, and when it was first asked and last answered. */
  outcome: string | undefined;
  beganAt = 0;
  overAt = 0;

  constructor(terminal: Terminal, order: NoticeOrder, random: SeededRandom) {
    this.order = order;
    this.#terminal = terminal;
    this.#patience = new Patience(terminal, random, order.patienceMs, () => this.#send(true));
    terminal.expect(order.message, this);
  }

  get isOver(): boolean {
    return this.outcome !== undefined || this.#isAbandoned;
  }

  /** The terminal has stopped waiting, and takes it back instead. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  get isAccepted(): boolean {
    return this.outcome === ACCEPTED;
  }

  begin(): void {
    this.beganAt = this.#terminal.world.now;
    this.#send(false);
    if (this.order.doubled) this.#send(false);
  }

  /** Once more, though the answer is known: it must be the same. */
  again(): void {
    if (this.isAccepted) this.#send(true);
  }

  abandon(): void {
    this.#isAbandoned = this.outcome === undefined;
    this.#patience.end();
  }

  /** It is a void, and this is its reversal: once that is accepted, a copy of the void is not carried out again. */
  isUndoneBy(reversal: Notice): void {
    this.#undoneBy = reversal;
  }

  get #mayBeUndone(): boolean {
    return this.#undoneBy !== undefined && (this.#undoneBy.isAccepted || !this.#undoneBy.isOver);
  }

  answered({ de39: code = '' }: TerminalMessage, isTrusted: boolean): void {
    const { kind, message, brokenMac } = this.order;
    const { world, settings } = this.#terminal;
    world.tell(
      settings.id,
      () =>
        `← ${code} for the ${kind}${amountOf(message)} [${message.de11}]${isTrusted ? '' : ', without a seal'}`,
    );
    if (!isBelieved(this.order, code, isTrusted, this.#terminal)) return;
    const isNotNow = NOT_NOW.has(code) || (code === WRONG_MAC && !brokenMac);
    if (this.isAccepted && !isNotNow && code !== ACCEPTED && !this.#mayBeUndone) {
      world.violate(
        'I3 one effect',
        `${kind} ${settings.id}/${message.de11} was accepted, then told ${code}`,
      );
    }
    if (this.isOver) return;
    if (isNotNow) {
      this.#patience.later();
      return;
    }
    this.#patience.end();
    this.outcome = code;
    this.overAt = world.now;
    this.order.whenOver?.(code);
  }

  cutOff(): void {
    this.#patience.later();
  }

  #send(isRepeat: boolean): void {
    const { kind, message, brokenMac, remaining } = this.order;
    const mti = isRepeat ? `${message.mti.slice(0, 3)}1` : message.mti;
    const again = isRepeat ? 'again: ' : '';
    this.#terminal.world.tell(
      this.#terminal.settings.id,
      () => `→ ${again}${noticeWords(kind, message, remaining)} [${mti} ${message.de11}]`,
    );
    if (!this.isOver) this.#patience.begin();
    this.#terminal.send({ ...message, mti }, this, brokenMac ? withBrokenMac : undefined);
  }
}

/**
 * Whether a terminal acts on an answer. To a broken seal none may come that carries a right one: somebody between could
 * hold it against what was approved. Who broke it hears that, and leaves it at that.
 */
export function isBelieved(
  { brokenMac }: Pick<NoticeOrder, 'brokenMac'>,
  code: string,
  isTrusted: boolean,
  { keys, settings, world }: Terminal,
): boolean {
  if (!brokenMac || !keys) return isTrusted;
  const { id } = settings;
  if (isTrusted) world.violate('I10 fail closed', `${id} got a sealed ${code} for what was not proven`);
  return code === WRONG_MAC;
}

function noticeWords(kind: NoticeKind, message: TerminalMessage, remaining: number): string {
  switch (kind) {
    case 'partial reversal':
      return `${kind}${amountOf(message)} down to ${remaining}`;
    case 'settlement':
      return `${kind} in ${message.de49}: ${batchWords(message.de63 ?? '')}`;
    default:
      return `${kind}${amountOf(message)}`;
  }
}

function amountOf({ de4 }: TerminalMessage): string {
  return de4 === undefined ? '' : ` of ${Number(de4)}`;
}

/** DE63: number and amount of sales, then of refunds. */
function batchWords(totals: string): string {
  const [sales, sold, refunds, refunded] = [
    totals.slice(0, 3),
    totals.slice(3, 15),
    totals.slice(15, 18),
    totals.slice(18, 30),
  ].map(Number);
  return `${sales} sales (${sold}), ${refunds} refunds (${refunded})`;
}

export function withBrokenMac(frame: Buffer): Buffer {
  const last = frame.length - 1;
  frame[last] = (frame[last] ?? 0) ^ 1;
  return frame;
}
