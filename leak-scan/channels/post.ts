/**
 * A listener as somebody sends to it: its dialect, its way of framing, a terminal's keys where it has them, and fresh
 * numbers.
 */
import { randomInt } from 'node:crypto';
import { AccountNumber, Bytes, Track1, Track3 } from '../../messages/index.ts';
import { type Clock, systemClock } from '../../runtime/index.ts';
import { developmentTerminalKeys } from '../../simulators/terminal/keys.ts';
import { cardMessage, frameOf, type PurchaseOrder, type Sender } from '../../simulators/terminal/messages.ts';
import { profiles, type TerminalDialect, type TerminalMessage } from '../../simulators/terminal/profiles.ts';
import type { CardService } from '../../simulators/terminal/services.ts';
import type { Card, Wallet } from '../secrets/wallet.ts';
import type { Dialled } from './line.ts';

export const TERMINAL = 'TERM0001';
export const MERCHANT = 'MERCHANT0000001';
const CURRENCY = '978';
const NO_MAC_YET = Bytes.of(Buffer.alloc(8));
/** Elements that are free text, in which a terminal's vendor may put anything. */
const TEXTS = [
  '46',
  '47',
  '48',
  '56',
  '57',
  '58',
  '59',
  '60',
  '61',
  '62',
  '63',
  '104',
  '112',
  '120',
  '121',
  '124',
  '126',
  '127',
];

export class Post {
  readonly name: string;
  readonly dialled: Dialled;
  readonly sender: Sender;
  readonly wallet: Wallet;
  readonly clock: Clock = systemClock;
  #stan = randomInt(100_000, 800_000);

  constructor(name: string, dialect: TerminalDialect, dialled: Dialled, wallet: Wallet) {
    this.name = name;
    this.dialled = dialled;
    this.wallet = wallet;
    const profile = profiles[dialect];
    const keys = profile.secured ? { keys: developmentTerminalKeys(TERMINAL) } : {};
    this.sender = { terminal: TERMINAL, merchant: MERCHANT, profile, ...keys };
  }

  card(scene: string, pinIs: 'right' | 'long' = 'long'): Card {
    return this.wallet.card(`${this.name}, ${scene}`, pinIs);
  }

  moment(): { stan: string; clock: Clock } {
    this.#stan += 1;
    return { stan: String(this.#stan), clock: this.clock };
  }

  /** A payment as a terminal makes it, with all that may stand on a card and a verification value in DE48. */
  payment(
    card: Card,
    service: CardService = 'purchase',
    order: Partial<PurchaseOrder> = {},
  ): TerminalMessage {
    const { pan, pin, expiry, track2 } = card;
    const asked = { amount: 1_000, currency: CURRENCY, card: pan, pin, expiry, track2, ...order };
    if (this.sender.keys) this.wallet.blocks(card, `TPK/${TERMINAL}`);
    const message = cardMessage(service, asked, this.sender, this.moment());
    return {
      ...message,
      de36: Track3.of(card.track3),
      de45: Track1.of(card.track1),
      de48: card.verificationValue('DE48'),
      de55: chipOf(card),
    };
  }

  /** The same with a verification value in every text, and the card in every account. */
  everything(card: Card): TerminalMessage {
    const texts = TEXTS.map((element) => [`de${element}`, card.verificationValue(`DE${element}`)]);
    const account = AccountNumber.of(card.pan);
    const { de64: _, ...message } = this.payment(card);
    return {
      ...message,
      ...(Object.fromEntries(texts) as Partial<TerminalMessage>),
      de34: account,
      de102: account,
      de103: account,
      ...(this.sender.keys && { de128: NO_MAC_YET }),
    };
  }

  frame(message: TerminalMessage): Buffer {
    return frameOf(message, this.sender);
  }
}

/** Tags 5A, 57, 5F20, 9F1F and 9F20: what a chip says of the stripe. */
function chipOf({ pan, track1, track2 }: Card): Bytes {
  const [number = '', name = '', rest = ''] = track1.split('^');
  const discretionary = Buffer.from(rest.slice(-13), 'latin1').toString('hex');
  const stripe = `${track2.replace('=', 'D')}F`;
  const tags: [string, string][] = [
    ['5A', pan],
    ['57', stripe.length % 2 === 0 ? stripe : `${stripe}F`],
    ['5F20', Buffer.from(name, 'latin1').toString('hex')],
    ['9F1F', discretionary],
    ['9F12', Buffer.from(number.slice(0, 1), 'latin1').toString('hex')],
  ];
  return Bytes.fromHex(
    tags.map(([tag, value]) => `${tag}${(value.length / 2).toString(16).padStart(2, '0')}${value}`).join(''),
  );
}
