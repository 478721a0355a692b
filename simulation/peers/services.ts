/** What a terminal asks for, or tells of, that begins with a card. */
export type PaymentKind =
  | 'purchase'
  | 'cash'
  | 'cashback'
  | 'refund'
  | 'pre-authorisation'
  | 'balance'
  | 'verification'
  /** The terminal has approved it by itself and tells of it. */
  | 'offline'
  /** The same of a refund. */
  | 'refund-advice';

/** Where a network's ledger shows what became of a payment. */
export type Side = 'held' | 'captured' | 'refunded';

interface PaymentFacts {
  /** Message types that it may be said with. */
  readonly mtis: readonly [string, ...string[]];
  /** DE3, positions 1 and 2. */
  readonly processing: string;
  /** DE25. */
  readonly condition: string;
  /** Absent where nothing moves. */
  readonly side?: Side;
  /** The consensus witnesses it once it is approved. */
  readonly isWitnessed: boolean;
  /** It has happened already: told until it is heard, and never given up. */
  readonly isTold?: true;
}

/** How each is said (ISO 8583:1987 DE3 and DE25, with 06 and 51 in DE25 as acquirers commonly use them). */
export const PAYMENTS: Readonly<Record<PaymentKind, PaymentFacts>> = {
  purchase: {
    mtis: ['0100', '0200'],
    processing: '00',
    condition: '00',
    side: 'captured',
    isWitnessed: true,
  },
  cash: { mtis: ['0200', '0100'], processing: '01', condition: '00', side: 'captured', isWitnessed: false },
  cashback: { mtis: ['0200'], processing: '09', condition: '00', side: 'captured', isWitnessed: true },
  refund: { mtis: ['0200'], processing: '20', condition: '00', side: 'refunded', isWitnessed: false },
  'pre-authorisation': {
    mtis: ['0100'],
    processing: '00',
    condition: '06',
    side: 'held',
    isWitnessed: false,
  },
  balance: { mtis: ['0100', '0200'], processing: '31', condition: '00', isWitnessed: false },
  verification: { mtis: ['0100'], processing: '00', condition: '51', isWitnessed: false },
  offline: {
    mtis: ['0220', '0120'],
    processing: '00',
    condition: '00',
    side: 'captured',
    isWitnessed: true,
    isTold: true,
  },
  'refund-advice': {
    mtis: ['0220'],
    processing: '20',
    condition: '00',
    side: 'refunded',
    isWitnessed: false,
    isTold: true,
  },
};

/** Without what only the terminals of a habit ask for. */
export const PAYMENT_KINDS = (Object.keys(PAYMENTS) as PaymentKind[]).filter(
  (kind) => kind !== 'refund-advice',
);

const NO_REASON_TO_DECLINE = '85';

/** Whether DE39 says yes: 10 is a yes to part. */
export function isYes(kind: PaymentKind, code: string): boolean {
  return code === '00' || code === '10' || (kind === 'verification' && code === NO_REASON_TO_DECLINE);
}
