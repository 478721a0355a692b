import type { HostMessage } from '../../simulators/network/host-dialect.ts';

const THOUSAND = 1_000;

/** What terminals, networks and journal know a payment by alike. */
export interface PaymentNumbers {
  readonly terminal: string;
  readonly stan: string;
  /** DE13 and DE12. */
  readonly localDate: string;
  readonly localTime: string;
  /** As asked for, in minor units. */
  readonly amount: number;
}

/** What a network and a terminal know alike: no two payments that move money have the same. */
export function nameOfAccount({
  terminal,
  localDate,
  localTime,
  amount,
}: Omit<PaymentNumbers, 'stan'>): string {
  return `${terminal} ${amount} of ${localDate}${localTime}`;
}

export function nameOfPayment({ terminal, stan, localDate, localTime, amount }: PaymentNumbers): string {
  return `${terminal}/${stan} ${amount} of ${localDate}${localTime}`;
}

/** A request at the door of a network, also one that asks for no amount: of those a terminal makes many in a moment. */
export function nameOfRequest(numbers: Omit<PaymentNumbers, 'stan'>, pan: string): string {
  return `${nameOfAccount(numbers)} ${pan}`;
}

/** What names an authorisation: DE41, and the last digits of its amount, which no other payment of the run has. */
export function deadlineKey({ de41 = '', de4 }: Partial<Pick<HostMessage, 'de41' | 'de4'>>): string {
  return `${de41.trimEnd()}|${Number(de4) % THOUSAND}`;
}

/** Processes of the switch are named as their nodes are, workers with this behind it. */
export function isWorker(process: string): boolean {
  return process.endsWith('.worker');
}
