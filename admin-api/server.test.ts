import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../runtime/index.ts';
import type { FallbackApi } from './fallback-routes.ts';
import { type AdminApi, createAdminApi } from './server.ts';
import type { TransactionView } from './transaction-view.ts';

const ID = '018f6f2e-7a3b-7c4d-8e5f-0123456789ab';

const purchase: TransactionView = {
  id: ID,
  kind: 'purchase',
  receivedAt: '2026-11-23T10:00:00.000Z',
  listener: 'terminals-ascii',
  terminal: 'TERM0001',
  merchant: 'MERCHANT0000001',
  maskedPan: '424242******4242',
  amount: { minorUnits: 2500, currency: '978' },
  stan: '000001',
  rrn: '632710000001',
  legs: {
    network: { name: 'visa', state: 'approved', code: '00', stan: '000042', rrn: '632700000042' },
    pop: { state: 'validated', validation: 'v-1' },
  },
  verdict: { approved: true, code: '00', approvalCode: '123456' },
  followUps: ['complete-pop'],
  cases: [],
  history: [{ version: 1, kind: 'intended', at: '2026-11-23T10:00:00.000Z' }],
};

const started: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function start(api: Partial<AdminApi> = {}): Promise<string> {
  const server = createAdminApi({
    transaction: async (id) => (id === ID ? purchase : undefined),
    readiness: async () => ({ ready: true, checks: [{ name: 'database', ok: true }] }),
    fallback: {} as FallbackApi,
    log: silentLog,
    ...api,
  });
  started.push(server);
  return server.listen({ host: '127.0.0.1', port: 0 });
}

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

test('/health answers as long as the process lives, whatever is not ready', async () => {
  const base = await start({ readiness: () => Promise.reject(new Error('everything is down')) });
  expect(await get(`${base}/health`)).toEqual({ status: 200, body: { status: 'up' } });
});

test('/ready is 200 with every check, and 503 naming the one that fails', async () => {
  const ready = await start();
  expect(await get(`${ready}/ready`)).toEqual({
    status: 200,
    body: { status: 'ready', checks: [{ name: 'database', ok: true }] },
  });
  const checks = [
    { name: 'database', ok: true },
    { name: 'hsm', ok: false, reason: 'not connected' },
  ];
  const notReady = await start({ readiness: async () => ({ ready: false, checks }) });
  expect(await get(`${notReady}/ready`)).toEqual({ status: 503, body: { status: 'not-ready', checks } });
});

test('a transaction is shown with both legs, its verdict and its history', async () => {
  const base = await start();
  expect(await get(`${base}/api/v1/transactions/${ID}`)).toEqual({ status: 200, body: purchase });
});

test('what the view does not name never leaves, even where the source carries it', async () => {
  const leaky = { ...purchase, pan: '4242424242424242', track2: '4242424242424242=2812' };
  const base = await start({ transaction: async () => leaky });
  const { body } = await get(`${base}/api/v1/transactions/${ID}`);
  expect(JSON.stringify(body)).not.toContain('4242424242424242');
});

test('an unknown id is 404 with a stable code', async () => {
  const base = await start();
  const unknown = ID.replace('0', '1');
  expect(await get(`${base}/api/v1/transactions/${unknown}`)).toEqual({
    status: 404,
    body: {
      code: 'ADM_TRANSACTION_UNKNOWN',
      message: 'the journal holds no transaction of this id',
      details: { id: unknown },
    },
  });
});

test.each(['1', `${ID}0`, '..%2f..', encodeURIComponent("' or 1=1"), 'A'.repeat(60)])(
  'the malformed id %s is 400 and never reaches the journal',
  async (id) => {
    const base = await start({ transaction: () => Promise.reject(new Error('the journal was asked')) });
    const { status, body } = await get(`${base}/api/v1/transactions/${id}`);
    expect({ status, body }).toMatchObject({ status: 400, body: { code: 'ADM_REQUEST_INVALID' } });
  },
);

test('an address that leads nowhere is 404 with a JSON body', async () => {
  const base = await start();
  expect(await get(`${base}/nowhere`)).toMatchObject({ status: 404, body: { code: 'ADM_ROUTE_UNKNOWN' } });
});

test('a failing journal is 500 without a word about why to the caller, and with it in the log', async () => {
  const logged: unknown[] = [];
  const log = { ...silentLog, error: (line: unknown) => logged.push(line) };
  const base = await start({ transaction: () => Promise.reject(new Error('password wrong')), log });
  const { status, body } = await get(`${base}/api/v1/transactions/${ID}`);
  expect({ status, body }).toMatchObject({ status: 500, body: { code: 'ADM_INTERNAL' } });
  expect(JSON.stringify(body)).not.toContain('password');
  const url = '/api/v1/transactions/:id';
  expect(logged).toMatchObject([{ event: 'admin.failed', url, err: { message: 'password wrong' } }]);
});

/** A page of somebody else's name that leads to this machine sends that name; fetch would not. */
function getAs(base: string, path: string, host: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const asked = request(`${base}${path}`, { headers: { host } }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
  asked.on('error', reject).end();
  return promise;
}

test('a request that names another host is refused, whatever it asks for, and nothing is looked up', async () => {
  const looked: string[] = [];
  const base = await start({
    hostNames: ['admin.example'],
    transaction: async (id) => {
      looked.push(id);
      return purchase;
    },
  });
  const paths = ['/ready', '/health', `/api/v1/transactions/${ID}`, '/nowhere'];
  for (const path of paths) {
    const { status, body } = await getAs(base, path, 'rebound.example:8080');
    expect(status).toBe(421);
    expect(JSON.parse(body)).toMatchObject({ code: 'ADM_HOST_UNKNOWN' });
  }
  expect(looked).toEqual([]);
  for (const host of ['localhost', '127.0.0.1:8080', '[::1]:8080', 'admin.example']) {
    expect((await getAs(base, `/api/v1/transactions/${ID}`, host)).status).toBe(200);
  }
});
