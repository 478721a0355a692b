import { describe, expect, test } from 'vitest';
import { purchase, started, untilStatus } from './testing.ts';

async function query(apiUrl: string, validation_ids: unknown) {
  const response = await fetch(`${apiUrl}/validations/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ validation_ids }),
  });
  const body = (await response.json()) as {
    validations?: { validation_id: string; status: string; error?: string }[];
    code?: string;
  };
  return { status: response.status, body };
}

async function withThree() {
  const pop = await started(60_000);
  const ids: string[] = [];
  for (const number of [1, 2, 3]) {
    const { body } = await pop.initiate({ ...purchase, transaction_id: `TX-${number}` }, `key-${number}`);
    ids.push(body.validation_id);
  }
  return { pop, ids };
}

describe('the query of a set', () => {
  test('tells of those that are known, in the order asked for', async () => {
    const { pop, ids } = await withThree();
    await pop.cancel(ids[1] ?? '');
    const { status, body } = await query(pop.apiUrl, [...ids, 'nobody-knows']);
    expect(status).toBe(200);
    expect(body.validations).toEqual([
      { validation_id: ids[0], status: 'PENDING' },
      { validation_id: ids[1], status: 'CANCELLED' },
      { validation_id: ids[2], status: 'PENDING' },
    ]);
  });

  test('says why one failed', async () => {
    const pop = await started();
    await pop.control.script({ scenario: { action: 'expire' } });
    const { body } = await pop.initiate();
    await untilStatus(pop, body.validation_id, 'EXPIRED');
    expect((await query(pop.apiUrl, [body.validation_id])).body.validations).toMatchObject([
      { status: 'EXPIRED', error: expect.any(String) },
    ]);
  });

  test('takes 1,000 and no more', async () => {
    const { pop } = await withThree();
    const many = Array.from(
      { length: 1_001 },
      (_, n) => `0190aaaa-bbbb-7ccc-8ddd-${String(n).padStart(12, '0')}`,
    );
    expect(await query(pop.apiUrl, many.slice(1))).toEqual({ status: 200, body: { validations: [] } });
    expect(await query(pop.apiUrl, many)).toMatchObject({
      status: 400,
      body: { code: 'SIM_HTTP_BODY_INVALID' },
    });
    expect(await query(pop.apiUrl, [])).toMatchObject({ status: 400 });
  });

  test('is not known to a service that is scripted so', async () => {
    const { pop, ids } = await withThree();
    await pop.control.script({ on: 'query-set', scenario: { action: 'absent' } });
    expect(await query(pop.apiUrl, ids)).toMatchObject({ status: 404 });
    expect((await pop.ofTransaction('TX-1')).status).toBe(200);
  });

  test('leaves out what it is scripted to leave out', async () => {
    const { pop, ids } = await withThree();
    await pop.control.script({ on: 'query-set', next: 1, scenario: { action: 'partial' } });
    const told = (await query(pop.apiUrl, ids)).body.validations?.map(({ validation_id }) => validation_id);
    expect(told).toEqual([ids[2], ids[0]]);
    expect((await query(pop.apiUrl, ids)).body.validations).toHaveLength(3);
  });
});
