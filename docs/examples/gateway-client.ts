// A client of the gateway. The compiler checks its requests and answers against the gateway's own OpenAPI document, of
// which gateway-api.d.ts is made. Nothing but Node.js is needed; it pays once and follows what it paid.
//
//   ETIKA_API_KEY=… node gateway-client.ts http://127.0.0.1:8090

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { operations } from './gateway-api.d.ts';

type Operation = keyof operations;
type Json<Held> = Held extends { content: { 'application/json': infer Value } } ? Value : never;
type Body<Of extends Operation> = operations[Of] extends { requestBody: infer Held } ? Json<Held> : undefined;
type Answers<Of extends Operation> = operations[Of]['responses'];
/** What the operation answers where it was done. */
type Done<Of extends Operation> = {
  [Status in keyof Answers<Of>]: Status extends 200 | 201 | 202 ? Json<Answers<Of>[Status]> : never;
}[keyof Answers<Of>];

const ROUTES = {
  createCardToken: ['POST', '/api/v1/card-tokens'],
  createPayment: ['POST', '/api/v1/payments'],
  readPayment: ['GET', '/api/v1/payments/{id}'],
  refundPayment: ['POST', '/api/v1/payments/{id}/refund'],
} as const satisfies Partial<Record<Operation, readonly [method: string, path: string]>>;

interface Call<Of extends Operation> {
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly body: Body<Of>;
}

const base = process.argv[2] ?? 'http://127.0.0.1:8090';
const key = process.env['ETIKA_API_KEY'];
if (!key) throw new Error('ETIKA_API_KEY is not set');

async function call<Of extends keyof typeof ROUTES>(operation: Of, asked: Call<Of>): Promise<Done<Of>> {
  const [method, path] = ROUTES[operation];
  const response = await fetch(base + path.replace('{id}', asked.id ?? ''), {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(asked.body !== undefined && { 'content-type': 'application/json' }),
      ...(asked.idempotencyKey !== undefined && { 'idempotency-key': asked.idempotencyKey }),
    },
    ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
  });
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Done<Of>;
}

const card = await call('createCardToken', {
  body: { pan: '4242424242424242', expiry_month: 12, expiry_year: 2030 },
});
const paid = await call('createPayment', {
  idempotencyKey: randomUUID(),
  body: { amount: { value: 2_500, currency: 'EUR' }, card_token: card.data.card_token },
});
const { transaction_id: id } = paid.data;
console.log(`typed: ${id} ${paid.data.status}`);

const refund = await call('refundPayment', {
  id,
  idempotencyKey: randomUUID(),
  body: { amount: { value: 500, currency: 'EUR' } },
});
console.log(`typed: refund ${refund.data.status} of ${refund.data.amount?.value}`);

for (let look = 0; look < 100; look += 1) {
  const { data } = await call('readPayment', { id, body: undefined });
  if (data.status === 'Completed' || data.status === 'Cancelled' || data.status === 'Failed') {
    console.log(`typed: ${id} ${data.status}`);
    break;
  }
  await pause(200);
}
