import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkRows } from './check.ts';
import { type Row, readRows } from './rows.ts';

const corpus = new URL('../../../shared/corpus/iso8583.jsonl', import.meta.url);
const there = existsSync(corpus);

describe('the shared corpus of cases from other implementations', () => {
  test.skipIf(!there)(there ? 'passes' : 'skipped: ../shared/corpus/iso8583.jsonl is not here', () => {
    const failures = checkRows(readRows(readFileSync(corpus, 'utf8'))).filter(
      ([, { outcome }]) => outcome === 'failed',
    );
    expect(failures.map(([{ id }, result]) => [id, result])).toEqual([]);
  });
});

describe('the check itself', () => {
  const good: Row = {
    id: 'own-1',
    kind: 'good',
    group: 'ref',
    dialect: 'Dialect A: ASCII',
    hex: '30383030 0020000000000000 303030303432'.replaceAll(' ', ''),
    mti: '0800',
    fields: { 11: '000042' },
    spec: { 11: { type: 'n', max: 6, lenDigits: 0, enc: 'ascii', lenEnc: 'fixed' } },
    verified: { repackIdentical: true },
  };
  const outcomes = (...rows: Row[]) => checkRows(rows).map(([, { outcome }]) => outcome);

  test('passes a row that holds', () => expect(outcomes(good)).toEqual(['passed']));

  test.each([
    ['another type', { mti: '0810' }],
    ['another value', { fields: { 11: '000043' } }],
    ['a field more', { fields: { 11: '000042', 12: '1' } }],
    ['a field less', { fields: {} }],
    ['bytes that do not parse', { hex: '30383030' }],
  ])('fails a row with %s', (_, change) => expect(outcomes({ ...good, ...change })).toEqual(['failed']));

  test('fails a bad row that parses, and passes one that does not', () => {
    const bad = { ...good, kind: 'bad', expect: 'error' } as const;
    expect(outcomes(bad, { ...bad, hex: '3038' })).toEqual(['failed', 'passed']);
  });

  test('counts rows that cannot be bound apart', () => {
    const { spec: _, ...unbound } = good;
    expect(outcomes(unbound, { ...good, kind: 'bad', expect: 'all-accept' })).toEqual([
      'unspecified',
      'policy',
    ]);
  });

  test('fails TLV and frames that differ', () => {
    const tlv: Row = { id: 't', kind: 'tlv', group: 'tlv', hex: '8201FF', tags: [['82', 'FE']] };
    const frame: Row = {
      id: 'f',
      kind: 'frame',
      group: 'frame',
      dialect: 'binary2: length',
      hex: '0001FF',
      payloadHex: 'FE',
    };
    expect(outcomes(tlv, frame)).toEqual(['failed', 'failed']);
  });
});
