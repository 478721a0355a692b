import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { popControl } from './client.ts';
import type { PurchaseRequest } from './request.ts';
import { startPop } from './service.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

export const purchase: PurchaseRequest = {
  transaction_id: 'TX-1',
  consumer_id: 'consumer-1',
  merchant_id: 'merchant-1',
  amount: 2_500,
  currency: 'EUR',
  receipt_hash: 'ab'.repeat(32),
};

/** A service of this test's own. */
export async function started(blockMs = 20) {
  const pop = await startPop({
    api: anyPort,
    control: anyPort,
    ledgerFile: join(temporaryFolder(), 'ledger.jsonl'),
    blockMs,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onBroken: (error) => {
      throw error;
    },
  });
  onTestFinished(pop.close);
  return { ...client(pop.apiUrl), control: popControl(pop.controlUrl), apiUrl: pop.apiUrl };
}

interface AnyBody {
  validation_id: string;
  status: string;
  error?: string;
  code: string;
  details: { validation_id: string };
}

export function client(apiUrl: string) {
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${apiUrl}${path}`, init);
    return { status: response.status, body: (await response.json()) as AnyBody };
  };
  const post = (path: string, body: unknown, key?: string, signal = AbortSignal.timeout(5_000)) =>
    call(path, {
      method: 'POST',
      signal,
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
  return {
    initiate: (body: object = purchase, key = 'key-1', signal?: AbortSignal) =>
      post('/validations', body, key, signal),
    initiateWithoutKey: () => post('/validations', purchase),
    get: (id: string) => call(`/validations/${id}`),
    ofTransaction: (id: string) => call(`/validations?transaction_id=${id}`),
    cancel: (id: string, reason = 'payment refused') => post(`/validations/${id}/cancel`, { reason }),
  };
}

export type Pop = Awaited<ReturnType<typeof started>>;
export const untilStatus = (pop: Pick<Pop, 'get'>, id: string, status: string) =>
  vi.waitFor(async () => expect((await pop.get(id)).body.status).toBe(status), {
    timeout: 5_000,
    interval: 5,
  });
