import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayHouse, startGatewayHouse } from './support/gateway-house.ts';

const root = join(import.meta.dirname, '..');
let at: GatewayHouse;
let receiver: number;

beforeAll(async () => {
  receiver = await freePort();
  at = await startGatewayHouse({ webhookUrl: `http://127.0.0.1:${receiver}/webhooks` });
});
afterAll(() => at?.house.close());

/** The page's blocks, one after the other in one shell, as a partner pastes them. */
test('docs/partners.md: what it says to type leads from a key to a verified webhook', async () => {
  const page = readFileSync(join(root, 'docs/partners.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThanOrEqual(6);
  const script = blocks
    .join('\n')
    .replaceAll('npx etika-switch', `'${process.execPath}' deploy/cli/etika-switch.js`)
    .replaceAll('node docs/', `'${process.execPath}' docs/`)
    .replaceAll('received.txt', join(at.house.dataDir, 'received.txt'))
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${at.port}`)
    .replaceAll('8099', String(receiver));

  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: root });
  expect(stdout).toMatch(/verified: pop\.validated of [0-9a-f-]{36}/);
  expect(stdout).toMatch(/"status":"Completed"/);
  expect(stdout).toMatch(
    /"deliveries":\[\{"notice_id":"[^"]*:pop\.validated",.*"delivered":true,"status_code":204/,
  );
  expect(stdout).toMatch(/^400$/m);
  expect(stdout).toMatch(/^typed: refund PaymentCompleted of 500$/m);
  expect(stdout).toMatch(/^typed: [0-9a-f-]{36} Completed$/m);
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
