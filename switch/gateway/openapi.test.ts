import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Counter } from './route-parts.ts';
import { addRoutes } from './routes.ts';
import { gatewayHttp } from './server.ts';

/** The routes as they are served, with nobody behind them. */
async function served() {
  const server = gatewayHttp({ tls: undefined, maxConnections: 1, onProblem: () => {} });
  addRoutes(server, {} as Counter);
  await server.ready();
  return server;
}

test('docs/schemas/gateway-openapi.json is the document of this release', async () => {
  const server = await served();
  const { body, headers } = await server.inject('/openapi.json');
  expect(headers['content-type']).toContain('application/json');
  const file = join(import.meta.dirname, '../../docs/schemas/gateway-openapi.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(body));
});

test('the types of the example client are made of that document', () => {
  const docs = join(import.meta.dirname, '../../docs');
  const document = JSON.parse(readFileSync(join(docs, 'schemas/gateway-openapi.json'), 'utf8'));
  const types = readFileSync(join(docs, 'examples/gateway-api.d.ts'), 'utf8');
  expect(types).toContain(`SHA-256 of that document: ${hash('sha256', JSON.stringify(document))}`);
});

test('every operation has a name, what it needs, and what it answers', async () => {
  const server = await served();
  const { openapi, paths } = (await server.inject('/openapi.json')).json();
  expect(openapi).toBe('3.1.0');
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods as object));
  expect(operations.length).toBeGreaterThanOrEqual(4);
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { summary, description, responses } of operations) {
    expect(summary).toMatch(/^[A-Z]/);
    expect(description).toMatch(/`[a-z]+:[a-z]+`/);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['4XX', '5XX']));
  }
});

test('the page shows every path, and nothing may run in it', async () => {
  const server = await served();
  const { paths } = (await server.inject('/openapi.json')).json();
  const { body, headers } = await server.inject('/docs');
  for (const path of Object.keys(paths)) expect(body).toContain(path);
  expect(body).not.toMatch(/<script/i);
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
});
