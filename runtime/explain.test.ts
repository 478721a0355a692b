import { expect, test } from 'vitest';
import { DeployError } from '../deploy/errors.ts';
import { explain } from './explain.ts';

test('a cause is told once, after what it caused', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  expect(explain(new TypeError('fetch failed', { cause: refused }))).toBe(
    'fetch failed: connect ECONNREFUSED 127.0.0.1:1',
  );
});

test('an error of our own begins with its code and does not repeat the reason it was given', () => {
  const cause = new Error('it stops again and again');
  const details = { service: 'hsm', reason: cause.message, log: 'logs/hsm.log' };
  expect(explain(new DeployError('DEP_SERVICE_FAILED', details, cause))).toBe(
    'DEP_SERVICE_FAILED: hsm did not start: it stops again and again; its log is logs/hsm.log',
  );
});

test('what is no error is printed as it is', () => {
  expect(explain('why')).toBe('why');
});

test('an attempt on several addresses tells the reason of each', () => {
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
  const all = new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')], '');
  expect(explain(all)).toBe('connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432');
});
