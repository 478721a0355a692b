import { responseMti } from '../../messages/index.ts';
import type { Decision, NetworkBook } from './book.ts';
import type { HostMessage } from './host-dialect.ts';

/** DE54 amount types. */
const LEDGER_BALANCE = '01';
const AVAILABLE_BALANCE = '02';
const ORIGINAL_AMOUNT = '57';

export type Answer = Pick<Decision, 'code'> & Partial<Omit<Decision, 'written'>>;
type Balance = ReturnType<NetworkBook['balance']>;

/** What identifies the request comes back, with the decision. */
export function answerElements(request: HostMessage, answer: Answer, balance?: Balance): HostMessage {
  const { de2, de3, de4, de7, de11, de25, de32, de37, de41, de42, de49 } = request;
  const { approvalCode, code, partial } = answer;
  return {
    mti: responseMti(request.mti),
    de2,
    de3,
    de7,
    de11,
    de25,
    de32,
    de37,
    de41,
    de42,
    de49,
    de4: partial ? digits12(partial.approved) : de4,
    de38: isRequest(request) ? approvalCode : undefined,
    de39: code,
    de54: additionalAmounts(request, partial, balance),
  };
}

/** An advice and a reversal get no approval code: what they speak of has one. */
function isRequest({ mti }: HostMessage): boolean {
  return mti.startsWith('010') || mti.startsWith('020');
}

function additionalAmounts(
  { de3 = '000000', de49 = '000' }: HostMessage,
  partial: Answer['partial'],
  balance: Balance | undefined,
) {
  const amount = (amountType: string, minorUnits: number) => ({
    accountType: de3.slice(2, 4),
    amountType,
    currency: de49,
    sign: minorUnits < 0 ? 'D' : 'C',
    amount: digits12(Math.abs(minorUnits)),
  });
  if (partial) return [amount(ORIGINAL_AMOUNT, partial.requested)];
  if (!balance) return undefined;
  return [amount(LEDGER_BALANCE, balance.ledger), amount(AVAILABLE_BALANCE, balance.available)];
}

function digits12(minorUnits: number): string {
  return String(minorUnits).padStart(12, '0');
}
