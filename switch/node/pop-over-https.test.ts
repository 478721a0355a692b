import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { expired, type TestAuthority, testAuthority } from '../../certs/testing.ts';
import { httpExchange, popClient } from '../../connectors/index.ts';
import { silentLog, systemClock } from '../../runtime/index.ts';
import type { ServiceTls } from '../config/settings.ts';
import { TlsEnds } from './tls-ends.ts';

// The consensus over real TLS, as a switch asks it: certificates are looked at, and there is no plain text instead.

const folder = mkdtempSync(join(tmpdir(), 'pop-https-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A consensus that knows of nothing; it counts who asks and notes by what certificate. */
async function consensus(options: ServerOptions) {
  const askedBy: (string | undefined)[] = [];
  const server = createServer(options, (request, response) => {
    const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
    askedBy.push(String(subject?.CN ?? ''));
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ validation_id: 'v-1', status: 'VALIDATED' }));
  });
  return { port: await listening(server), askedBy };
}

function client(url: string, tls: ServiceTls) {
  const ends = new TlsEnds({ production: false, clock: systemClock, log: silentLog });
  const pop = popClient(ends.openService('pop', tls, (of) => httpExchange(url, systemClock, { tls: of })));
  onTestFinished(async () => {
    ends.close();
    await pop.close();
  });
  return { ends, standing: () => pop.standing('t-1', systemClock.monotonic() + 5_000) };
}

const theirs = testAuthority('the consensus');
const ours = testAuthority('our own');

function files(name: string, authority: TestAuthority, of: TestAuthority = ours): Required<ServiceTls> {
  const { cert, key } = of.client({ commonName: name });
  return {
    caFile: written(`${name}-ca.crt`, authority.cert),
    certFile: written(`${name}.crt`, cert),
    keyFile: written(`${name}.key`, key),
    serverName: 'localhost',
  };
}

describe('the consensus over HTTPS', () => {
  it('is asked where its authority is ours to trust, and we show who we are', async () => {
    const { port, askedBy } = await consensus({ ...theirs.server(), ca: ours.cert, requestCert: true });
    const { standing } = client(`https://127.0.0.1:${port}`, files('switch', theirs));
    expect(await standing()).toEqual({ status: 'validated', validation: 'v-1' });
    expect(askedBy).toEqual(['switch']);
  });

  it('is asked without a certificate of ours where it wants none', async () => {
    const { port } = await consensus(theirs.server());
    const { standing } = client(`https://localhost:${port}`, { caFile: written('only-ca.crt', theirs.cert) });
    expect(await standing()).toMatchObject({ status: 'validated' });
  });

  it.each([
    ['another authority', () => testAuthority('a stranger').server()],
    ['another name', () => theirs.server({ dnsNames: ['elsewhere.example'], ipAddresses: [] })],
    ['a time that is over', () => testAuthority('the consensus', expired()).server(undefined, expired())],
  ])('is not asked under a certificate of %s', async (_, identity) => {
    const { port, askedBy } = await consensus(identity());
    const { standing } = client(`https://127.0.0.1:${port}`, files('careful', theirs));
    expect(await standing()).toMatchObject({ status: 'unavailable' });
    expect(askedBy).toEqual([]);
  });

  it('does not hear from us without a certificate where it wants one', async () => {
    const options = { ...theirs.server(), ca: ours.cert, requestCert: true, rejectUnauthorized: true };
    const { port, askedBy } = await consensus(options);
    const { standing } = client(`https://localhost:${port}`, {
      caFile: written('nameless-ca.crt', theirs.cert),
    });
    expect(await standing()).toMatchObject({ status: 'unavailable' });
    expect(askedBy).toEqual([]);
  });

  it('does not hear from us under a certificate that it does not know', async () => {
    const options = { ...theirs.server(), ca: ours.cert, requestCert: true, rejectUnauthorized: true };
    const { port, askedBy } = await consensus(options);
    const { standing } = client(
      `https://127.0.0.1:${port}`,
      files('stranger', theirs, testAuthority('a stranger')),
    );
    expect(await standing()).toMatchObject({ status: 'unavailable' });
    expect(askedBy).toEqual([]);
  });

  it('in plain text is not asked', async () => {
    let asked = 0;
    const port = await listening(
      createPlainServer((_, response) => {
        asked += 1;
        response.end('{}');
      }),
    );
    const { standing } = client(`https://127.0.0.1:${port}`, files('plain', theirs));
    expect(await standing()).toMatchObject({ status: 'unavailable' });
    expect(asked).toBe(0);
  });

  it('is asked under new files once they were read again', async () => {
    const { port, askedBy } = await consensus({ ...theirs.server(), ca: ours.cert, requestCert: true });
    const before = files('renewed', theirs);
    const { ends, standing } = client(`https://127.0.0.1:${port}`, before);
    await standing();
    const { cert, key } = ours.client({ commonName: 'renewed later' });
    written('renewed.crt', cert);
    written('renewed.key', key);
    ends.reload();
    expect(await standing()).toMatchObject({ status: 'validated' });
    expect(askedBy).toEqual(['renewed', 'renewed later']);
  });

  it('has files that cannot be used stop the start', () => {
    const tls = files('broken', theirs);
    writeFileSync(tls.caFile, 'no certificate');
    const ends = new TlsEnds({ production: false, clock: systemClock, log: silentLog });
    const open = () =>
      ends.openService('pop', tls, (of) => httpExchange('https://localhost', systemClock, { tls: of }));
    expect(open).toThrow(/CERT_/);
  });
});
