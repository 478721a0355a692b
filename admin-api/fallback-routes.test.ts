import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../runtime/index.ts';
import { AdminError } from './errors.ts';
import type { FallbackApi } from './fallback-routes.ts';
import type { DegradedModeChange } from './fallback-view.ts';
import { createAdminApi } from './server.ts';

const ID = '018f6f2e-7a3b-7c4d-8e5f-0123456789ab';
const AT = '2026-11-23T10:00:00.000Z';

const started: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function start(overrides: Partial<FallbackApi> = {}, host = '127.0.0.1'): Promise<string> {
  const fallback: FallbackApi = {
    degradedModes: async () => [
      { position: 3, mode: 'pop-degraded', open: true, node: 'node-1', by: 'trend', why: 'slow', since: AT },
    ],
    changeDegradedMode: async () => {},
    parkedFollowUps: async (after) =>
      [7, 9]
        .filter((position) => position > after)
        .map((position) => ({
          position,
          transaction: ID,
          lane: 'network/visa',
          task: 'reverse-network',
          attempt: 20,
          reason: 'gave up',
          parkedAt: AT,
        })),
    replayFollowUp: async (position) => (position === 7 ? 2 : 0),
    alerts: async (before) =>
      before !== undefined
        ? []
        : [
            {
              position: 1,
              raisedAt: AT,
              kind: 'case',
              scenario: 'inconsistency',
              subject: 's',
              summary: 'x',
              transaction: ID,
              count: 3,
              lastAt: AT,
              amounts: [{ currency: '978', minorUnits: 7_500 }],
              action: 'look',
            },
          ],
    acknowledgeAlert: async (position) => position === 1,
    log: silentLog,
    ...overrides,
  };
  const server = createAdminApi({
    transaction: async () => undefined,
    readiness: async () => ({ ready: true, checks: [] }),
    fallback,
    log: silentLog,
  });
  started.push(server);
  return server.listen({ host, port: 0 });
}

async function call(url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, body === undefined ? {} : post);
  return { status: response.status, body: await response.json() };
}

describe('degraded modes', () => {
  it('are listed with who and why', async () => {
    const base = await start();
    expect(await call(`${base}/api/v1/degraded-modes`)).toMatchObject({
      status: 200,
      body: {
        modes: [{ mode: 'pop-degraded', open: true, node: 'node-1', by: 'trend', why: 'slow', since: AT }],
      },
    });
  });

  it('are changed by somebody for a reason', async () => {
    const changes: DegradedModeChange[] = [];
    const base = await start({ changeDegradedMode: async (change) => void changes.push(change) });
    const change = { mode: 'network-degraded:visa', open: true, by: 'kim', why: 'maintenance' };
    expect(await call(`${base}/api/v1/degraded-modes`, change)).toEqual({ status: 202, body: change });
    expect(changes).toEqual([change]);
  });

  it.each([
    { mode: 'network-degraded:visa', open: true, by: 'kim' },
    { mode: 'network-degraded:visa', open: true, why: 'x' },
    { mode: 'everything-degraded', open: true, by: 'kim', why: 'x' },
    { mode: 'pop-degraded', open: 'maybe', by: 'kim', why: 'x' },
    { mode: 'pop-degraded', open: true, by: '', why: 'x' },
    { mode: 'pop-degraded', open: true, by: 'kim', why: 'two\nlines' },
  ])('are not changed by %j', async (change) => {
    const changeDegradedMode = () => Promise.reject(new Error('it was changed'));
    const base = await start({ changeDegradedMode });
    expect(await call(`${base}/api/v1/degraded-modes`, change)).toMatchObject({
      status: 400,
      body: { code: 'ADM_REQUEST_INVALID' },
    });
  });

  it('of a network that does not exist are refused', async () => {
    const changeDegradedMode = () => Promise.reject(new AdminError('ADM_MODE_UNKNOWN', { networks: 'visa' }));
    const base = await start({ changeDegradedMode });
    const change = { mode: 'network-degraded:vsia', open: true, by: 'kim', why: 'x' };
    expect(await call(`${base}/api/v1/degraded-modes`, change)).toMatchObject({
      status: 404,
      body: { code: 'ADM_MODE_UNKNOWN', details: { networks: 'visa' } },
    });
  });
});

describe('parked follow-ups', () => {
  it('are listed page by page', async () => {
    const base = await start();
    const positions = async (query: string) => {
      const { body } = await call(`${base}/api/v1/parked-follow-ups${query}`);
      return (body as { followUps: { position: number }[] }).followUps.map(({ position }) => position);
    };
    expect(await positions('')).toEqual([7, 9]);
    expect(await positions('?after=7')).toEqual([9]);
    expect(await call(`${base}/api/v1/parked-follow-ups?after=x`)).toMatchObject({ status: 400 });
  });

  it('are replayed by somebody for a reason, with what is parked behind', async () => {
    const base = await start();
    const reason = { by: 'kim', why: 'the network is back' };
    expect(await call(`${base}/api/v1/parked-follow-ups/7/replay`, reason)).toEqual({
      status: 202,
      body: { queued: 2 },
    });
    expect(await call(`${base}/api/v1/parked-follow-ups/7/replay`, {})).toMatchObject({ status: 400 });
    expect(await call(`${base}/api/v1/parked-follow-ups/8/replay`, reason)).toMatchObject({
      status: 404,
      body: { code: 'ADM_FOLLOW_UP_UNKNOWN', details: { position: '8' } },
    });
  });
});

it('alerts name the runbook that helps', async () => {
  const base = await start();
  expect(await call(`${base}/api/v1/alerts`)).toMatchObject({
    status: 200,
    body: {
      alerts: [{ kind: 'case', count: 3, action: 'look', scenario: 'inconsistency', transaction: ID }],
    },
  });
  const said = { by: 'alice', why: 'called the network' };
  const acknowledge = (position: number) => call(`${base}/api/v1/alerts/${position}/acknowledge`, said);
  expect(await acknowledge(1)).toMatchObject({ status: 202 });
  expect(await acknowledge(2)).toMatchObject({ status: 404, body: { code: 'ADM_ALERT_UNKNOWN' } });
  expect(await call(`${base}/api/v1/alerts?before=1`)).toEqual({ status: 200, body: { alerts: [] } });
});

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((each) => each && !each.internal && each.family === 'IPv4')?.address;

describe.runIf(elsewhere !== undefined)(
  'from another address than loopback (needs a network interface)',
  () => {
    it('nothing can be changed', async () => {
      const changeDegradedMode = () => Promise.reject(new Error('it was changed'));
      const base = await start({ changeDegradedMode }, '0.0.0.0');
      const url = new URL(base);
      url.hostname = elsewhere ?? '';
      const change = { mode: 'pop-degraded', open: true, by: 'kim', why: 'x' };
      expect(await call(`${url.origin}/api/v1/degraded-modes`, change)).toMatchObject({
        status: 403,
        body: { code: 'ADM_LOOPBACK_ONLY' },
      });
      expect(
        await call(`${url.origin}/api/v1/parked-follow-ups/7/replay`, { by: 'kim', why: 'x' }),
      ).toMatchObject({
        status: 403,
      });
    });
  },
);
