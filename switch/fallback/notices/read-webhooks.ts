import { readFileSync } from 'node:fs';
import type { MerchantSettings } from '../../config/settings.ts';
import type { Webhook } from './webhook.ts';

const SHORTEST_SECRET = 32;

/**
 * Reads the secrets of merchants' webhooks, each a file of its own; white space at its end is no part of it.
 * @throws Error naming the merchant, never the secret
 */
export function readWebhooks(merchants: readonly MerchantSettings[]): Map<string, Webhook> {
  const webhooks = new Map<string, Webhook>();
  for (const { id, webhook } of merchants) {
    if (!webhook) continue;
    const secret = Buffer.from(readFileSync(webhook.secretFile, 'utf8').trimEnd());
    if (secret.length < SHORTEST_SECRET) {
      throw new Error(
        `the webhook secret of merchant ${id} has ${secret.length} bytes, at least ${SHORTEST_SECRET} are needed`,
      );
    }
    webhooks.set(id, { url: webhook.url, secret });
  }
  return webhooks;
}
