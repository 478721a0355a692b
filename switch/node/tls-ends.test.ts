import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority } from '../../certs/testing.ts';
import { tcpSockets } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { socketsOf, TlsEnds } from './tls-ends.ts';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'tls-ends-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let clock: VirtualClock;
let lines: Record<string, unknown>[];
let ends: TlsEnds;
beforeEach(() => {
  clock = new VirtualClock();
  lines = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  ends = new TlsEnds({ production: false, clock, log });
});

/** Files whose certificate is good for so many days from now, by the clock of the test. */
function filesGoodFor(days: number, name: string) {
  const now = clock.wall();
  const authority = testAuthority('authority', { now, days: 4_000 });
  const { cert, key } = authority.server(undefined, { now, days, commonName: name });
  const write = (file: string, content: string) => {
    writeFileSync(join(folder, file), content, { mode: 0o600 });
    return join(folder, file);
  };
  return {
    certFile: write(`${name}.crt`, cert),
    keyFile: write(`${name}.key`, key),
    caFile: write(`${name}-ca.crt`, authority.cert),
  };
}

const logged = (event: string) => lines.filter((line) => line['event'] === event);

describe('the TLS ends of a node', () => {
  it('say at the start who they are and how long that holds', () => {
    ends.open('terminals', { ...filesGoodFor(100, 'listener'), requireClientCertificate: true });
    expect(logged('tls.loaded')).toMatchObject([
      { end: 'terminals', subject: expect.stringContaining('CN=listener'), daysLeft: 100 },
    ]);
    expect(logged('tls.certificate-expiring')).toEqual([]);
  });

  it('warn every day from thirty days before a certificate expires, until they are closed', async () => {
    const files = filesGoodFor(32, 'short');
    ends.open('visa', files);
    await clock.advance(2 * DAY_MS);
    expect(logged('tls.certificate-expiring')).toEqual([]);
    await clock.advance(2 * DAY_MS);
    expect(logged('tls.certificate-expiring')).toMatchObject([
      { end: 'visa', file: files.certFile, subject: expect.stringContaining('CN=short'), daysLeft: 29 },
      { daysLeft: 28 },
    ]);
    ends.close();
    await clock.advance(10 * DAY_MS);
    expect(logged('tls.certificate-expiring')).toHaveLength(2);
  });

  it('all keep what they have where the files of one cannot be used', () => {
    const sound = filesGoodFor(100, 'sound');
    const spoilt = filesGoodFor(100, 'spoilt');
    ends.open('sound', { ...sound, requireClientCertificate: true });
    ends.open('spoilt', { ...spoilt, requireClientCertificate: true });
    filesGoodFor(200, 'sound');
    writeFileSync(spoilt.certFile, 'spoilt');
    ends.reload();
    expect(logged('tls.reloaded')).toEqual([]);
    expect(logged('tls.reload-failed')).toMatchObject([{ err: { code: 'CERT_NONE_FOUND' } }]);
    filesGoodFor(200, 'spoilt');
    ends.reload();
    expect(logged('tls.reloaded')).toMatchObject([
      { end: 'sound', daysLeft: 200 },
      { end: 'spoilt', daysLeft: 200 },
    ]);
  });
});

describe('the sockets of a listener or link', () => {
  it('are plain where it has no TLS', () => {
    expect(socketsOf({ name: 'plain' }, { sockets: tcpSockets, tls: ends })).toBe(tcpSockets);
  });

  it('are never plain where it has: a switch that cannot speak TLS does not start', () => {
    const tls = filesGoodFor(100, 'listener');
    expect(() => socketsOf({ name: 'secure', tls }, { sockets: tcpSockets })).toThrow(
      '"secure" asks for TLS',
    );
    expect(socketsOf({ name: 'secure', tls }, { sockets: tcpSockets, tls: ends })).not.toBe(tcpSockets);
  });
});
