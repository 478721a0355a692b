import type { Pan } from '../../messages/index.ts';
import { storedForms } from '../admission/prove.ts';
import { newToken, type TokenisedCard } from '../vault/card-tokens.ts';
import type { Asking, DeskParts } from './core-call.ts';
import { expiryOf } from './order.ts';
import { Problem } from './problems.ts';
import type { CardOrder } from './schemas.ts';

// Cards in exchange for tokens. The number goes to the HSM and nowhere else.

/** @throws Problem, Refusal */
export async function tokenise(
  order: CardOrder,
  pan: Pan,
  { caller }: Asking,
  { ports, tokens }: DeskParts,
): Promise<TokenisedCard> {
  const expiry = expiryOf(order.expiry_month, order.expiry_year, 'expiry');
  const { ciphertext, reference } = await storedForms(pan, ports);
  return tokens.keep(caller.merchant.id, {
    token: newToken(ports.random),
    ciphertext,
    reference,
    lastFour: pan.lastFour(),
    ...(expiry !== undefined && { expiry }),
  });
}

/** @throws Problem GW_NOT_FOUND, Refusal */
export async function eraseToken(token: string, { caller }: Asking, { tokens }: DeskParts): Promise<void> {
  if (!(await tokens.erase(caller.merchant.id, token))) throw new Problem('GW_NOT_FOUND');
}
