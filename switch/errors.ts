/**
 * Every reason for which the switch itself refuses, with the DE39 that the terminal sees.
 * `docs/errors.md` has a section per code.
 */
export const SWITCH_ERRORS = {
  SW_FORMAT: { responseCode: '30', message: 'the message lacks or garbles a required data element' },
  SW_UNSUPPORTED_MESSAGE: {
    responseCode: '12',
    message: 'this message type or processing code is not served',
  },
  SW_UNKNOWN_TERMINAL: { responseCode: '58', message: 'the terminal is not registered on this listener' },
  SW_NOT_SPOKEN_FOR: {
    responseCode: '58',
    message: 'the client certificate is not one that may speak for this terminal or acquirer',
  },
  SW_UNKNOWN_MERCHANT: { responseCode: '03', message: 'the merchant is not registered for this terminal' },
  SW_MAC_MISSING: { responseCode: '63', message: 'the listener requires a MAC and the message has none' },
  SW_MAC_WRONG: { responseCode: '63', message: 'the MAC does not verify under the terminal key' },
  SW_CARD_MISSING: { responseCode: '30', message: 'neither DE2 nor DE35 identifies a card' },
  SW_CARD_CONTRADICTORY: { responseCode: '30', message: 'DE2 and DE35 name different cards' },
  SW_CURRENCY_UNKNOWN: { responseCode: '30', message: 'DE49 is not a currency this switch knows' },
  SW_AMOUNT: { responseCode: '13', message: 'the amount is not one that this request may have' },
  SW_ORIGINAL_UNKNOWN: {
    responseCode: '25',
    message: 'the transaction that this one refers to is not known',
  },
  SW_ORIGINAL_STATE: { responseCode: '12', message: 'what stands of the original does not allow this' },
  SW_ORIGINAL_SETTLED: {
    responseCode: '12',
    message: 'the batch of the original is closed: it is settled, and refunded instead',
  },
  SW_QUEUE_EXPIRED: { responseCode: '68', message: 'its network was not back before its time was over' },
  SW_ALREADY_REVERSED: { responseCode: '12', message: 'the reversal of this request came before it' },
  SW_PIN_NOT_ACCEPTED: { responseCode: '30', message: 'PIN blocks are not accepted on this listener' },
  SW_PIN_BLOCK: { responseCode: '88', message: 'the PIN block does not decipher to a PIN' },
  SW_SERIAL_NUMBER: {
    responseCode: '63',
    message: 'the key serial number of the PIN is missing, none that a device sends, or spent',
  },
  SW_STALE: {
    responseCode: '12',
    message: 'the request is older or newer than the listener takes, and nobody knows it',
  },
  SW_NO_ROUTE: { responseCode: '92', message: 'no network serves this IIN' },
  SW_FRAUD: { responseCode: '59', message: 'a rule of fraud blocks it' },
  SW_KEY_REUSED: { responseCode: '94', message: 'the same idempotency key came with other content' },
  SW_NO_MASTER_KEY: { responseCode: '58', message: 'the terminal has no master key to be given keys under' },
  SW_KEY_CHECK: {
    responseCode: '79',
    message: 'the key check values are not those of the keys that were given',
  },
  SW_KEY_STORE: { responseCode: '96', message: 'the keys of a terminal cannot be read or recorded' },
  SW_HSM: { responseCode: '96', message: 'the HSM cannot do its part' },
  SW_PROJECTION: { responseCode: '96', message: 'the batch cannot be counted now' },
  SW_VAULT: { responseCode: '96', message: 'the card tokens cannot be asked now' },
  SW_JOURNAL: { responseCode: '96', message: 'the journal cannot do its part' },
  SW_NUMBERS: { responseCode: '96', message: 'no number towards the network can be had now' },
  SW_OVERLOADED: { responseCode: '96', message: 'the switch cannot serve this in time' },
} as const satisfies Record<string, { responseCode: string; message: string }>;

export type SwitchErrorCode = keyof typeof SWITCH_ERRORS;

/** What tells how the switch fares at the moment, and nothing of the request. */
const PASSING: ReadonlySet<SwitchErrorCode> = new Set<SwitchErrorCode>([
  'SW_HSM',
  'SW_KEY_STORE',
  'SW_PROJECTION',
  'SW_VAULT',
  'SW_JOURNAL',
  'SW_NUMBERS',
  'SW_OVERLOADED',
]);

/**
 * A request that is answered with a refusal; `detail` names the element, peer or limit, never card data. A dialect may
 * have another response code for it than the usual one.
 */
export class Refusal extends Error {
  readonly code: SwitchErrorCode;
  readonly responseCode: string;
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    code: SwitchErrorCode,
    detail: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions & { readonly responseCode?: string | undefined },
  ) {
    super(SWITCH_ERRORS[code].message, options);
    this.name = 'Refusal';
    this.code = code;
    this.responseCode = options?.responseCode ?? SWITCH_ERRORS[code].responseCode;
    this.detail = detail;
  }

  /** The same request may be served later: it was not judged. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}
