import type { TransactionKind } from '../../connectors/index.ts';

/** How the amount of a request must be: there and positive, exactly zero, or of no meaning. */
type AmountRule = 'positive' | 'zero' | 'none';

/** One thing a terminal can ask for. */
export interface Service {
  readonly kind: TransactionKind;
  /** Without the repeat digit. */
  readonly mtis: readonly string[];
  /** First two digits of DE3. */
  readonly processing: string;
  /** DE25, where it tells this service from another with the same processing code. */
  readonly condition?: string;
  readonly amount: AmountRule;
  /** Whether the purchase is witnessed by the PoP consensus. */
  readonly pop: boolean;
  /** Whether an approval moves or holds money, so that an unknown outcome must be reversed. */
  readonly movesMoney: boolean;
  /** Whether less than was asked may be approved; else a partial approval is reversed and declined. */
  readonly partial: boolean;
  /** Whether it adds to an earlier transaction, which it names by DE37 and DE38: that tells it from one that begins. */
  readonly addsTo?: true;
}

const ONLINE = ['0100', '0200'] as const;

/**
 * Everything that opens legs, as data. The first row that fits a request is its service
 * (ISO 8583:1987 DE3 positions 1–2 and DE25; DE25 06 and 51 as acquirers commonly use them).
 */
const SERVICES: readonly Service[] = [
  {
    kind: 'account-verification',
    mtis: ONLINE,
    processing: '00',
    condition: '51',
    amount: 'zero',
    pop: false,
    movesMoney: false,
    partial: false,
  },
  {
    kind: 'increment',
    mtis: ['0100'],
    processing: '00',
    condition: '06',
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: true,
    addsTo: true,
  },
  {
    kind: 'pre-authorisation',
    mtis: ['0100'],
    processing: '00',
    condition: '06',
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: true,
  },
  {
    kind: 'purchase',
    mtis: ONLINE,
    processing: '00',
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: true,
  },
  {
    kind: 'cash',
    mtis: ONLINE,
    processing: '01',
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'cashback',
    mtis: ONLINE,
    processing: '09',
    amount: 'positive',
    pop: true,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'refund',
    mtis: ONLINE,
    processing: '20',
    amount: 'positive',
    pop: false,
    movesMoney: true,
    partial: false,
  },
  {
    kind: 'balance',
    mtis: ONLINE,
    processing: '30',
    amount: 'none',
    pop: false,
    movesMoney: false,
    partial: false,
  },
  {
    kind: 'balance',
    mtis: ONLINE,
    processing: '31',
    amount: 'none',
    pop: false,
    movesMoney: false,
    partial: false,
  },
];

/** Approved at the terminal: told to the network and the consensus afterwards, never asked. */
export const OFFLINE_PURCHASE: Service = {
  kind: 'offline-purchase',
  mtis: ['0120', '0220'],
  processing: '00',
  amount: 'positive',
  pop: true,
  movesMoney: true,
  partial: false,
};

/**
 * @param mti without its repeat digit
 * @param isReferring whether it has the approval code of an earlier transaction (DE38)
 */
export function findService(
  mti: string,
  processingCode: string,
  condition: string,
  isReferring: boolean,
): Service | undefined {
  return SERVICES.find(
    (service) =>
      service.mtis.includes(mti) &&
      processingCode.startsWith(service.processing) &&
      (!service.addsTo || isReferring) &&
      (service.condition === undefined || service.condition === condition),
  );
}

/** Whether an approval of this kind moves or holds money. */
export function movesMoney(kind: TransactionKind): boolean {
  return SERVICES.find((service) => service.kind === kind)?.movesMoney ?? true;
}
