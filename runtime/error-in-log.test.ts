import { expect, test } from 'vitest';
import { errorInLog } from './error-in-log.ts';

const coded = (message: string, code: string, cause?: Error) =>
  Object.assign(new Error(message, { cause }), { code });

test('an error whose cause is known is told with what caused it, and without a stack', () => {
  const refused = coded('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED');
  const flush = new Error('the flush failed: lost', { cause: refused });
  const told = errorInLog(coded('the journal did not take it', 'SW_JOURNAL_AWAY', flush));
  expect(told).toMatchObject({
    code: 'SW_JOURNAL_AWAY',
    message: 'the journal did not take it: the flush failed: lost: connect ECONNREFUSED 127.0.0.1:5432',
  });
  const silent = errorInLog(new Error('Connection terminated due to connection timeout'));
  expect(JSON.stringify([told, errorInLog(flush), silent])).not.toMatch(/stack|\.ts:\d/);
});

test('attempts on several addresses are told one by one, without a stack each', () => {
  const both = new AggregateError([coded('refused', 'ECONNREFUSED'), coded('no route', 'EHOSTUNREACH')], '');
  const told = errorInLog(both);
  expect(told).toMatchObject({ aggregateErrors: [{ code: 'ECONNREFUSED' }, { code: 'EHOSTUNREACH' }] });
  expect(JSON.stringify(told)).not.toMatch(/stack|\.ts:\d/);
});

test('what nobody foresaw keeps its stack, and so does a mistake that Node has a name for', () => {
  for (const error of [new TypeError('x is undefined'), coded('bad argument', 'ERR_INVALID_ARG_TYPE')]) {
    expect(errorInLog(error)).toMatchObject({ stack: expect.stringContaining('error-in-log.test.ts') });
  }
});
