import { describe, expect, it } from 'vitest';
import type { HttpCall, HttpOutcome } from './http-exchange.ts';
import { popClient } from './pop-client.ts';

function clientOf(outcome: HttpOutcome) {
  const calls: HttpCall[] = [];
  const client = popClient({
    close() {},
    call: async (call) => {
      calls.push(call);
      return outcome;
    },
  });
  return { client, calls };
}

const answered = (code: number, body: unknown): HttpOutcome => ({ status: 'answered', code, body });

describe('how many validations stand', () => {
  it('is asked for by one call, and heeds neither order nor what nobody asked for', async () => {
    const { client, calls } = clientOf(
      answered(200, {
        validations: [
          { validation_id: 'b', status: 'VALIDATED' },
          { validation_id: 'x', status: 'EXPIRED', error: 'late' },
          { validation_id: 'a', status: 'IN_PROGRESS' },
        ],
      }),
    );
    expect(await client.standings(['a', 'b'], 1_000)).toEqual({
      status: 'answered',
      standings: new Map([
        ['b', 'validated'],
        ['x', 'expired'],
        ['a', 'pending'],
      ]),
    });
    expect(calls).toMatchObject([
      { method: 'POST', path: '/validations/query', body: { validation_ids: ['a', 'b'] } },
    ]);
  });

  it('leaves out what has no id or no status that is known', async () => {
    const validations = [
      null,
      7,
      'VALIDATED',
      {},
      { validation_id: 'a' },
      { status: 'VALIDATED' },
      { validation_id: 'b', status: 'constructor' },
      { validation_id: 3, status: 'VALIDATED' },
    ];
    const { client } = clientOf(answered(200, { validations }));
    expect(await client.standings(['a', 'b'], 1_000)).toEqual({ status: 'answered', standings: new Map() });
  });

  it.each([
    answered(404, { error: 'no such path' }),
    answered(405, {}),
    { status: 'unknown', reason: 'no JSON', code: 404 },
    { status: 'unknown', reason: 'no JSON', code: 405 },
  ] satisfies HttpOutcome[])('cannot be asked for where the answer is $status $code', async (outcome) => {
    expect(await clientOf(outcome).client.standings(['a'], 1_000)).toEqual({ status: 'unsupported' });
  });

  it.each([
    answered(500, {}),
    answered(200, {}),
    answered(200, { validations: 'many' }),
    answered(200, null),
    answered(413, {}),
    { status: 'unreachable', reason: 'refused' },
    { status: 'unknown', reason: 'no answer by the deadline' },
  ] satisfies HttpOutcome[])('is not known after %j', async (outcome) => {
    const { client } = clientOf(outcome);
    expect(await client.standings(['a'], 1_000)).toMatchObject({ status: 'unavailable' });
  });
});

describe('a cancellation', () => {
  it.each([
    [200, { status: 'CANCELLED' }, { status: 'cancelled' }],
    [409, { status: 'EXPIRED', error: 'final' }, { status: 'cancelled' }],
    [409, { status: 'REJECTED', error: 'final' }, { status: 'cancelled' }],
    [409, { status: 'VALIDATED', error: 'final' }, { status: 'too-late', reason: 'final' }],
    [409, {}, { status: 'too-late', reason: 'already final' }],
    [503, {}, { status: 'unavailable', reason: 'HTTP 503' }],
  ])('that is answered %i %o is %o', async (code, body, outcome) => {
    const { client } = clientOf(answered(code, body));
    expect(await client.cancel('v-1', 'the purchase does not stand', 1_000)).toEqual(outcome);
  });
});
