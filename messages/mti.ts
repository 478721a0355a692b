/** Message type indicator: version, class, function, origin (ISO 8583-1:2003 clause 5; same digits since 1987). */

const versions: Record<string, string> = { 0: '1987', 1: '1993', 2: '2003', 8: 'national', 9: 'private' };
const classes: Record<string, string> = {
  1: 'authorisation',
  2: 'financial',
  3: 'file action',
  4: 'reversal or chargeback',
  5: 'reconciliation',
  6: 'administrative',
  7: 'fee collection',
  8: 'network management',
};
const functions: Record<string, string> = {
  0: 'request',
  1: 'request response',
  2: 'advice',
  3: 'advice response',
  4: 'notification',
  5: 'notification acknowledgement',
  6: 'instruction',
  7: 'instruction acknowledgement',
  8: 'positive acknowledgement',
  9: 'negative acknowledgement',
};
const origins: Record<string, string> = {
  0: 'acquirer',
  1: 'acquirer repeat',
  2: 'issuer',
  3: 'issuer repeat',
  4: 'other',
  5: 'other repeat',
};

export interface MtiParts {
  readonly version: string;
  readonly class: string;
  readonly function: string;
  readonly origin: string;
}

/** The four parts by name, or undefined when a digit has no meaning in the standard. */
export function mtiParts(mti: string): MtiParts | undefined {
  if (mti.length !== 4) return undefined;
  const [v = '', c = '', f = '', o = ''] = mti;
  const parts = { version: versions[v], class: classes[c], function: functions[f], origin: origins[o] };
  return parts.version && parts.class && parts.function && parts.origin ? (parts as MtiParts) : undefined;
}

export function isKnownMti(mti: string): boolean {
  return mtiParts(mti) !== undefined;
}

/** For people: `0100` → "authorisation request, acquirer (1987)". */
export function mtiName(mti: string): string {
  const parts = mtiParts(mti);
  if (!parts) return 'unknown message type';
  return `${parts.class} ${parts.function}, ${parts.origin} (${parts.version})`;
}

/** True when the message repeats an earlier one: origin 1, 3 or 5. */
export function isRepeat(mti: string): boolean {
  return (mti.charCodeAt(3) & 1) === 1;
}

/** 0401 → 0400; an MTI that is no repeat comes back unchanged. */
export function withoutRepeat(mti: string): string {
  return isRepeat(mti) ? mti.slice(0, 3) + String.fromCharCode(mti.charCodeAt(3) - 1) : mti;
}

/** True for a request, advice, notification or instruction; false for an answer to one. */
export function isRequest(mti: string): boolean {
  return '0246'.includes(mti.charAt(2));
}

/**
 * The MTI that answers a request: 0100 → 0110, 0401 → 0410, 0121 → 0130.
 * @throws {RangeError} when the MTI is itself an answer: a programming error, not bad input
 */
export function responseMti(mti: string): string {
  if (mti.length !== 4 || !isRequest(mti)) {
    throw new RangeError('only a request or an advice has a response MTI');
  }
  const request = withoutRepeat(mti);
  return request.slice(0, 2) + String.fromCharCode(request.charCodeAt(2) + 1) + request.charAt(3);
}
