/** What a terminal asks for, or tells. */
export type TerminalService =
  | 'purchase'
  | 'cash'
  | 'cashback'
  | 'refund'
  | 'balance'
  | 'preauth'
  | 'verify'
  | 'increment'
  | 'complete'
  | 'offline'
  | 'void'
  | 'reversal'
  | 'settlement'
  | 'upload'
  | 'network';

/** Services that begin with a card. */
export type CardService =
  | 'purchase'
  | 'cash'
  | 'cashback'
  | 'refund'
  | 'balance'
  | 'preauth'
  | 'verify'
  | 'offline';

interface CardServiceFacts {
  mti: string;
  /** DE3, positions 1 and 2. */
  processing: string;
  /** DE25. */
  condition: string;
  /** Whether DE4 is what the cardholder pays or gets; else it is zero. */
  hasAmount: boolean;
}

/** How each is said (ISO 8583:1987 DE3 and DE25; 51 and 06 in DE25 as acquirers commonly use them). */
export const CARD_SERVICES: Readonly<Record<CardService, CardServiceFacts>> = {
  purchase: { mti: '0100', processing: '00', condition: '00', hasAmount: true },
  cash: { mti: '0200', processing: '01', condition: '00', hasAmount: true },
  cashback: { mti: '0200', processing: '09', condition: '00', hasAmount: true },
  refund: { mti: '0200', processing: '20', condition: '00', hasAmount: true },
  balance: { mti: '0100', processing: '31', condition: '00', hasAmount: false },
  preauth: { mti: '0100', processing: '00', condition: '06', hasAmount: true },
  verify: { mti: '0100', processing: '00', condition: '51', hasAmount: false },
  offline: { mti: '0220', processing: '00', condition: '00', hasAmount: true },
};

/** Where no answer, or one that cannot be believed, leaves money in doubt: it must be reversed. */
export function mustBeCertain(service: TerminalService): boolean {
  return ['purchase', 'cash', 'cashback', 'refund', 'preauth', 'increment'].includes(service);
}

/** Told, not asked: it stands unless it is refused. */
export function isAdvice(service: TerminalService): boolean {
  return service === 'offline' || service === 'complete';
}

const DEBITS: readonly TerminalService[] = ['purchase', 'cash', 'cashback', 'complete', 'offline'];

/** Which side of the batch it is on, if any. */
export function batchSide(service: TerminalService): 'sales' | 'refunds' | undefined {
  if (service === 'refund') return 'refunds';
  return DEBITS.includes(service) ? 'sales' : undefined;
}

const NOT_FOUND = '25';
const NO_REASON_TO_DECLINE = '85';

/** Whether DE39 says yes to this service: 10 is a yes to part; "nothing to reverse" is as good as reversed. */
export function saysYes(service: TerminalService, code: string | undefined): boolean {
  if (code === '00' || code === '10') return true;
  if (service === 'reversal') return code === NOT_FOUND;
  return service === 'verify' && code === NO_REASON_TO_DECLINE;
}
