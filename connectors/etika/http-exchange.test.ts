import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testAuthority } from '../../certs/testing.ts';
import { systemClock } from '../../runtime/index.ts';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import { type HttpOptions, httpExchange } from './http-exchange.ts';

const anyCall = { method: 'POST', path: '/things', body: { a: 1 } } as const;
const later = () => systemClock.monotonic() + 10_000;

async function listening(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function started(answer: RequestListener, options: HttpOptions = {}, clock = systemClock) {
  const server = createServer(answer);
  const port = await listening(server);
  const exchange = httpExchange(`http://127.0.0.1:${port}/api/v1/`, clock, options);
  onTestFinished(() => exchange.close());
  return { server, exchange };
}

const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.statusCode = 201;
    response.end(JSON.stringify({ method, url, headers, sent: Buffer.concat(chunks).toString() }));
  });
};

describe('a call', () => {
  it('is sent as JSON below the base address, and its answer read as JSON', async () => {
    const { exchange } = await started(echo);
    const outcome = await exchange.call({ ...anyCall, headers: { 'idempotency-key': 'k' } }, later());
    expect(outcome).toMatchObject({
      status: 'answered',
      code: 201,
      body: {
        method: 'POST',
        url: '/api/v1/things',
        sent: '{"a":1}',
        headers: { 'content-type': 'application/json', 'content-length': '7', 'idempotency-key': 'k' },
      },
    });
    expect(await exchange.call({ method: 'GET', path: '/x?y=1' }, later())).toMatchObject({
      body: { method: 'GET', url: '/api/v1/x?y=1', sent: '' },
    });
  });

  it('goes over connections that are kept', async () => {
    const { exchange, server } = await started(echo);
    let connections = 0;
    server.on('connection', () => (connections += 1));
    for (let count = 0; count < 9; count += 1) await exchange.call(anyCall, later());
    expect(connections).toBeLessThanOrEqual(2); // the first is not free yet as its answer is told
  });
});

describe('what is unreachable', () => {
  it('is a service that refuses the connection', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const exchange = httpExchange(`http://127.0.0.1:${port}`, systemClock);
    expect(await exchange.call(anyCall, later())).toMatchObject({ status: 'unreachable' });
    exchange.close();
  });

  it('is what was given up before a connection was free, and is never sent', async () => {
    const clock = new VirtualClock();
    const urls: (string | undefined)[] = [];
    let answer = () => {};
    const { exchange, server } = await started(
      (request, response) => {
        urls.push(request.url);
        answer = () => response.end('{}');
      },
      { maxConnections: 1 },
      clock,
    );
    let connections = 0;
    server.on('connection', () => (connections += 1));
    const first = exchange.call({ method: 'GET', path: '/first' }, 10_000);
    const second = exchange.call({ method: 'GET', path: '/second' }, 1_000);
    await vi.waitFor(() => expect(urls).toHaveLength(1));
    await clock.advance(1_000);
    expect(await second).toMatchObject({ status: 'unreachable', reason: 'no answer by the deadline' });

    answer();
    expect(await first).toMatchObject({ status: 'answered' });
    const third = exchange.call({ method: 'GET', path: '/third' }, 10_000);
    await vi.waitFor(() => expect(urls).toEqual(['/api/v1/first', '/api/v1/third']));
    answer();
    expect(await third).toMatchObject({ status: 'answered' });
    expect(connections).toBe(1);
  });

  it('is what would be one call too many', async () => {
    const { exchange } = await started(() => {}, { maxCalls: 1 });
    const first = exchange.call(anyCall, systemClock.monotonic() + 200);
    expect(await exchange.call(anyCall, later())).toMatchObject({ status: 'unreachable' });
    expect(await first).toMatchObject({ status: 'unknown' });
  });
});

describe('what is unknown', () => {
  it('is a service that took the request and is silent, by the clock that was handed in', async () => {
    const clock = new VirtualClock();
    let requests = 0;
    const { exchange } = await started(() => (requests += 1), {}, clock);
    const call = exchange.call(anyCall, 800);
    await vi.waitFor(() => expect(requests).toBe(1));
    await clock.advance(799);
    await settle();
    await clock.advance(1);
    expect(await call).toEqual({ status: 'unknown', reason: 'no answer by the deadline' });
  });

  it.each([
    ['breaks off', (_, response) => response.socket?.destroy()],
    ['answers what is no JSON', (_, response) => response.end('<html>')],
    ['answers too much', (_, response) => response.end(JSON.stringify('x'.repeat(2_000)))],
    [
      'answers half of what it said',
      (_, response) =>
        response.writeHead(200, { 'content-length': 9 }).write('{}', () => response.socket?.destroy()),
    ],
  ] satisfies [string, RequestListener][])('is a service that %s', async (_, answer) => {
    const { exchange } = await started(answer, { maxResponseBytes: 1_000 });
    expect(await exchange.call(anyCall, later())).toMatchObject({ status: 'unknown' });
  });
});

describe('over TLS', () => {
  async function secured(ca: string | undefined) {
    const authority = testAuthority('authority', { now: systemClock.wall(), days: 30 });
    const server = createTlsServer(authority.server(undefined, { now: systemClock.wall(), days: 30 }), echo);
    let requests = 0;
    server.on('request', () => (requests += 1));
    const port = await listening(server);
    const trusted = ca ?? authority.cert;
    const exchange = httpExchange(`https://localhost:${port}`, systemClock, { tls: { ca: trusted } });
    onTestFinished(() => exchange.close());
    return { exchange, requests: () => requests };
  }

  it('a service is asked whose certificate the authority vouches for', async () => {
    const { exchange } = await secured(undefined);
    expect(await exchange.call(anyCall, later())).toMatchObject({ status: 'answered', code: 201 });
  });

  it('another is unreachable', async () => {
    const other = testAuthority('another', { now: systemClock.wall(), days: 30 });
    const { exchange, requests } = await secured(other.cert);
    expect(await exchange.call(anyCall, later())).toMatchObject({ status: 'unreachable' });
    expect(requests()).toBe(0);
  });
});
