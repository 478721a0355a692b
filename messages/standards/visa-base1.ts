import type { Field, Part } from '../dialect.ts';

/**
 * What BASE I adds to ISO 8583:1987, from public sources only: unverified, replace with your licensed specification.
 * Lengths are one binary byte: digits for the packed fields named in `digitCounted`, bytes for the rest.
 */
const text = 'ebcdic-1047';

const bytesUpTo = (max: number) => ({ prefix: 'binary', width: 1, max, unit: 'bytes' }) as const;
const digitsUpTo = (max: number) => ({ prefix: 'binary', width: 1, max, unit: 'characters' }) as const;
const oddDigits = { side: 'left', with: '0' } as const;

function textVar<const N extends string>(name: N, max: number) {
  return { name, content: 'ans', encoding: text, length: bytesUpTo(max) } as const satisfies Field;
}
function bits<const N extends string>(name: N, fixed: number) {
  return { name, content: 'b', encoding: 'binary', length: { fixed } } as const satisfies Field;
}
function bitsVar<const N extends string>(name: N, max: number) {
  return { name, content: 'b', encoding: 'binary', length: bytesUpTo(max) } as const satisfies Field;
}
function digits<const N extends string>(name: N, fixed: number) {
  return { name, content: 'n', encoding: 'bcd', length: { fixed }, pad: oddDigits } as const satisfies Field;
}
function letters<const N extends string>(name: N, fixed: number) {
  return {
    name,
    content: 'ans',
    encoding: text,
    length: { fixed },
    pad: { side: 'right', with: ' ' },
  } as const satisfies Field;
}
function digitsVar<const N extends string>(name: N, max: number) {
  return {
    name,
    content: 'n',
    encoding: 'bcd',
    length: digitsUpTo(max),
    pad: oddDigits,
  } as const satisfies Field;
}

const field62 = {
  sf1: { bit: 1, ...letters('Authorization characteristics indicator', 1) },
  sf2: { bit: 2, ...digits('Transaction identifier', 15) },
  sf3: { bit: 3, ...letters('Validation code', 4) },
  sf4: { bit: 4, ...letters('Market-specific data indicator', 1) },
  sf5: { bit: 5, ...digits('Duration', 2) },
  sf6: { bit: 6, ...letters('Prestigious property indicator', 1) },
  sf11: { bit: 11, ...digits('Multiple clearing sequence number', 2) },
  sf12: { bit: 12, ...digits('Multiple clearing sequence count', 2) },
  sf17: { bit: 17, ...letters('Gateway transaction identifier', 15) },
  sf20: { bit: 20, ...digits('Merchant verification value', 10) },
  sf21: { bit: 21, ...letters('Online risk assessment score', 4) },
  sf22: { bit: 22, ...letters('Online risk condition codes', 6) },
  sf23: { bit: 23, ...letters('Card-level results, product', 2) },
  sf24: { bit: 24, ...letters('Program identifier', 6) },
  sf25: { bit: 25, ...letters('Spend-qualified indicator', 1) },
} as const satisfies Record<string, Part>;

const field63 = {
  sf1: { bit: 1, ...digits('Network identification code', 4) },
  sf2: { bit: 2, ...digits('Preauthorization time limit', 4) },
  sf3: { bit: 3, ...digits('Message reason code', 4) },
  sf4: { bit: 4, ...digits('Stand-in or switch reason code', 4) },
  sf6: { bit: 6, ...letters('BASE II flags', 7) },
  sf8: { bit: 8, ...digits('Acquirer business identifier', 8) },
  sf9: { bit: 9, ...letters('Fraud data', 14) },
  sf11: { bit: 11, ...letters('Reimbursement attribute', 1) },
  sf12: { bit: 12, ...letters('Sharing group', 30) },
  sf13: { bit: 13, ...digits('Decimal positions', 6) },
  sf14: { bit: 14, ...letters('Issuer currency conversion data', 36) },
  sf19: { bit: 19, ...letters('Fee program indicator', 3) },
  sf21: { bit: 21, ...letters('Charge indicator', 1) },
} as const satisfies Record<string, Part>;

const cvv2 = {
  presence: letters('Presence of CVV2', 1),
  responseType: letters('Response wanted', 1),
  value: {
    name: 'CVV2',
    content: 'ans',
    as: 'cvv',
    encoding: text,
    length: { fixed: 4 },
    pad: { side: 'left', with: ' ', trim: true },
  },
} as const satisfies Record<string, Part>;

const field126 = {
  sf6: { bit: 6, ...bits('Cardholder certificate serial number', 17) },
  sf7: { bit: 7, ...bits('Merchant certificate serial number', 17) },
  sf8: { bit: 8, ...bits('Transaction id (XID)', 20) },
  sf9: { bit: 9, ...bits('CAVV data', 20) },
  sf10: {
    bit: 10,
    ...bits('CVV2 authorization request data', 6),
    composition: { kind: 'positional' },
    parts: cvv2,
  },
  sf12: { bit: 12, ...bits('Service indicators', 3) },
  sf13: { bit: 13, ...letters('Point of service environment', 1) },
  sf15: { bit: 15, ...letters('Mastercard UCAF collection indicator', 1) },
  sf18: { bit: 18, ...bits('Agent unique account result', 12) },
} as const satisfies Record<string, Part>;

const chip = {
  dataset: { name: 'Dataset identifier', content: 'h', encoding: 'bcd', length: { fixed: 2 } },
  tlv: {
    name: 'Chip data',
    content: 'b',
    as: 'emv',
    encoding: 'binary',
    length: { prefix: 'binary', width: 2, max: 252 },
  },
} as const satisfies Record<string, Part>;

export const visaFields = {
  22: digits('Point of service entry mode', 4),
  28: { name: 'Amount, transaction fee', content: 'x+n', encoding: text, length: { fixed: 9 } },
  2: { ...digitsVar('Primary account number', 19), as: 'pan' },
  32: digitsVar('Acquiring institution identification code', 11),
  33: digitsVar('Forwarding institution identification code', 11),
  35: {
    name: 'Track 2 data',
    content: 'z',
    as: 'track2',
    encoding: 'bcd',
    length: digitsUpTo(37),
    pad: oddDigits,
  },
  44: textVar('Additional response data', 25),
  48: textVar('Additional data, private', 255),
  55: { ...bitsVar('Integrated circuit card data', 255), composition: { kind: 'positional' }, parts: chip },
  59: textVar('National point of service geographic data', 14),
  60: {
    name: 'Additional point of service information',
    content: 'n',
    encoding: 'bcd',
    length: bytesUpTo(6),
  },
  61: digitsVar('Other amounts', 36),
  62: {
    ...bitsVar('Custom payment service fields', 255),
    composition: { kind: 'bitmap', bytes: 8 },
    parts: field62,
  },
  63: { ...bitsVar('Network data', 255), composition: { kind: 'bitmap', bytes: 3 }, parts: field63 },
  99: digitsVar('Settlement institution identification code', 11),
  100: digitsVar('Receiving institution identification code', 11),
  104: bitsVar('Transaction-specific data', 255),
  115: textVar('Additional trace data', 24),
  118: textVar('Intra-country data', 255),
  121: textVar('Issuing institution identification code', 11),
  123: textVar('Verification data', 255),
  126: {
    ...bitsVar('Visa private-use fields', 255),
    composition: { kind: 'bitmap', bytes: 8 },
    parts: field126,
  },
  127: textVar('File record action and data', 255),
  130: bits('Terminal capability profile', 3),
  131: bits('Terminal verification results', 5),
  132: bits('Unpredictable number', 4),
  133: letters('Interface device serial number', 8),
  134: bitsVar('Visa discretionary data', 255),
  135: bitsVar('Issuer discretionary data', 255),
  136: bits('Cryptogram', 8),
  137: bits('Application transaction counter', 2),
  138: bits('Application interchange profile', 2),
  139: bits('Issuer response cryptogram and code', 10),
  140: bitsVar('Issuer authentication data', 255),
  142: bitsVar('Issuer script', 255),
  143: bitsVar('Issuer script results', 255),
  144: digits('Cryptogram transaction type', 2),
  145: digits('Terminal country code', 3),
  146: digits('Terminal transaction date', 6),
  147: digits('Cryptogram amount', 12),
  148: digits('Cryptogram currency code', 3),
  149: digits('Cryptogram cashback amount', 12),
  152: { ...bits('Secondary PIN block', 8), as: 'pin-block' },
} as const satisfies Record<number, Field>;
