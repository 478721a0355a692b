import type { Part } from '../dialect.ts';
import type { StandardFields } from '../layout.ts';
import { iso93 } from './iso93.ts';

/** An amount of 2003: currency code, number of decimals, amount in minor units. */
const amount2003 = {
  currency: { name: 'Currency code', content: 'n', characters: 3 },
  decimals: { name: 'Number of decimals', content: 'n', characters: 1 },
  amount: { name: 'Amount in minor units', content: 'n', characters: 12 },
} as const;

/** Data sets of 2003 carry TLV: a one-byte identifier, a two-byte length, data objects. */
const dataSets = {
  kind: 'tagged',
  tag: { encoding: 'binary', characters: 2 },
  length: { prefix: 'binary', width: 2 },
} as const;

const noParts = {} as const satisfies Record<string, Part>;

/**
 * Data elements of ISO 8583:2003 as far as public specifications show them: those of 1993, and what is known to differ.
 * Unverified against the standard's own text.
 */
export const iso2003 = {
  ...iso93,
  3: { name: 'Processing code', content: 'an', fixed: 6 },
  4: { name: 'Amount, transaction', content: 'n', fixed: 16, slices: amount2003 },
  5: { name: 'Amount, reconciliation', content: 'n', fixed: 16, slices: amount2003 },
  6: { name: 'Amount, cardholder billing', content: 'n', fixed: 16, slices: amount2003 },
  8: { name: 'Amount, cardholder billing fee', content: 'n', fixed: 12 },
  11: { name: 'System trace audit number', content: 'n', fixed: 12 },
  12: { name: 'Date and time, local transaction', content: 'n', fixed: 14 },
  13: { name: 'Date, effective', content: 'n', fixed: 6 },
  15: { name: 'Date, settlement', content: 'n', fixed: 8 },
  18: { name: 'Message error indicator', content: 'ans', max: 140 },
  21: { name: 'Transaction life cycle identification data', content: 'ans', fixed: 22 },
  22: { name: 'Point of service data code', content: 'b', fixed: 16 },
  27: { name: 'Point of service capability', content: 'b', fixed: 27 },
  28: { name: 'Date, reconciliation', content: 'n', fixed: 8 },
  30: { name: 'Amounts, original', content: 'n', fixed: 32 },
  31: { name: 'Acquirer reference number', content: 'n', fixed: 23 },
  34: { name: 'Electronic commerce data', content: 'b', max: 9999, composition: dataSets, parts: noParts },
  39: { name: 'Action code', content: 'n', fixed: 4 },
  41: { name: 'Card acceptor terminal identification', content: 'ans', fixed: 16 },
  42: { name: 'Card acceptor identification code', content: 'ans', max: 35 },
  43: {
    name: 'Card acceptor name and location',
    content: 'b',
    max: 9999,
    composition: dataSets,
    parts: noParts,
  },
  44: { name: 'Additional response data', content: 'b', max: 9999 },
  46: { name: 'Amounts, fees', content: 'ans', max: 216 },
  49: { name: 'Verification data', content: 'b', max: 9999, composition: dataSets, parts: noParts },
  50: { name: 'Reserved ISO', content: 'b', max: 9999 },
  51: { name: 'Reserved ISO', content: 'b', max: 9999 },
  54: { name: 'Amounts, additional', content: 'ans', max: 126 },
  55: { name: 'Integrated circuit card data', content: 'b', max: 9999, as: 'emv' },
  56: { name: 'Original data elements', content: 'n', max: 41 },
  66: { name: 'Amounts, original fees', content: 'ans', max: 216 },
  68: { name: 'Batch transfer message control', content: 'ans', fixed: 9 },
  69: { name: 'Batch transfer control data', content: 'ans', fixed: 40 },
  70: { name: 'File transfer description data', content: 'n', fixed: 18 },
  71: { name: 'Reserved ISO', content: 'b', max: 9999 },
  72: { name: 'Data record', content: 'b', max: 999 },
  73: { name: 'Date, action', content: 'n', fixed: 8 },
} as const satisfies StandardFields;
