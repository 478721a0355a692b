import { describe, expect, test } from 'vitest';
import {
  isKnownMti,
  isRepeat,
  isRequest,
  mtiName,
  mtiParts,
  responseCodeName,
  responseMti,
  withoutRepeat,
} from './index.ts';

describe('message types', () => {
  test.each([
    ['0100', '0110'],
    ['0101', '0110'],
    ['0120', '0130'],
    ['0121', '0130'],
    ['0200', '0210'],
    ['0202', '0212'],
    ['0400', '0410'],
    ['0401', '0410'],
    ['0420', '0430'],
    ['0421', '0430'],
    ['0800', '0810'],
    ['1804', '1814'],
    ['2101', '2110'],
  ])('%s is answered by %s', (request, response) => expect(responseMti(request)).toBe(response));

  test('an answer has no answer', () => {
    expect(() => responseMti('0110')).toThrow(RangeError);
    expect(() => responseMti('0430')).toThrow(RangeError);
  });

  test('repeats', () => {
    expect(['0100', '0101', '0421', '0203'].map(isRepeat)).toEqual([false, true, true, true]);
    expect(['0100', '0101', '0421', '0203'].map(withoutRepeat)).toEqual(['0100', '0100', '0420', '0202']);
  });

  test('parts and names', () => {
    expect(mtiParts('0420')).toEqual({
      version: '1987',
      class: 'reversal or chargeback',
      function: 'advice',
      origin: 'acquirer',
    });
    expect(mtiName('1101')).toBe('authorisation request, acquirer repeat (1993)');
    expect(mtiName('ABCD')).toBe('unknown message type');
    expect(['0100', '0990', '3100', '0106', '010', '0180'].map(isKnownMti)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(['0100', '0110', '0120', '0130'].map(isRequest)).toEqual([true, false, true, false]);
  });

  test('response codes have names', () => {
    expect(responseCodeName('00')).toBe('approved');
    expect(responseCodeName('91')).toBe('issuer or switch inoperative');
    expect(responseCodeName('toString')).toBeUndefined();
  });
});
