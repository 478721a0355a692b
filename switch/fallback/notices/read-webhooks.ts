import { readFileSync } from 'node:fs';
import { developmentWebhookSecret } from '../../config/gateway.ts';
import type { MerchantSettings } from '../../config/settings.ts';
import type { Webhook } from './webhook.ts';

const SHORTEST_SECRET = 32;
const MOST_SECRETS = 2;

/**
 * Reads the secrets of merchants' webhooks, each a file of its own: one line, or two while it is changed, the new one
 * first. White space around a line is no part of it.
 * @throws Error naming the merchant, never the secret
 */
export function readWebhooks(
  merchants: readonly MerchantSettings[],
  production: boolean,
): Map<string, Webhook> {
  const webhooks = new Map<string, Webhook>();
  for (const { id, webhook } of merchants) {
    if (!webhook) continue;
    const [secret, formerSecret] = secretsIn(webhook.secretFile, id, production);
    if (secret) webhooks.set(id, { url: webhook.url, secret, ...(formerSecret && { formerSecret }) });
  }
  return webhooks;
}

function secretsIn(file: string, merchant: string, production: boolean): Buffer[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '').map((line) => Buffer.from(line));
  if (secrets.length === 0 || secrets.length > MOST_SECRETS) {
    throw new Error(
      `the webhook secret of merchant ${merchant} has ${secrets.length} lines, one is expected, or two`,
    );
  }
  const short = secrets.find(({ length }) => length < SHORTEST_SECRET);
  if (short) {
    throw new Error(
      `the webhook secret of merchant ${merchant} has ${short.length} bytes, at least ${SHORTEST_SECRET} are needed`,
    );
  }
  const published = Buffer.from(developmentWebhookSecret(merchant));
  if (production && secrets.some((secret) => secret.equals(published))) {
    throw new Error(`the webhook secret of merchant ${merchant} is the published one of development`);
  }
  return secrets;
}
