import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { DeclinedCards } from './declined-cards.ts';

function afterRefusal(code: string) {
  const clock = new VirtualClock();
  const declined = new DeclinedCards(clock);
  declined.note('card', code);
  return { clock, declined };
}

describe('a refusal by the issuer', () => {
  it.each(['05', '14', '41', '43', '51', '54', '57', '59', '61', '62', '65', '75', '1A', '00'])(
    '%s is of the card, and remembered',
    (code) => {
      expect(afterRefusal(code).declined.has('card')).toBe(true);
    },
  );

  it.each(['06', '09', '12', '13', '19', '30', '55', '58', '68', '89', '90', '91', '92', '94', '95', '96'])(
    '%s says nothing of the card',
    (code) => {
      expect(afterRefusal(code).declined.has('card')).toBe(false);
    },
  );

  it('is remembered for a day, of that card alone', async () => {
    const { clock, declined } = afterRefusal('05');
    expect(declined.has('another')).toBe(false);
    await clock.advance(DAY_MS - 1);
    expect(declined.has('card')).toBe(true);
    await clock.advance(1);
    expect(declined.has('card')).toBe(false);
  });

  it('is over once the issuer approves the card', () => {
    const { declined } = afterRefusal('05');
    declined.forget('card');
    expect(declined.has('card')).toBe(false);
  });

  it('makes room for newer ones, the oldest first, beyond 20,000 cards', () => {
    const { declined } = afterRefusal('05');
    for (let count = 1; count < 20_000; count += 1) declined.note(`card ${count}`, '05');
    declined.note('card', '05'); // again: it is the newest now
    declined.note('one more', '05');
    expect([declined.has('card 1'), declined.has('card 2'), declined.has('card')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
