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
  },
  {
    kind: 'pre-authorisation',
    mtis: ['0100'],
    processing: '00',
    condition: '06',
    amount: 'positive',
    pop: false,
    movesMoney: true,
  },
  { kind: 'purchase', mtis: ONLINE, processing: '00', amount: 'positive', pop: true, movesMoney: true },
  { kind: 'cash', mtis: ONLINE, processing: '01', amount: 'positive', pop: false, movesMoney: true },
  { kind: 'cashback', mtis: ONLINE, processing: '09', amount: 'positive', pop: true, movesMoney: true },
  { kind: 'refund', mtis: ONLINE, processing: '20', amount: 'positive', pop: false, movesMoney: true },
  { kind: 'balance', mtis: ONLINE, processing: '30', amount: 'none', pop: false, movesMoney: false },
  { kind: 'balance', mtis: ONLINE, processing: '31', amount: 'none', pop: false, movesMoney: false },
];

/** Approved at the terminal: told to the network and the consensus afterwards, never asked. */
export const OFFLINE_PURCHASE: Service = {
  kind: 'offline-purchase',
  mtis: ['0120', '0220'],
  processing: '00',
  amount: 'positive',
  pop: true,
  movesMoney: true,
};

/** @param mti without its repeat digit */
export function findService(mti: string, processingCode: string, condition: string): Service | undefined {
  return SERVICES.find(
    (service) =>
      service.mtis.includes(mti) &&
      processingCode.startsWith(service.processing) &&
      (service.condition === undefined || service.condition === condition),
  );
}

/** Whether an approval of this kind moves or holds money. */
export function movesMoney(kind: TransactionKind): boolean {
  return SERVICES.find((service) => service.kind === kind)?.movesMoney ?? true;
}
