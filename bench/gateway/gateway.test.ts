import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Asking } from './asking.ts';
import { costOf } from './cases.ts';
import { CREATED, type Requests } from './requests.ts';
import type { Row } from './row.ts';

// What the bench reads and reckons; never how fast anything is.

const names: string[] = [];
const gateway = createServer(async (request, response) => {
  for await (const _ of request);
  const name = String(request.headers['idempotency-key']);
  names.push(name);
  if (name.endsWith('-3')) {
    request.socket.destroy();
    return;
  }
  const isRefused = name.endsWith('-5');
  const id = `01a20a0f-3f8d-77aa-a168-${String(names.length).padStart(12, '0')}`;
  const body = JSON.stringify(isRefused ? { success: false } : { data: { transaction_id: id } });
  response.writeHead(isRefused ? 402 : CREATED, { 'content-length': body.length }).end(body);
});
beforeAll(async () => new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve)));
afterAll(() => void gateway.close());

test('each payment is asked for once under a key of its own, and a lost connection is no answer', async () => {
  const requests: Requests = {
    host: '127.0.0.1',
    port: (gateway.address() as AddressInfo).port,
    bearer: 'key',
    tokens: ['tok_a', 'tok_b'],
    rate: 200,
    total: 8,
    connections: 2,
    name: 'case',
    patienceMs: 2_000,
  };
  const { statuses, approved } = await new Asking(requests).run();
  expect([...statuses]).toEqual([201, 201, 201, 0, 201, 402, 201, 201]);
  expect(new Set(approved).size).toBe(6);
  expect(new Set(names).size).toBe(8);
});

test('the cost is what lies between two cases, by the payments that differ', () => {
  const row = (name: string, iso: number, rest: number, us: number) =>
    ({ case: name, iso, rest, cpu_us_per_tx: { switch: us } }) as unknown as Row;
  const rows = [
    row('terminals alone', 1_000, 0, 600),
    row('beside, API key', 500, 500, 650),
    row('beside, HS256', 500, 500, 670),
    row('applications alone', 0, 1_000, 680),
    row('terminals alone', 1_000, 0, 620),
  ];
  expect(costOf(rows)).toMatchObject({ api_key_us: 80, hs256_us: 120, alone_us: 70 });
});
