import type { Field, Part } from '../dialect.ts';

/**
 * What the Mastercard authorization dialect adds to ISO 8583:1987, from public sources only: unverified, replace with
 * your licensed specification. Digits, text, lengths and message type are EBCDIC throughout.
 */
const text = 'ebcdic-1047';

const rest = (max: number) => ({ rest: max }) as const;

function element<const N extends string, const T extends string>(tag: T, name: N, max: number) {
  return { tag, name, content: 'ans', encoding: text, length: rest(max) } as const satisfies Part;
}
function tlv<const N extends string, const T extends string, const P extends Record<string, Part>>(
  tag: T,
  name: N,
  parts: P,
) {
  return {
    tag,
    name,
    content: 'b',
    encoding: 'binary',
    length: rest(99),
    composition: subelements,
    parts,
  } as const satisfies Part;
}
function upTo<const N extends string>(name: N, width: 2 | 3, max: number) {
  return {
    name,
    content: 'ans',
    encoding: text,
    length: { prefix: 'ebcdic', width, max },
  } as const satisfies Field;
}
function run<const N extends string>(name: N, fixed: number) {
  return {
    name,
    content: 'ans',
    encoding: text,
    length: { fixed },
    pad: { side: 'right', with: ' ' },
  } as const;
}

/** Two-digit identifier, two-digit length. */
const subelements = {
  kind: 'tagged',
  tag: { encoding: text, characters: 2 },
  length: { prefix: 'ebcdic', width: 2 },
} as const;

const additionalData = {
  tcc: run('Transaction category code', 1),
  se10: element('10', 'Encrypted PIN encryption key', 16),
  se11: element('11', 'Key exchange block', 70),
  se15: element('15', 'Authorization system advice date and time', 10),
  se20: element('20', 'Cardholder verification method', 1),
  se22: tlv('22', 'Multi-purpose merchant indicator', {
    sf01: element('01', 'Low-risk merchant indicator', 2),
    sf05: element('05', 'Initiator of the transaction', 4),
    sf06: element('06', 'Format version', 3),
  }),
  se26: tlv('26', 'Wallet program data', { sf01: element('01', 'Wallet identifier', 3) }),
  se32: element('32', 'Mastercard assigned identifier', 6),
  se33: tlv('33', 'Token data', {
    sf01: element('01', 'Account number indicator', 1),
    sf02: { tag: '02', name: 'Account number', content: 'n', as: 'pan', encoding: text, length: rest(19) },
    sf03: element('03', 'Expiry date', 4),
    sf04: element('04', 'Product code', 3),
    sf05: element('05', 'Token assurance level', 2),
    sf06: element('06', 'Token requestor identifier', 11),
  }),
  se37: tlv('37', 'Additional merchant data', {
    sf01: element('01', 'Payment facilitator', 11),
    sf02: element('02', 'Independent sales organization', 11),
    sf03: element('03', 'Sub-merchant', 15),
    sf04: element('04', 'Country', 3),
  }),
  se42: tlv('42', 'Electronic commerce indicators', {
    sf01: element('01', 'Security level and UCAF collection', 3),
    sf02: element('02', 'Original security level', 3),
    sf03: element('03', 'Reason for downgrade', 1),
  }),
  se43: element('43', 'Universal cardholder authentication field', 32),
  se61: element('61', 'Point of service data, extended conditions', 5),
  se63: element('63', 'Trace identifier', 15),
  se66: tlv('66', 'Authentication data', {
    sf01: element('01', 'Program protocol', 1),
    sf02: element('02', 'Directory server transaction identifier', 36),
  }),
  se71: element('71', 'On-behalf services', 40),
  se77: element('77', 'Transaction type identifier', 3),
  se84: element('84', 'Merchant advice code', 2),
  se87: element('87', 'Card validation code result', 1),
  se92: { tag: '92', name: 'CVC 2', content: 'n', as: 'cvv', encoding: text, length: rest(3) },
} as const satisfies Record<string, Part>;

const pointOfServiceData = {
  attendance: run('Terminal attendance', 1),
  reserved1: run('Reserved', 1),
  location: run('Terminal location', 1),
  cardholderPresence: run('Cardholder presence', 1),
  cardPresence: run('Card presence', 1),
  cardCapture: run('Card capture capability', 1),
  status: run('Transaction status', 1),
  security: run('Transaction security', 1),
  reserved2: run('Reserved', 1),
  cardholderActivated: run('Cardholder-activated terminal level', 1),
  inputCapability: run('Card data input capability', 1),
  lifeCycle: run('Authorization life cycle', 2),
  country: run('Country code', 3),
  postalCode: { name: 'Postal code', content: 'ans', encoding: text, length: rest(10) },
} as const satisfies Record<string, Part>;

const privateData = { prefix: 'ebcdic', width: 3, max: 999 } as const;

export const mastercardFields = {
  44: upTo('Additional response data', 2, 25),
  48: {
    name: 'Additional data, private',
    content: 'b',
    encoding: 'binary',
    length: privateData,
    composition: { ...subelements, lead: 'tcc' },
    parts: additionalData,
  },
  60: upTo('Advice reason code', 3, 60),
  61: {
    name: 'Point of service data',
    content: 'b',
    encoding: 'binary',
    length: { prefix: 'ebcdic', width: 3, max: 26 },
    composition: { kind: 'positional' },
    parts: pointOfServiceData,
  },
  62: upTo('Intermediate network facility data', 3, 100),
  63: upTo('Network data', 3, 50),
  95: {
    name: 'Replacement amounts',
    content: 'n',
    encoding: text,
    length: { fixed: 42 },
    slices: {
      transaction: { name: 'Actual amount, transaction', content: 'n', characters: 12 },
      settlement: { name: 'Actual amount, settlement', content: 'n', characters: 12 },
      billing: { name: 'Actual amount, cardholder billing', content: 'n', characters: 12 },
      zeros: { name: 'Zeros', content: 'n', characters: 6 },
    },
  },
  96: { name: 'Message security code', content: 'n', encoding: text, length: { fixed: 8 } },
  110: upTo('Additional data', 3, 999),
  112: upTo('Additional data, national', 3, 100),
  120: upTo('Record data', 3, 999),
  121: upTo('Authorizing agent identification', 3, 6),
  124: upTo('Member-defined data', 3, 299),
  127: upTo('Private data', 3, 100),
} as const satisfies Record<number, Field>;
