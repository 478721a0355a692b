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

export function nameOfPayment({ terminal, stan, localDate, localTime, amount }: PaymentNumbers): string {
  return `${terminal}/${stan} ${amount} of ${localDate}${localTime}`;
}
