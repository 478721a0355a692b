import { expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { systemRandom } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { KnownCards } from './known-cards.ts';

const pan = (last: number) => Pan.of(`424242424242424${last}`);
const card = (last: number) => ({ ciphertext: `c${last}`, reference: `r${last}` });

function knownCards(capacity?: number) {
  const clock = new VirtualClock();
  return { clock, cards: new KnownCards({ clock, random: systemRandom }, capacity) };
}

it('finds a card by its PAN, and no other', () => {
  const { cards } = knownCards();
  cards.keep(pan(1), card(1));
  expect(cards.find(pan(1))).toEqual(card(1));
  expect(cards.find(pan(2))).toBeUndefined();
});

it('forgets the card seen longest ago where there are too many', () => {
  const { cards } = knownCards(2);
  for (const last of [1, 2]) cards.keep(pan(last), card(last));
  cards.find(pan(1));
  cards.keep(pan(3), card(3));
  expect([1, 2, 3].map((last) => cards.find(pan(last)))).toEqual([card(1), undefined, card(3)]);
});

it('has forms made anew after an hour, however often a card comes', async () => {
  const { clock, cards } = knownCards();
  cards.keep(pan(1), card(1));
  await clock.advance(3_599_999);
  expect(cards.find(pan(1))).toEqual(card(1));
  await clock.advance(1);
  expect(cards.find(pan(1))).toBeUndefined();
});
