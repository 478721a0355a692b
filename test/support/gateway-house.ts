import { hash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  type ApiKeySettings,
  DEVELOPMENT_ISSUER,
  developmentApiKey,
  developmentKeySettings,
  developmentWebhookSecret,
  PUBLISHED_TOKEN_SECRET,
} from '../../switch/config/gateway.ts';
import type { Settings } from '../../switch/index.ts';
import { Application } from './application.ts';
import { type House, startHouse } from './house.ts';

/** A house whose node has a gateway, and two merchants whose applications ask there. */
export const MERCHANT = 'MERCHANT0000001';
export const OTHER = 'MERCHANT0000002';
/** A card that is approved, and what was bought with it. */
export const GOOD = '4242424242424242';
const RECEIPT = 'two coffees, 25.00 EUR';
export const RECEIPT_HASH = hash('sha256', RECEIPT);
/** Names of keys of the first merchant, each with something of its own. */
export const READER = 'READER';
export const OVER = 'OVER';
export const SLOW = 'SLOW';

type Queue = NonNullable<NonNullable<Settings['gateway']>['queue']>;

export interface ShopOptions {
  /** Where the first merchant is told of its payments, signed with its published secret. */
  readonly webhookUrl?: string;
  readonly queue?: Queue;
}

type MerchantWebhook = NonNullable<Settings['merchants'][number]['webhook']>;

function withGateway(
  settings: Settings,
  secretFile: string,
  webhook: MerchantWebhook | undefined,
  queue: Queue | undefined,
): Settings {
  const [merchant] = settings.merchants;
  if (!merchant) throw new Error('no merchant');
  const slow: ApiKeySettings = { ...developmentKeySettings(SLOW), name: 'slow', perSecond: 2 };
  const permissions: ApiKeySettings['permissions'] = ['payments:read'];
  const reader: ApiKeySettings = { ...developmentKeySettings(READER), name: 'reader', permissions };
  const over: ApiKeySettings = { ...developmentKeySettings(OVER), name: 'over', notAfter: '2020-01-01' };
  return {
    ...settings,
    gateway: {
      host: '127.0.0.1',
      port: 0,
      acquirer: '123456',
      terminal: 'GATEWAY1',
      jwt: { ...DEVELOPMENT_ISSUER, hs256SecretFile: secretFile },
      ...(queue && { queue }),
    },
    merchants: [
      {
        ...merchant,
        apiKeys: [developmentKeySettings(MERCHANT), slow, reader, over],
        ...(webhook && { webhook }),
      },
      { ...merchant, id: OTHER, apiKeys: [developmentKeySettings(OTHER)] },
    ],
  };
}

export interface GatewayHouse {
  readonly house: House;
  readonly port: number;
  readonly shop: Application;
  readonly other: Application;
}

export async function startGatewayHouse({ webhookUrl: url, queue }: ShopOptions = {}): Promise<GatewayHouse> {
  const secretFile = join(mkdtempSync(join(tmpdir(), 'etika-gateway-')), 'platform-tokens.secret');
  writeFileSync(secretFile, PUBLISHED_TOKEN_SECRET);
  const webhook = url === undefined ? undefined : { url, secretFile: `${secretFile}.webhook` };
  if (webhook) writeFileSync(webhook.secretFile, `${developmentWebhookSecret(MERCHANT)}\n`);
  return enter(
    await startHouse({ settings: (settings) => withGateway(settings, secretFile, webhook, queue) }),
  );
}

/** What a test file of the gateway finds: a house of its own, from before its first test until after its last. */
export interface Shop extends GatewayHouse {
  /** Of the card that is approved. */
  readonly token: string;
  /** An order with every field that it may have. */
  order(more?: object): object;
  /** After a new start of the switch. */
  enterAgain(): Promise<void>;
}

export function openShop(options: () => Promise<ShopOptions> = async () => ({})): Shop {
  let now: GatewayHouse | undefined;
  let token = '';
  const opened = () => {
    if (!now) throw new Error('the house is not open');
    return now;
  };
  beforeAll(async () => {
    now = await startGatewayHouse(await options());
    token = await now.shop.token(GOOD);
  });
  afterAll(() => now?.house.close());
  return {
    get house() {
      return opened().house;
    },
    get port() {
      return opened().port;
    },
    get shop() {
      return opened().shop;
    },
    get other() {
      return opened().other;
    },
    get token() {
      return token;
    },
    order: (more = {}) => orderOf(token, more),
    async enterAgain() {
      now = await enter(opened().house);
    },
  };
}

/** At whichever port the gateway listens now. */
async function enter(house: House): Promise<GatewayHouse> {
  const { listeners } = await house.switchStatus();
  const port = listeners.find(({ name }) => name === 'gateway')?.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  return {
    house,
    port,
    shop: new Application(url, developmentApiKey(MERCHANT)),
    other: new Application(url, developmentApiKey(OTHER)),
  };
}

/** Every field that an order may have. */
function orderOf(token: string, more: object = {}): object {
  return {
    merchant_id: MERCHANT,
    consumer_id: 'consumer-7',
    amount: { value: 2_500, currency: 'EUR' },
    card_token: token,
    card_type: 'visa',
    card_expiry_month: 12,
    card_expiry_year: 2030,
    receipt_data: Buffer.from(RECEIPT).toString('base64'),
    supplier_ids: ['roaster-1', 'dairy-2'],
    token_refs: [],
    ...more,
  };
}
