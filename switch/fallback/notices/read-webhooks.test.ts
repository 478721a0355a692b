import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { developmentWebhookSecret } from '../../config/gateway.ts';
import { readWebhooks } from './read-webhooks.ts';

const folder = mkdtempSync(join(tmpdir(), 'webhook-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NEW = 'a new secret of the merchant, long enough';
const OLD = 'an old secret of the merchant, long enough';

function read(text: string, production = false) {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, text);
  const webhook = { url: 'https://shop.example/webhooks', secretFile };
  const merchant = { id: 'SHOP', category: '5411', pop: 'optional', webhook } as const;
  return readWebhooks([merchant], production).get('SHOP');
}

test('a file holds one secret, or two while it is changed: the new one first', () => {
  expect(read(`${NEW}\n`)).toMatchObject({ secret: Buffer.from(NEW) });
  expect(read(NEW)).not.toHaveProperty('formerSecret');
  const both = read(`${NEW}\r\n\n ${OLD}\n`);
  expect([both?.secret, both?.formerSecret]).toEqual([Buffer.from(NEW), Buffer.from(OLD)]);
});

test.each([
  ['nothing', '\n'],
  ['three', `${NEW}\n${OLD}\n${NEW}`],
  ['a short one', 'short'],
  ['a short one behind', `${NEW}\nshort`],
])('%s is refused, and nobody is told what it was', (_, text) => {
  expect(() => read(text)).toThrow(/^the webhook secret of merchant SHOP has \d+ (bytes|lines)/);
});

test('the published secret is good in development only', () => {
  const published = developmentWebhookSecret('SHOP');
  expect(read(published)?.secret.toString()).toBe(published);
  expect(() => read(published, true)).toThrow(/is the published one/);
});
