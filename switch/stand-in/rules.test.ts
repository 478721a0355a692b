import { describe, expect, it } from 'vitest';
import { ruleOut, type StandInFacts } from './rules.ts';

const LIMIT = { currency: '978', count: 5, minorUnits: 20_000 };
const FACTS: StandInFacts = {
  kind: 'purchase',
  processingCode: '000000',
  merchantCategory: '5411',
  asksForCash: false,
  posEntryMode: '051',
  posConditionCode: '00',
  hasCardData: true,
  expiries: ['3012'],
  month: '2611',
  serviceCode: '201',
  minorUnits: 2_500,
  currency: '978',
  isListed: false,
  isDeclined: false,
  chip: 'online',
  hasPin: false,
  merchant: [{ ...LIMIT, floorMinorUnits: 5_000 }],
  issuer: { from: '4', to: '4', perCardDay: [LIMIT], pinTriesPerCardDay: 3 },
};

function ruled(change: Partial<StandInFacts>) {
  const ruling = ruleOut({ ...FACTS, ...change });
  return 'refused' in ruling ? ruling.refused : 'limits';
}

describe('a purchase that may be stood in for', () => {
  it('is bound by the limits of its card and of its merchant', () => {
    expect(ruleOut(FACTS)).toEqual({
      limits: { card: LIMIT, merchant: { ...LIMIT, floorMinorUnits: 5_000 } },
    });
  });

  it.each(['021', '051', '071', '801', '901', '911', '951'])(
    'was read from its card, as DE22 %s says',
    (mode) => {
      expect(ruled({ posEntryMode: mode })).toBe('limits');
    },
  );

  it('may leave open how it was read, where there is a track or a chip', () => {
    expect(ruled({ posEntryMode: '000' })).toBe('limits');
    expect(ruled({ posEntryMode: '001', hasCardData: false })).toBe('card-absent');
  });

  it.each(['011', '031', '101', '811', '820', ''])('was not keyed in, as DE22 %s says', (mode) => {
    expect(ruled({ posEntryMode: mode })).toBe('card-absent');
  });

  it.each(['01', '05', '08', '15', '59'])('has its customer there, which DE25 %s denies', (condition) => {
    expect(ruled({ posConditionCode: condition })).toBe('card-absent');
  });

  it('tells when its card expires, unless the issuer does without', () => {
    expect(ruled({ expiries: [] })).toBe('expiry-unknown');
    const issuer = FACTS.issuer && { ...FACTS.issuer, withoutExpiry: 'accept' as const };
    expect(ruled({ expiries: [], issuer })).toBe('limits');
  });

  it('is up to the floor limit, and not above', () => {
    expect(ruled({ minorUnits: 5_000 })).toBe('limits');
    expect(ruled({ minorUnits: 5_001 })).toBe('above-floor');
  });

  it('is good until the end of the month that its card gives', () => {
    expect(ruled({ expiries: ['2611'] })).toBe('limits');
    expect(ruled({ expiries: ['3012', '2610'] })).toBe('expired');
    expect(ruled({ expiries: ['2613'] })).toBe('expired');
    expect(ruled({ expiries: ['2600'] })).toBe('expired');
  });
});

describe('a purchase that only its issuer may approve', () => {
  it.each<[why: string, change: Partial<StandInFacts>, refused: string]>([
    ['of no card that was agreed on', { issuer: undefined }, 'issuer-unknown'],
    ['in a currency that was not agreed on', { currency: '840' }, 'not-offered'],
    ['at a merchant that has none', { merchant: undefined }, 'not-offered'],
    ['of another kind', { kind: 'cash' }, 'not-offered'],
    ['of a listed card', { isListed: true }, 'listed'],
    ['of a card that was declined', { isDeclined: true }, 'declined-before'],
    ['with cash', { asksForCash: true }, 'issuer-only'],
    ['of quasi-cash', { processingCode: '110000' }, 'issuer-only'],
    ['of wagers', { merchantCategory: '7995' }, 'issuer-only'],
    ['of money in another form', { merchantCategory: '6051' }, 'issuer-only'],
    ['by the service code of its card', { serviceCode: '221' }, 'issuer-only'],
    ['that the chip declined', { chip: 'declined' }, 'chip-declined'],
    ['whose chip is not readable', { chip: 'unreadable' }, 'chip-unreadable'],
    ['with a PIN that nobody else can verify', { hasPin: true }, 'pin-unverifiable'],
  ])('%s is refused', (_, change, refused) => {
    expect(ruled(change)).toBe(refused);
  });
});
