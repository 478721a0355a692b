import { developmentApiKey } from '../../switch/config/gateway.ts';
import type { Settings } from '../../switch/index.ts';
import { cardOf, MERCHANT } from '../end-to-end/fleet.ts';

const CARDS = 200;
/** More than any case asks for: the limit is not what is measured. */
const PER_SECOND = 100_000;

/** The development switch, whose keys and tokens may ask as often as a case wants. */
export function openToAll(settings: Settings): Settings {
  const { gateway } = settings;
  return {
    ...settings,
    merchants: settings.merchants.map((merchant) => ({
      ...merchant,
      ...(merchant.apiKeys && {
        apiKeys: merchant.apiKeys.map((key) => ({ ...key, perSecond: PER_SECOND })),
      }),
    })),
    ...(gateway?.jwt && { gateway: { ...gateway, jwt: { ...gateway.jwt, perSecond: PER_SECOND } } }),
  };
}

/** Tokens for the cards of a run. */
export async function cardTokens(gatewayUrl: string): Promise<string[]> {
  const tokens: string[] = [];
  for (let card = 0; card < CARDS; card += 1) {
    const response = await fetch(`${gatewayUrl}/api/v1/card-tokens`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${developmentApiKey(MERCHANT)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ pan: cardOf(card), expiry_month: 12, expiry_year: 2030 }),
    });
    if (!response.ok) throw new Error(`no token for a card: ${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as { data: { card_token: string } };
    tokens.push(data.card_token);
  }
  return tokens;
}
