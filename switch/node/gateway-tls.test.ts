import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { testAuthority } from '../../certs/testing.ts';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { createTestCore } from '../../test/support/core.ts';
import { memoryStores } from '../../test/support/gateway-stores.ts';
import { Gate } from '../admission/gate.ts';
import { openGateway } from '../gateway/open-gateway.ts';
import { gatewayTls, TlsEnds } from './tls-ends.ts';

const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Heard {
  readonly status: number | undefined;
  readonly security: string | undefined;
  readonly certificate: string;
}

function ask(port: number, ca: string, own: object = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const to = { host: 'localhost', port, path: '/openapi.json', ca, agent: false, ...own };
    getSecurely(to, (answer) => {
      const { socket } = answer;
      const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : '';
      answer.resume().on('end', () =>
        resolve({
          status: answer.statusCode,
          security: answer.headers['strict-transport-security'],
          certificate,
        }),
      );
    }).on('error', reject);
  });
}

async function opened(requireClientCertificate: boolean) {
  const authority = testAuthority();
  const files = { certFile: join(folder, 'c'), keyFile: join(folder, 'k'), caFile: join(folder, 'a') };
  const write = () => {
    const { cert, key, ca } = authority.server();
    writeFileSync(files.certFile, cert);
    writeFileSync(files.keyFile, key, { mode: 0o600 });
    writeFileSync(files.caFile, ca);
  };
  write();
  const ends = new TlsEnds({ production: false, clock: systemClock, log: silentLog });
  const { ports } = createTestCore();
  const gate = new Gate({ clock: systemClock, deadlineMs: 2_000 });
  const tls = { ...files, requireClientCertificate };
  const settings = { host: '127.0.0.1', port: 0, acquirer: '1', terminal: 'GATEWAY1', tls };
  const secure = gatewayTls(settings, ends);
  const own = {
    settings,
    ports,
    gate,
    ...memoryStores(),
    production: false,
  };
  const gateway = await openGateway({ ...own, ...(secure && { secure }) });
  const close = async () => {
    ends.close();
    gate.close();
    await gateway.close(100);
  };
  return { authority, write, ends, port: gateway.port, close };
}

test('a gateway with certificates speaks TLS only, and takes new ones without a pause', async () => {
  const { authority, write, ends, port, close } = await opened(false);
  const before = await ask(port, authority.cert);
  expect(before).toMatchObject({ status: 200, security: 'max-age=31536000' });
  await expect(ask(port, testAuthority('another').cert)).rejects.toThrow();
  const plain = new Promise((_, reject) => get({ host: 'localhost', port }).on('error', reject));
  await expect(plain).rejects.toThrow();

  write();
  ends.reload();
  const after = await ask(port, authority.cert);
  expect(after.status).toBe(200);
  expect(after.certificate).not.toBe(before.certificate);
  await close();
});

test('where a client certificate is required, nobody is heard without one', async () => {
  const { authority, port, close } = await opened(true);
  await expect(ask(port, authority.cert)).rejects.toThrow();
  const { cert, key } = authority.client();
  expect((await ask(port, authority.cert, { cert, key })).status).toBe(200);
  await close();
});
