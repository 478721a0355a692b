// What applications have in the place of card numbers. A token is random, so it says nothing of the card, and it is
// good for the merchant that made it only. The same card has one token at a merchant: whoever asks again gets it
// again, so that asking needs no key of its own and the table grows with cards and not with requests.

/** A card as a token stands for it: nothing of it is in the open. */
export interface TokenisedCard {
  readonly token: string;
  /** The PAN under the HSM's data key, base64. */
  readonly ciphertext: string;
  /** The PAN's keyed hash, hexadecimal. */
  readonly reference: string;
  readonly lastFour: string;
  /** YYMM. */
  readonly expiry?: string;
}

/** Where they are kept. Every method throws a Refusal SW_VAULT where that cannot be asked. */
export interface CardTokens {
  /** The card's token at this merchant: the one that is there, or this one. A new expiry takes the old one's place. */
  keep(merchant: string, card: TokenisedCard): Promise<TokenisedCard>;
  find(merchant: string, token: string): Promise<TokenisedCard | undefined>;
  /** Whether there was one. What was paid with it stays as it is. */
  erase(merchant: string, token: string): Promise<boolean>;
}

const TOKEN_BYTES = 18;
export const TOKEN_PATTERN = '^tok_[A-Za-z0-9_-]{24}$';

export function newToken(random: { bytes(count: number): Buffer }): string {
  return `tok_${random.bytes(TOKEN_BYTES).toString('base64url')}`;
}
