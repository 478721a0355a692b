import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { purchase, started, untilStatus } from './testing.ts';

describe('scenarios', () => {
  test.each([
    ['validate', 'VALIDATED', ['initiated', 'validated']],
    ['reject', 'REJECTED', ['initiated', 'rejected']],
  ] as const)('%s ends the validation at once', async (action, status, kinds) => {
    const pop = await started(60_000);
    await pop.control.script({ scenario: { action } });
    const { body } = await pop.initiate();
    expect(body.status).toBe(status);
    expect((await pop.control.ledger()).rows.map((row) => row.kind)).toEqual(kinds);
    expect((await pop.initiate()).body).toEqual(body);
  });

  test.each([
    ['reject-later', 'REJECTED'],
    ['expire', 'EXPIRED'],
  ] as const)('%s accepts first', async (action, status) => {
    const pop = await started();
    await pop.control.script({ scenario: { action } });
    const { body } = await pop.initiate();
    expect(body.status).toBe('INITIATED');
    await untilStatus(pop, body.validation_id, status);
    expect((await pop.get(body.validation_id)).body.error).toEqual(expect.any(String));
    expect((await pop.cancel(body.validation_id)).status).toBe(409);
  });

  test.each([
    ['silence', 'answer', 200],
    ['silence', 'request', 404],
    ['drop', 'answer', 200],
    ['drop', 'request', 404],
  ] as const)('%s that loses the %s: a query then answers %i', async (action, lost, status) => {
    const pop = await started();
    await pop.control.script({ scenario: { action, lost }, next: 1 });
    await expect(pop.initiate(purchase, 'key-1', AbortSignal.timeout(100))).rejects.toThrow();
    expect((await pop.ofTransaction('TX-1')).status).toBe(status);
    expect((await pop.initiate()).body.status).toBe('INITIATED');
    expect((await pop.control.ledger({ kind: 'initiated' })).rows).toHaveLength(1);
  });

  test('late answers after the effect, delay before it', async () => {
    const pop = await started(60_000);
    for (const [action, found] of [
      ['late', 200],
      ['delay', 404],
    ] as const) {
      await pop.control.script({ scenario: { action, ms: 150 }, next: 1 });
      const began = performance.now();
      const answer = pop.initiate({ ...purchase, transaction_id: action }, action);
      await pop.control.health();
      expect((await pop.ofTransaction(action)).status).toBe(found);
      expect((await answer).status).toBe(201);
      expect(performance.now() - began).toBeGreaterThan(145);
    }
  });

  test('error answers 500 and acts only where it was asked to lose the answer', async () => {
    const pop = await started();
    await pop.control.script({ scenario: { action: 'error' }, next: 1 });
    const failed = await pop.initiate();
    expect([failed.status, failed.body.code]).toEqual([500, 'SIM_POP_INJECTED']);
    expect((await pop.ofTransaction('TX-1')).status).toBe(404);
    await pop.control.script({ scenario: { action: 'error', lost: 'answer' }, next: 1 });
    expect((await pop.initiate()).status).toBe(500);
    expect((await pop.ofTransaction('TX-1')).status).toBe(200);
  });

  test('garbage is not JSON', async () => {
    const pop = await started();
    await pop.control.script({ scenario: { action: 'garbage' }, next: 1 });
    await expect(pop.initiate()).rejects.toThrow(SyntaxError);
  });

  test('one consumer and one kind of message can be scripted alone', async () => {
    const pop = await started(60_000);
    await pop.control.script({ consumer: 'consumer-2', scenario: { action: 'reject' } });
    await pop.control.script({ on: 'query', next: 1, scenario: { action: 'error' } });
    const { body } = await pop.initiate();
    expect(body.status).toBe('INITIATED');
    expect(
      (await pop.initiate({ ...purchase, transaction_id: 'TX-2', consumer_id: 'consumer-2' }, 'k2')).body
        .status,
    ).toBe('REJECTED');
    expect((await pop.get(body.validation_id)).status).toBe(500);
    expect((await pop.get(body.validation_id)).status).toBe(200);
  });

  test('down refuses connections on the API port until up, and forgets nothing', async () => {
    const pop = await started(60_000);
    await pop.initiate();
    await pop.control.down();
    const { port } = new URL(pop.apiUrl);
    const refused = new Promise((resolve) => connect(Number(port), '127.0.0.1').once('error', resolve));
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
    expect((await pop.control.health()).api).toBe('down');
    await pop.control.up();
    expect((await pop.ofTransaction('TX-1')).status).toBe(200);
  });

  test('a scenario that does not exist is refused', async () => {
    const pop = await started();
    const nonsense = { scenario: { action: 'explode' } } as unknown as Parameters<
      typeof pop.control.script
    >[0];
    await expect(pop.control.script(nonsense)).rejects.toMatchObject({
      code: 'SIM_CONTROL_REFUSED',
      details: { status: 400 },
    });
  });
});
