import { describe, expect, it } from 'vitest';
import { bodyOf, bodyText } from './body-form.ts';
import { JournalError } from './journal.ts';

const TRANSACTION = '01a22996-8219-7c8e-bcee-278de7d2ccf1';
const VALIDATION = '01a22996-821c-79ec-91c5-963124e8d69f';
const CARD = '935cbddc4c42a3c35aacd3ff72119edc0fa5ef3a119e439362a7901feab568e6';

const intended = {
  facts: {
    transaction: TRANSACTION,
    kind: 'purchase',
    processingCode: '000000',
    amount: { minorUnits: 2_500, currency: '978' },
    transmittedAt: '1129231419',
    stan: '000030',
    localTime: '231419',
    localDate: '1129',
    merchantCategory: '5411',
    posEntryMode: '011',
    posConditionCode: '00',
    acquirer: '123456',
    rrn: '633323000030',
    terminal: 'TERM0009',
    merchant: 'MERCHANT0000001',
    maskedPan: '424242******8629',
  },
  listener: 'terminals-ascii',
  network: 'visa',
  panCiphertext: 'Adlam1wjGsaMQOlifxw+CFW7GNcLpEtLqnewsJ/z9iP4FV6Jbpi66xnYpbU1',
  cardReference: CARD,
  pop: { consumer: CARD, merchant: 'MERCHANT0000001', receiptHash: CARD.split('').reverse().join('') },
};
const decided = {
  network: { status: 'approved', code: '00', approvalCode: '270388', networkReference: '300000000000299' },
  pop: { status: 'accepted', validation: VALIDATION },
  approved: true,
  reply: { code: '00', rrn: '633323000030', approvalCode: '270388' },
  followUps: ['complete-pop'],
};

/** What is written of a body, and what is read of it. */
function through(kind: string, body: object) {
  const written = bodyText(kind, body, TRANSACTION) ?? '';
  return { written, read: bodyOf(kind, JSON.parse(written), TRANSACTION) };
}

describe('the form of a body', () => {
  it('is pinned: what is stored must be read for ever', () => {
    expect(bodyText('intended', intended, TRANSACTION)).toBe(
      '[1,[0,"purchase","000000",[2500,"978"],"1129231419","000030","231419","1129","5411","011","00","123456",' +
        '"633323000030","TERM0009","MERCHANT0000001","424242******8629"],"terminals-ascii","visa",' +
        '"Adlam1wjGsaMQOlifxw+CFW7GNcLpEtLqnewsJ/z9iP4FV6Jbpi66xnYpbU1","k1y93ExCo8NarNP_chGe3A-l7zoRnkOTYqeQH-q1aOY",' +
        '[12,8,"boZbrvEJeiY5NOkRo_5a8M3pESf_PcqlPDokxM3bxTk"]]',
    );
    expect(bodyText('decided', decided, TRANSACTION)).toBe(
      '[1,["approved","00","270388","300000000000299"],["accepted","AaIploIceeyRxZYxJOjWnw"],true,["00","633323000030",1],["complete-pop"]]',
    );
    expect(bodyText('pop-validated', { validation: VALIDATION }, TRANSACTION)).toBe(
      '[1,"AaIploIceeyRxZYxJOjWnw"]',
    );
  });

  it.each([
    ['intended', intended],
    ['intended', { ...intended, pop: null }],
    ['intended', { ...intended, facts: { ...intended.facts, cashbackMinorUnits: 0, addsTo: { stan: '1' } } }],
    ['intended', { ...intended, cardReference: 'short', panCiphertext: '' }],
    ['decided', decided],
    ['decided', { ...decided, approved: false, followUps: [], caseKind: 'network-unknown' }],
    [
      'decided',
      { ...decided, network: { status: 'unknown', reason: 'no answer' }, pop: { status: 'not-applicable' } },
    ],
    ['decided', { ...decided, reply: { code: '10', approvedMinorUnits: 0, balances: [], emvHex: '9F36' } }],
    ['pop-validated', { validation: 'v-1' }],
    ['pop-cancelled', { validation: null }],
  ])('is read as it was written: %s', (kind, body) => {
    const { written, read } = through(kind, body);
    expect(read).toEqual(body);
    expect(written).toMatch(/^\[1,/);
    expect(written.length).toBeLessThan(JSON.stringify(body).length);
  });

  it.each([
    ['a field that no table knows', 'decided', { ...decided, extra: 1 }],
    [
      'a field of a part that no table knows',
      'intended',
      { ...intended, facts: { ...intended.facts, more: 'x' } },
    ],
    [
      'another transaction',
      'intended',
      { ...intended, facts: { ...intended.facts, transaction: VALIDATION } },
    ],
    ['what reads like a hash in base64', 'intended', { ...intended, cardReference: 'x'.repeat(43) }],
    ['what is no text', 'pop-validated', { validation: 7 }],
    ['an empty object', 'decided', { ...decided, followUps: {} }],
    ['an array for a part', 'decided', { ...decided, network: [] }],
    ['a kind without a form', 'notified', { through: 2 }],
  ])('leaves alone %s', (_, kind, body) => {
    const { written, read } = through(kind, body);
    expect(written).toBe(JSON.stringify(body));
    expect(read).toEqual(body);
  });

  it('of another number is refused, not guessed at', () => {
    const read = (kind: string, stored: unknown) => () => bodyOf(kind, stored, TRANSACTION);
    expect(read('decided', [2, 'x'])).toThrow(JournalError);
    expect(read('notified', [1, 2])).toThrow(JournalError);
    expect(read('pop-validated', [1, 'v-1', 'more'])).toThrow(JournalError);
  });
});

describe('a batch that is closed', () => {
  const id = (n: number) => `0199a000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const member = (n: number) => Buffer.from(id(n).replaceAll('-', ''), 'hex').toString('base64url');
  const side = { count: 999, minorUnits: 999_999_999_999 };
  const batch = {
    key: 'k'.repeat(100),
    reply: { code: '00', rrn: '632812000001' },
    listener: 'l'.repeat(32),
    terminal: 'TERM0001',
    merchant: 'MERCHANT0000001',
    currency: '978',
    number: '000001',
    terminalTotals: { sales: side, refunds: side },
    switchTotals: { sales: side, refunds: side },
    countedTo: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [1_000_000 + n, 9_000_000_000 + n])),
    ordinal: 100_000,
    members: Array.from({ length: 2_000 }, (_, n) => member(n)),
    differences: Array.from({ length: 100 }, (_, n) => ({
      kind: 'does-not-stand',
      transaction: id(n),
      stan: String(n).padStart(6, '0'),
      rrn: `632812${String(n).padStart(6, '0')}`,
      terminalMinorUnits: 999_999_999_999,
      switchMinorUnits: 999_999_999_999,
    })),
    businessDate: '2026-11-23',
  };

  it('fits into one entry with as many members and differences as it may have, and is read as it was', () => {
    const { written, read } = through('batch-closed', batch);
    expect(Buffer.byteLength(written)).toBeLessThan(62_000);
    expect(read).toEqual(batch);
  });

  it.each([
    ['nothing in it', { members: [], differences: [] }],
    ['no date, as before there were any', { businessDate: undefined }],
    ['a date that is none', { businessDate: '2026-02-30' }],
    ['a member of another length', { members: ['short'] }],
    ['a difference that nobody here knows', { differences: [{ kind: 'unknown-here', stan: '000001' }] }],
    ['something that no form knows', { more: 1 }],
  ])('is read as it was with %s', (_, change) => {
    expect(through('batch-closed', { ...batch, ...change }).read).toEqual({ ...batch, ...change });
  });

  it('was written with the names of its parts before, and is read all the same', () => {
    expect(bodyOf('batch-closed', batch, TRANSACTION)).toBe(batch);
  });
});
