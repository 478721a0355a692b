import { describe, expect, it } from 'vitest';
import { judge } from './model.ts';
import type { NetworkLine, PaymentRecord, Records, ToldLater } from './records.ts';

const NAME = 'TERM0001 25001 of 1123120000';

function purchase(change: Partial<PaymentRecord> = {}): PaymentRecord {
  return {
    id: 'A',
    number: 1,
    kind: 'purchase',
    account: 'captured',
    terminal: 'TERM0001',
    merchant: 'M',
    network: 'visa',
    pan: '4',
    currency: '978',
    minorUnits: 25_001,
    cash: 0,
    isTold: false,
    takesPart: true,
    isUnattended: false,
    isBad: false,
    from: 0,
    later: [],
    rrn: '1',
    name: NAME,
    answer: { at: 10, code: '00', minorUnits: 25_001, approvalCode: '000001' },
    ...change,
  };
}

function line(change: Partial<NetworkLine> = {}): NetworkLine {
  return {
    network: 'visa',
    name: NAME,
    number: 1,
    held: 0,
    captured: 25_001,
    refunded: 0,
    approved: 25_001,
    code: '00',
    approvalCode: '000001',
    isAdvised: false,
    ...change,
  };
}

function refund(minorUnits: number, from: number, code = '00'): PaymentRecord {
  const answer = { at: from + 10, code, minorUnits, approvalCode: '000001' };
  const own = { id: `R${minorUnits}`, name: `R${minorUnits}`, number: minorUnits % 1_000, refunds: 'A' };
  return purchase({ ...own, kind: 'refund', account: 'refunded', minorUnits, from, answer });
}

function later(kind: ToldLater['kind'], from: number, code: string, minorUnits = 0): ToldLater {
  return { kind, from, to: from + 10, code, minorUnits, isForged: false, namesRepeat: false };
}

function findings(change: Partial<Records>): string[] {
  const records: Records = {
    payments: [purchase()],
    lines: [line()],
    proofs: [],
    attention: [],
    batches: [],
    terms: { witnessed: new Set(), standIn: new Map(), perCard: [], listedCards: [], midnight: undefined },
    ...change,
  };
  return judge(records).findings.map(({ what }) => what);
}

describe('the ledgers of a payment', () => {
  it('are as its terminal was told', () => {
    expect(findings({})).toEqual([]);
    expect(findings({ lines: [] })).toEqual([expect.stringContaining('the network has nothing')]);
    expect(findings({ lines: [line({ captured: 24_001 })] })).toHaveLength(1);
  });

  it('may be otherwise where people are told', () => {
    expect(findings({ lines: [], attention: [{ number: 1, what: 'advice-refused' }] })).toEqual([]);
    expect(findings({ lines: [], attention: [{ number: 2, what: 'advice-refused' }] })).toHaveLength(1);
  });

  it('may be either where its terminal heard nothing and never asked again', () => {
    const { answer: _, ...unheard } = purchase();
    expect(findings({ payments: [unheard] })).toEqual([]);
    expect(findings({ payments: [unheard], lines: [line({ captured: 0 })] })).toEqual([]);
    expect(findings({ payments: [unheard], lines: [line({ captured: 1_001 })] })).toHaveLength(1);
  });

  it('have nothing that no terminal asked for', () => {
    const stray = line({ name: 'TERM0009 1 of 1' });
    expect(findings({ lines: [line(), stray] })).toEqual([expect.stringContaining('no terminal asked')]);
  });

  it('have the proof of what stands, and no other', () => {
    const terms = {
      witnessed: new Set(['M']),
      standIn: new Map(),
      perCard: [],
      listedCards: [],
      midnight: 0,
    };
    const proof = { number: 1, currency: '978', minorUnits: 25_001, status: 'VALIDATED' };
    expect(findings({ terms })).toEqual([expect.stringContaining('no proof of 25001')]);
    expect(findings({ terms, proofs: [proof] })).toEqual([]);
    expect(findings({ terms, proofs: [proof, proof] })).toHaveLength(1);
    expect(findings({ proofs: [proof] })).toHaveLength(1);
  });
});

describe('answers', () => {
  it('must be explained by some order of what was asked', () => {
    const voided = purchase({ later: [later('void', 20, '00')] });
    expect(findings({ payments: [voided], lines: [line({ captured: 0 })] })).toEqual([]);
    const twice = purchase({ later: [later('void', 20, '00'), later('void', 40, '00')] });
    expect(findings({ payments: [twice], lines: [line({ captured: 0 })] })).toEqual([
      expect.stringContaining('no order explains'),
    ]);
  });

  it('may come in either order where both were under way at once', () => {
    const both = purchase({ later: [later('void', 20, '12'), later('reversal', 25, '00')] });
    expect(findings({ payments: [both], lines: [line({ captured: 0 })] })).toEqual([]);
    const apart = purchase({ later: [later('void', 20, '12'), later('reversal', 35, '00')] });
    expect(findings({ payments: [apart], lines: [line({ captured: 0 })] })).toHaveLength(1);
  });

  it('may be 00 for what names a repeat that nobody heard, where people are told that it matched nothing', () => {
    const given = line({ name: 'R20002', captured: 0, refunded: 20_002, approved: 20_002 });
    const family = (namesRepeat: boolean) => {
      const taken = { ...later('partial reversal', 60, '00', 1_001), namesRepeat };
      return [purchase({ later: [taken] }), refund(20_002, 20)];
    };
    const seen = { lines: [line(), given], attention: [{ number: 1, what: 'reversal-unmatched' }] };
    expect(findings({ payments: family(true), ...seen })).toEqual([]);
    expect(findings({ payments: family(false), ...seen })).toHaveLength(1);
    expect(findings({ payments: family(true), ...seen, attention: [] })).toHaveLength(1);
  });

  it('never give back more than was captured', () => {
    const lines = (amounts: readonly number[]) =>
      amounts.map((minorUnits) =>
        line({ name: `R${minorUnits}`, captured: 0, refunded: minorUnits, approved: minorUnits }),
      );
    const both = [purchase(), refund(20_002, 20), refund(6_003, 40)];
    expect(findings({ payments: both, lines: [line(), ...lines([20_002, 6_003])] })).toHaveLength(1);
    const refused = [purchase(), refund(20_002, 20), refund(6_003, 40, '13')];
    expect(findings({ payments: refused, lines: [line(), ...lines([20_002])] })).toEqual([]);
    const needlessly = [purchase(), refund(20_002, 20), refund(4_003, 40, '13')];
    expect(findings({ payments: needlessly, lines: [line(), ...lines([20_002])] })).toHaveLength(1);
  });

  it('close a batch to voids, and to nothing else', () => {
    const batches = [{ merchant: 'M', terminal: 'TERM0001', currency: '978', from: 15, to: 18 }];
    const lines = [line({ captured: 0 })];
    const voided = purchase({ later: [later('void', 20, '00')] });
    expect(findings({ payments: [voided], lines, batches })).toHaveLength(1);
    const reversed = purchase({ later: [later('reversal', 20, '00')] });
    expect(findings({ payments: [reversed], lines, batches })).toEqual([]);
    const ofAnother = batches.map((batch) => ({ ...batch, merchant: 'N' }));
    expect(findings({ payments: [voided], lines, batches: ofAnother })).toEqual([]);
  });

  it('are those of its own network', () => {
    const other = { at: 10, code: '00', minorUnits: 25_001, approvalCode: '000002' };
    expect(findings({ payments: [purchase({ answer: other })] })).toHaveLength(1);
  });
});
