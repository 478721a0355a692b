import { expect, test } from 'vitest';
import { refuseCardNumbers } from './no-card-number.ts';

test.each([
  'card 4242424242424242',
  'the customer of 4242 4242 4242 4242 called',
  '4242-4242-4242-4242',
  'x378282246310005.',
])('%s is refused, and not repeated', (why) => {
  const refused = () => refuseCardNumbers({ by: 'anna', why });
  expect(refused).toThrowError(expect.objectContaining({ code: 'ADM_REQUEST_INVALID' }));
  try {
    refused();
  } catch (error) {
    expect(JSON.stringify(error)).not.toMatch(/[0-9]{4}/);
  }
});

test.each([
  'the network is back since 2026-11-30',
  'payment 632720000001',
  '4242424242424241 is no card',
  '01a20a0f-3f8d-77aa-a168-06c733d943da',
])('%s is written down', (why) => {
  expect(() => refuseCardNumbers({ by: 'anna', why })).not.toThrow();
});

test('a name is looked at as well', () => {
  expect(() => refuseCardNumbers({ by: '4242424242424242', why: 'seen' })).toThrow();
});
