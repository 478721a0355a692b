import type { PinCipher } from '../../simulators/crypto/pin-block.ts';
import type { HostMessage } from '../../simulators/network/host-dialect.ts';
import type { AuthorisationRequest } from '../../simulators/network/rows.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { IssuerWord } from './network-ledger.ts';

/** The PIN of every card. */
export const CARD_PIN = '4711';

export const APPROVED = '00';
export const PARTLY_APPROVED = '10';
const NO_REASON_TO_DECLINE = '85';
const WRONG_PIN = '55';
const DECLINES = ['05', '51', '54', '61'] as const;
/** An amount's last three digits name its purchase, whatever is left of it: parts are taken off in whole thousands. */
const THOUSAND = 1_000;

/** Whether it can be approved at all. */
export function pinIsWrong({ de52, de2 }: HostMessage, pins: Pick<PinCipher, 'check'>): boolean {
  return de52 !== undefined && pins.check(de52.reveal(), CARD_PIN, de2?.reveal() ?? '') !== 'right';
}

export const WRONG_PIN_WORD: IssuerWord = { code: WRONG_PIN };

/** What an issuer says as a rule: mostly yes, sometimes no, now and then to a part. */
export function usualWord(
  { amount, service }: Pick<AuthorisationRequest, 'amount' | 'service'>,
  random: SeededRandom,
): IssuerWord {
  if (random.chance(0.1)) return { code: random.pick(DECLINES) };
  if (service === 'verification' && random.chance(0.3)) return { code: NO_REASON_TO_DECLINE };
  const mayBePartial = (service === 'debit' || service === 'hold') && amount >= 2 * THOUSAND;
  if (!mayBePartial || !random.chance(0.08)) return { code: APPROVED };
  const thousands = Math.floor(amount / THOUSAND);
  const part = random.integer(thousands) * THOUSAND + (amount % THOUSAND);
  return part > 0 ? { code: PARTLY_APPROVED, amount: part } : { code: APPROVED };
}
