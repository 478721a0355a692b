import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEVELOPMENT_ISSUER, PUBLISHED_TOKEN_SECRET } from '../switch/config/gateway.ts';
import { GOOD, MERCHANT, openShop } from './support/gateway-house.ts';

// Every field of every route, as the OpenAPI document has it: a value of each wrong type, one beyond each limit, a card
// number, and a field that nobody knows. A route that comes to the document comes to this table.

const at = openShop();

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const file = join(import.meta.dirname, '../docs/schemas/gateway-openapi.json');
const { paths, components } = JSON.parse(readFileSync(file, 'utf8')) as Document;

const AMOUNT = { value: 1, currency: 'EUR' };
/** A body of each operation that would be taken, or refused for another reason than a field. */
const GOOD_BODY: Readonly<Record<string, object>> = {
  createPayment: { amount: AMOUNT, card_token: `tok_${'x'.repeat(24)}` },
  capturePayment: {},
  cancelPayment: {},
  refundPayment: {},
  openSession: { amount: AMOUNT },
  cancelSession: {},
  createCardToken: { pan: GOOD },
};

const withBody = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { operationId, requestBody }]) => {
    const schema = requestBody?.content['application/json'].schema;
    return schema ? [{ path, method, operationId, schema: resolved(schema) }] : [];
  }),
);

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (components.schemas[name] ?? {});
}

const OF_TYPE: Readonly<Record<string, readonly unknown[]>> = {
  string: ['a'],
  integer: [1, 1.5],
  boolean: [true],
  null: [null],
  array: [[]],
  object: [{}],
};

function wrongTypes(type: string): unknown[] {
  return Object.entries(OF_TYPE).flatMap(([name, values]) => (name === type ? [] : values));
}

/** Values that a field may not have, each with the path that is named for it. */
function wrongValues(schema: Schema, path: string): [value: unknown, path: string][] {
  const { type = 'string', anyOf, minimum = 0, maximum = 0, maxItems = 0, maxLength = 1_000, items } = schema;
  const here = (values: readonly unknown[]) => values.map((value): [unknown, string] => [value, path]);
  if (anyOf) return here(['nothing', '', 1, null, [], {}]);
  const types = here(wrongTypes(type));
  if (type === 'integer') return [...types, ...here([minimum - 1, maximum + 1, 1.5, '1'])];
  if (type === 'string') return [...types, ...here(['', ' ', '\u0000', 'é', 'x'.repeat(maxLength + 1)])];
  if (type !== 'array') return types;
  const one = maxItems > 0 && items ? wrongValues(items, `${path}/0`).slice(0, 6) : [];
  const many = Array.from({ length: maxItems + 1 }, (_, index) => `s${index}`);
  return [...types, ...here([many]), ...one.map(([value, below]): [unknown, string] => [[value], below])];
}

interface Case {
  readonly change: object;
  readonly path: string;
}

function casesOf(schema: Schema): Case[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const field = resolved(given);
    if (field.type !== 'object') {
      return wrongValues(field, `/${name}`).map(([value, path]) => ({ change: { [name]: value }, path }));
    }
    const inner = Object.entries(field.properties ?? {}).flatMap(([below, each]) =>
      wrongValues(each, `/${name}/${below}`).map(([value, path]) => ({
        change: { [name]: { ...AMOUNT, [below]: value } },
        path,
      })),
    );
    const unknown = { change: { [name]: { ...AMOUNT, unheard: 1 } }, path: `/${name}/unheard` };
    return [
      ...inner,
      unknown,
      { change: { [name]: 'x' }, path: `/${name}` },
      { change: { [name]: null }, path: `/${name}` },
    ];
  });
  return [...fields, { change: { unheard: 1 }, path: '/unheard' }, { change: { cvv: '123' }, path: '/cvv' }];
}

const urlOf = (path: string) => path.replace('{id}', '00000000-0000-7000-8000-000000000000');

describe('every field', () => {
  test('belongs to an operation of this table', () => {
    expect(withBody.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(GOOD_BODY).sort());
  });

  test.each(withBody)('of $operationId is refused with its path, where it is wrong', async (operation) => {
    const { path, operationId, schema } = operation;
    const cases = casesOf(schema);
    expect(cases.length).toBeGreaterThanOrEqual(2);
    for (const { change, path: named } of cases) {
      const body = { ...GOOD_BODY[operationId], ...change };
      const { status, body: answer } = await at.shop.post(urlOf(path), body, {
        idempotencyKey: randomUUID(),
      });
      const told = [status, answer.code, answer.errors?.some((fault) => fault.path === named)];
      expect(told, `${JSON.stringify(change).slice(0, 80)} at ${named}`).toEqual([
        400,
        expect.stringMatching(/^GW_(FIELD|RECEIPT)$/),
        true,
      ]);
    }
  });

  test.each(withBody)(
    'of $operationId that holds a card number is refused, and not logged',
    async (operation) => {
      const { path, operationId, schema } = operation;
      const texts = Object.entries(schema.properties ?? {}).filter(
        ([name, { type, anyOf }]) => (type === 'string' || anyOf) && name !== 'pan',
      );
      for (const name of [...texts.map(([each]) => each), 'memo']) {
        const body = { ...GOOD_BODY[operationId], [name]: '4000056655665556' };
        const { status, body: answer } = await at.shop.post(urlOf(path), body, {
          idempotencyKey: randomUUID(),
        });
        expect([status, answer.errors?.map((fault) => fault.path)]).toEqual([400, [`/${name}`]]);
        expect(JSON.stringify(answer)).not.toContain('4000056655665556');
      }
      expect(at.house.switchLog()).not.toContain('4000056655665556');
    },
  );

  test('of a path is refused with its name', async () => {
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        const name = /\{(\w+)\}/.exec(path)?.[1];
        if (name === undefined) continue;
        const body = method === 'post' ? JSON.stringify(GOOD_BODY[operationId]) : undefined;
        for (const value of ['x', '1'.repeat(36), '..%2F..', '%00']) {
          const url = path.replace(`{${name}}`, value);
          const ask = { idempotencyKey: randomUUID() };
          const answer = await at.shop.ask(method.toUpperCase(), url, body, ask);
          expect([answer.status, answer.body.errors?.[0]?.path], `${method} ${url}`).toEqual([
            400,
            `/${name}`,
          ]);
        }
      }
    }
  });
});

describe('a token of the platform', () => {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: DEVELOPMENT_ISSUER.issuer,
    aud: DEVELOPMENT_ISSUER.audience,
    sub: MERCHANT,
    role: 'Merchant',
    iat: now,
    exp: now + 600,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (header: object, body: object, secret = PUBLISHED_TOKEN_SECRET) => {
    const text = `${part(header)}.${part(body)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const HS256 = { alg: 'HS256', typ: 'JWT' };

  test('is taken', async () => {
    expect((await at.shop.payment(randomUUID(), { key: signed(HS256, claims) })).body.code).not.toBe(
      'GW_UNAUTHENTICATED',
    );
  });

  test.each([
    ['alg none, and no signature', `${part({ alg: 'none' })}.${part(claims)}.`],
    ['alg none, signed all the same', signed({ alg: 'none' }, claims)],
    ['alg RS256 over the secret', signed({ alg: 'RS256' }, claims)],
    ['another secret', signed(HS256, claims, 'x'.repeat(64))],
    ['another audience', signed(HS256, { ...claims, aud: 'etika-marketplace' })],
    ['another issuer', signed(HS256, { ...claims, iss: 'elsewhere' })],
    ['its time over', signed(HS256, { ...claims, iat: now - 700, exp: now - 100 })],
    ['no end', signed(HS256, { ...claims, exp: undefined })],
    ['the life of a refresh token', signed(HS256, { ...claims, exp: now + 604_800 })],
    ['the use of a refresh token', signed(HS256, { ...claims, token_type: 'refresh' })],
    ['the role of a consumer', signed(HS256, { ...claims, role: 'Consumer' })],
    ['no merchant of the switch', signed(HS256, { ...claims, sub: 'NOBODY' })],
    ['a critical extension', signed({ ...HS256, crit: ['b64'] }, claims)],
  ])('with %s is refused', async (_, key) => {
    const { status, body } = await at.shop.payment(randomUUID(), { key });
    expect([status, body.code]).toEqual([401, 'GW_UNAUTHENTICATED']);
    expect(at.house.switchLog()).not.toContain(key.slice(-20));
  });
});
