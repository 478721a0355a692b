import { afterEach, expect, it } from 'vitest';
import { type NodeStatus, serveStatus } from './status-server.ts';

const STATUS = { node: 'node-1', ready: true, hsm: 'connected' } as NodeStatus;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function served(hsm: () => Promise<unknown>) {
  const server = await serveStatus({ host: '127.0.0.1', port: 0 }, () => STATUS, hsm);
  closers.push(server.close);
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, body: await response.json() };
  };
}

it('tells the node’s status, and per operation where the HSM works', async () => {
  const strategies = { 'PIN 0 to 0': 'host' };
  const get = await served(async () => ({ strategies }));
  expect(await get('/status')).toEqual({ status: 200, body: STATUS });
  expect(await get('/hsm')).toEqual({ status: 200, body: { strategies } });
  expect(await get('/other')).toMatchObject({ status: 404 });
});

it('says so where no HSM process answers', async () => {
  const get = await served(() => Promise.reject(new Error('HSM_UNAVAILABLE')));
  expect(await get('/hsm')).toMatchObject({ status: 503 });
  expect(await get('/status')).toMatchObject({ status: 200 });
});
