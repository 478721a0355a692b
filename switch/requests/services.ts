import type { TransactionKind } from '../../connectors/index.ts';
import { withoutRepeat } from '../../messages/index.ts';
import type { TerminalMessage } from './terminal-message.ts';

// What DE3 and DE25 mean, as one table: what is asked for and what is told afterwards. A request that fits no row is
// refused, and an advice that fits none is kept for people, since nobody may guess what money it moved. To take an
// advice for a sale unless something speaks against it was the form before: it booked refunds, tips and balance
// inquiries as sales.

/** How the amount of a message must be: there and positive, exactly zero, or of no meaning. */
type AmountRule = 'positive' | 'zero' | 'none';

/** What is done with a message of the service. */
export type Deed =
  /** Opens legs and waits for them. */
  | 'ask'
  /** Opens a leg for more of what it names. */
  | 'add'
  /** Takes back what it names. */
  | 'void'
  /** Books what has happened at the terminal. */
  | 'tell'
  /** Takes what a pre-authorisation set aside. */
  | 'complete'
  /** Gives a sale another amount. */
  | 'adjust';

/** One thing a terminal can ask for, or tell. */
export interface Service {
  readonly kind: TransactionKind;
  readonly deed: Deed;
  /** Without the repeat digit. */
  readonly mtis: readonly string[];
  /** First two digits of DE3. */
  readonly processing: string;
  /** DE25, where it tells this service from another with the same processing code. */
  readonly condition?: string;
  /** DE25 with which this row is not meant. */
  readonly notConditions?: readonly string[];
  readonly amount: AmountRule;
  /** Whether the purchase is witnessed by the PoP consensus. */
  readonly pop: boolean;
  /** Whether an approval moves or holds money, so that an unknown outcome must be reversed. */
  readonly movesMoney: boolean;
  /** Whether less than was asked may be approved; else a partial approval is reversed and declined. */
  readonly partial: boolean;
  /** Of what is about an earlier transaction: the element by which it is told from what begins anew. */
  readonly names?: 'de37' | 'de38';
}

const ONLINE = ['0100', '0200'] as const;
const ADVICES = ['0120', '0220'] as const;
const PRE_AUTHORISED = '06';
const VERIFICATION = '51';
/** Cash is never set aside, and never asked for by who only wants to know whether a card is good. */
const NEITHER_HELD_NOR_ASKED = [PRE_AUTHORISED, VERIFICATION] as const;

/**
 * Every service. The first row that fits a message is its service (ISO 8583:1987 DE3 positions 1-2 and DE25; DE25 06
 * and 51 as acquirers commonly use them).
 */
const SERVICES: readonly Service[] = [
  {
    kind: 'account-verification',
    deed: 'ask',
    mtis: ONLINE,
    processing: '00',
    condition: VERIFICATION,
    amount: 'zero',
    pop: false,
    movesMoney: false,
    partial: false,
  },
  {
    kind: 'increment',
    deed: 'add',
    mtis: ['0100'],
    processing: '00',
    condition: PRE_AUTHORISED,
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: true,
    names: 'de38',
  },
  {
    kind: 'pre-authorisation',
    deed: 'ask',
    mtis: ['0100'],
    processing: '00',
    condition: PRE_AUTHORISED,
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: true,
  },
  {
    kind: 'purchase',
    deed: 'ask',
    mtis: ONLINE,
    processing: '00',
    // A 0200 of what was authorised before is no service: here it would be taken at once, and at the network held.
    notConditions: [PRE_AUTHORISED],
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: true,
  },
  {
    kind: 'cash',
    deed: 'ask',
    mtis: ONLINE,
    processing: '01',
    notConditions: NEITHER_HELD_NOR_ASKED,
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'cashback',
    deed: 'ask',
    mtis: ONLINE,
    processing: '09',
    notConditions: NEITHER_HELD_NOR_ASKED,
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'refund',
    deed: 'ask',
    mtis: ONLINE,
    processing: '20',
    notConditions: [VERIFICATION],
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'balance',
    deed: 'ask',
    mtis: ONLINE,
    processing: '30',
    amount: 'none',
    pop: false,
    movesMoney: false,
    partial: false,
  },
  {
    kind: 'balance',
    deed: 'ask',
    mtis: ONLINE,
    processing: '31',
    amount: 'none',
    pop: false,
    movesMoney: false,
    partial: false,
  },
  {
    kind: 'purchase',
    deed: 'void',
    mtis: ['0200'],
    processing: '02',
    amount: 'none',
    pop: false,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'pre-authorisation',
    deed: 'complete',
    mtis: ADVICES,
    processing: '00',
    condition: PRE_AUTHORISED,
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: false,
  },
  told('offline-purchase', '00', true),
  told('cash', '01', false),
  told('cashback', '09', true),
  told('refund', '20', false),
  {
    kind: 'purchase',
    deed: 'adjust',
    mtis: ADVICES,
    processing: '02',
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: false,
    names: 'de37',
  },
];

/** What happened at the terminal: told to network and consensus afterwards, never asked. */
function told(kind: TransactionKind, processing: string, pop: boolean): Service {
  const notConditions = kind === 'refund' ? [VERIFICATION] : NEITHER_HELD_NOR_ASKED;
  const money = { amount: 'positive', movesMoney: true, partial: false } as const;
  return { kind, deed: 'tell', mtis: ADVICES, processing, notConditions, pop, ...money };
}

/** What of a message decides which service it is. */
type Deciding = Pick<TerminalMessage, 'mti' | 'de3' | 'de25' | 'de37' | 'de38'>;

export function findService(message: Deciding): Service | undefined {
  const { de3 = '', de25 = '00' } = message;
  const mti = withoutRepeat(message.mti);
  return SERVICES.find(
    ({ mtis, processing, names, condition, notConditions }) =>
      mtis.includes(mti) &&
      de3.startsWith(processing) &&
      (names === undefined || isGiven(message[names])) &&
      (condition === undefined || condition === de25) &&
      !notConditions?.includes(de25),
  );
}

function isGiven(element: string | undefined): boolean {
  return element !== undefined && element.trim() !== '';
}

/** Whether an approval of this kind moves or holds money. */
export function movesMoney(kind: TransactionKind): boolean {
  return SERVICES.find((service) => service.kind === kind)?.movesMoney ?? true;
}
