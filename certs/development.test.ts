import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../runtime/index.ts';
import { ensureDevelopmentCertificates } from './development.ts';
import { readTlsMaterial } from './tls-material.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-03-01T12:00:00Z');

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'certs-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const onDay = (days: number): { clock: Clock; environment: NodeJS.ProcessEnv } => ({
  clock: { ...systemClock, wall: () => START + days * DAY_MS },
  environment: {},
});

const folder = () => join(dataDir, 'certs');
const contents = () =>
  Object.fromEntries(readdirSync(folder()).map((name) => [name, readFileSync(join(folder(), name), 'utf8')]));
const changedBy = (action: () => void): string[] => {
  const before = contents();
  action();
  return Object.entries(contents())
    .filter(([name, content]) => before[name] !== content)
    .map(([name]) => name);
};

describe('development certificates', () => {
  test('are an authority and what it vouches for, each for its own purpose', () => {
    const files = ensureDevelopmentCertificates(dataDir, onDay(0));
    const ca = new X509Certificate(readFileSync(files.server.caFile));
    for (const end of [files.server, files.terminal, files.network]) {
      const certificate = new X509Certificate(readFileSync(end.certFile));
      expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
      expect(readTlsMaterial(end, { production: false }).certificate.isAuthority).toBe(false);
    }
    const server = new X509Certificate(readFileSync(files.server.certFile));
    expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
    const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
    expect(server.keyUsage).toEqual([SERVER_AUTH]);
    for (const { certFile } of [files.terminal, files.network]) {
      expect(new X509Certificate(readFileSync(certFile)).keyUsage).toEqual([CLIENT_AUTH]);
    }
  });

  test('keep their keys to their owner and leave no drafts behind', () => {
    ensureDevelopmentCertificates(dataDir, onDay(0));
    const names = readdirSync(folder());
    expect(names.filter((name) => !/^(ca|server|terminal|network)\.(crt|key)$/.test(name))).toEqual([]);
    const keys = names.filter((name) => name.endsWith('.key'));
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(statSync(join(folder(), key)).mode & 0o777).toBe(0o600);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });

  test('are made once', () => {
    ensureDevelopmentCertificates(dataDir, onDay(0));
    expect(changedBy(() => ensureDevelopmentCertificates(dataDir, onDay(1)))).toEqual([]);
    expect(changedBy(() => ensureDevelopmentCertificates(dataDir, onDay(366)))).toEqual([]);
  });

  test('are renewed a month before they expire, by the same authority', () => {
    ensureDevelopmentCertificates(dataDir, onDay(0));
    const renewed = changedBy(() => ensureDevelopmentCertificates(dataDir, onDay(368)));
    expect(renewed.sort()).toEqual(
      ['network', 'server', 'terminal'].flatMap((leaf) => [`${leaf}.crt`, `${leaf}.key`]),
    );
  });

  test('are all replaced when their authority is about to expire', () => {
    ensureDevelopmentCertificates(dataDir, onDay(0));
    expect(changedBy(() => ensureDevelopmentCertificates(dataDir, onDay(3_630)))).toHaveLength(8);
  });

  test('are mended where one is broken, missing, or has the wrong key', () => {
    const { server, terminal, network } = ensureDevelopmentCertificates(dataDir, onDay(0));
    writeFileSync(server.certFile, 'broken');
    rmSync(terminal.keyFile);
    writeFileSync(network.keyFile, readFileSync(join(folder(), 'ca.key')));
    ensureDevelopmentCertificates(dataDir, onDay(0));
    for (const end of [server, terminal, network]) {
      expect(readTlsMaterial(end, { production: false }).certificates).toHaveLength(2);
    }
  });

  test('of an authority whose key is lost are all made again', () => {
    ensureDevelopmentCertificates(dataDir, onDay(0));
    rmSync(join(folder(), 'ca.key'));
    expect(changedBy(() => ensureDevelopmentCertificates(dataDir, onDay(0)))).toHaveLength(8);
  });

  test('are refused in production, before anything is written', () => {
    const production = { ...onDay(0), environment: { NODE_ENV: 'production' } };
    expect(() => ensureDevelopmentCertificates(dataDir, production)).toThrow('CERT_DEVELOPMENT_ONLY');
    expect(readdirSync(dataDir)).toEqual([]);
  });
});
