import { Bytes, Track2 } from '../../messages/index.ts';
import type { HabitOfTerminals } from '../peers/habits/habit.ts';
import type { TerminalMessage } from '../peers/terminal-dialects.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

// What a terminal reads of a card besides its number: a stripe with what its issuer wrote there, or a chip's word. Who
// decides in an issuer's stead must look at all of it.

/** Expiry, service code; CVV, key index and PVV, which is a PIN's offset as well (ISO/IEC 7813, discretionary data). */
const RIGHT = '3012' + '201' + '123' + '1' + '4567';
const STRIPES = {
  right: RIGHT,
  'wrong CVV': '3012' + '201' + '999' + '1' + '4567',
  'wrong PVV': '3012' + '201' + '123' + '1' + '0000',
  'without CVV': '3012' + '201',
  expired: '2001' + '201' + '123' + '1' + '4567',
  'for its issuer only': '3012' + '220' + '123' + '1' + '4567',
} as const;

/** Whose issuer wrote a CVV on the stripe (`guest-settings.ts`). */
const VERIFIED_BY_CVV = '2';

const CRYPTOGRAM = '9f26080123456789abcdef';
const CHIPS = {
  asks: `${CRYPTOGRAM}9f270180`,
  'has declined': `${CRYPTOGRAM}9f270100`,
  'says nothing of it': CRYPTOGRAM,
  'is of no kind': `${CRYPTOGRAM}9f2701c0`,
  'says less than a byte': `${CRYPTOGRAM}9f2700`,
  'gives its track': `${CRYPTOGRAM}9f2701805f2403301231`,
  'gives expiry and service code': `${CRYPTOGRAM}9f2701805f24033012315f30020201`,
} as const;

export const CARD_DATA: HabitOfTerminals = {
  name: 'card-data',
  terminal: {
    opens(message, { kind, pan }, random) {
      if (kind !== 'purchase') return message;
      const read = random.integer(4);
      if (read === 0) return message;
      const track = read !== 2 ? { de35: Track2.of(`${pan}=${oneOf(STRIPES, random)}`), de22: '901' } : {};
      const chip = read >= 2 ? { de55: Bytes.of(Buffer.from(oneOf(CHIPS, random), 'hex')), de22: '051' } : {};
      return { ...message, ...track, ...chip };
    },
  },
};

/** What its issuer would refuse it for: nobody may approve that in the issuer's stead. */
export function wrongCardData({ de35, de55, de22 = '' }: TerminalMessage): string | undefined {
  const stripe = de35?.reveal().split('=')[1];
  if (stripe === STRIPES.expired) return 'a card that has expired';
  if (stripe === STRIPES['for its issuer only']) return 'a service code that is for its issuer only';
  if (de55?.hex() === CHIPS['has declined']) return 'the refusal of its chip';
  const isRead = de22.startsWith('90') && de35?.reveal().startsWith(VERIFIED_BY_CVV);
  return isRead && stripe === STRIPES['wrong CVV'] ? 'a wrong CVV' : undefined;
}

function oneOf(values: Readonly<Record<string, string>>, random: SeededRandom): string {
  const all = Object.values(values);
  return all[random.integer(all.length)] ?? RIGHT;
}
