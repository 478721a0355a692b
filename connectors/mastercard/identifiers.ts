// What Mastercard itself calls a transaction, in two identifiers: the Trace ID, which its answer has in DE63 and DE15
// and which every later message repeats in DE48, sub-element 63; and the Transaction Link Identifier (TLID), 22
// characters in DE105. The switch keeps both as one text and never looks into it. UNVERIFIED: compiled from public
// lists, the specification is confidential; the place of the TLID in DE105 least of all.

/** The elements of an answer that say what the network calls it. */
export interface Heard {
  readonly de15?: string | undefined;
  readonly de63?: string | undefined;
  readonly de105?: string | undefined;
}

/** The same as a later message says it. */
export interface Said {
  /** DE48, sub-element 63. */
  readonly se63?: string;
  readonly de105?: string;
}

/** Network code and reference number of DE63, as far as they are part of the Trace ID; then MMDD and two blanks. */
const NETWORK_DATA = 9;
const TRACE_ID = 15;
/** DE105: the first sub-element, three digits, and its length, three digits. */
const LINK = '001022';
const TLID = /^001022([A-Za-z0-9_-]{22})/;
/** Neither identifier has one. */
const BETWEEN = ':';

/** @returns nothing where the answer names it in no way */
export function networkReferenceOf({ de15, de63, de105 }: Heard): string | undefined {
  const networkData = de63?.slice(0, NETWORK_DATA).padEnd(NETWORK_DATA) ?? '';
  const traceId = networkData.trim() === '' || de15 === undefined ? '' : networkData + de15;
  const [, tlid = ''] = TLID.exec(de105 ?? '') ?? [];
  return traceId === '' && tlid === '' ? undefined : `${traceId}${tlid && BETWEEN}${tlid}`;
}

/** @param reference of `networkReferenceOf` */
export function namedBy(reference: string | undefined): Said {
  if (reference === undefined) return {};
  const [traceId = '', tlid = ''] = reference.split(BETWEEN);
  return {
    ...(traceId !== '' && { se63: traceId.padEnd(TRACE_ID) }),
    ...(tlid !== '' && { de105: LINK + tlid }),
  };
}
