import { expect, test } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { purchaseMessage } from '../../test/support/core.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { TerminalMessage } from './terminal-message.ts';
import { understandPayment, understandSender } from './understand.ts';

const clock = new VirtualClock();

function senderOf(changes: Partial<TerminalMessage>) {
  return understandSender(purchaseMessage({ de7: '1123120000', ...changes }), clock);
}

function without(...elements: (keyof TerminalMessage)[]): TerminalMessage {
  const message = { ...purchaseMessage() };
  for (const element of elements) delete message[element];
  return message;
}

test('the local time of a payment is what DE12 and DE13 say', () => {
  const said = senderOf({ de12: '130501', de13: '1124' });
  expect(said).toMatchObject({ localTime: '130501', localDate: '1124' });
});

test.each([
  ['both', ['de12', 'de13']],
  ['DE12', ['de12']],
  ['DE13', ['de13']],
] as const)('a terminal that sends not %s is taken by its transmission time', (_, elements) => {
  const said = understandSender(without(...elements), clock);
  expect(said).toMatchObject({ localTime: '120000', localDate: '1123' });
});

test('a terminal that sends no DE7 has transmitted at its local time', () => {
  expect(understandSender(without('de7'), clock)).toMatchObject({ transmittedAt: '1123130000' });
  expect(senderOf({ de12: '130501', de13: '1124' })).toMatchObject({ transmittedAt: '1123120000' });
});

test('a terminal without any time is refused', () => {
  expect(() => understandSender(without('de7', 'de12', 'de13'), clock)).toThrow(
    expect.objectContaining({ code: 'SW_FORMAT' }),
  );
});

test('the point of service condition of a payment is the one that it gives, and 00 where it gives none', () => {
  const conditionOf = (message: TerminalMessage) =>
    understandPayment(message, understandSender(message, clock), clock).posConditionCode;
  expect(conditionOf(purchaseMessage({ de25: '06', de37: '632812000001' }))).toBe('06');
  expect(conditionOf(without('de25'))).toBe('00');
});

test.each([
  ['DE11', 'de11'],
  ['DE41', 'de41'],
  ['DE42', 'de42'],
] as const)('without %s a message is refused, and the refusal names it', (element, name) => {
  expect(() => understandSender(without(name), clock)).toThrow(
    expect.objectContaining({ code: 'SW_FORMAT', detail: { element } }),
  );
});

test('a refund gets a reference of ours beside that of its sale, which another payment may have as well', () => {
  const refund = purchaseMessage({ mti: '0200', de3: '200000', de37: '632812000777' });
  const asked = understandPayment(refund, understandSender(refund, clock), clock);
  expect(asked).toMatchObject({ refersTo: '632812000777', hasOwnReference: false });
  expect(asked.rrn).not.toBe('632812000777');
});

test.each([
  ['12 digits', '424242424242', undefined],
  ['11 digits', '42424242424', 'SW_FORMAT'],
])('a card number has twelve digits at least: %s', (_, digits, code) => {
  const message = purchaseMessage({ de2: Pan.fromWire(digits), de35: undefined });
  const read = () => understandPayment(message, understandSender(message, clock), clock).card.pan.reveal();
  if (code === undefined) expect(read()).toBe(digits);
  else expect(read).toThrow(expect.objectContaining({ code }));
});
