import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  type DevelopmentCertificates,
  ensureDevelopmentCertificates,
  readTlsMaterial,
} from '../../../certs/index.ts';
import { tlsSockets } from '../../../runtime/index.ts';
import { temporaryFolder } from '../../testing.ts';
import { type Answering, testAcquirer } from '../testing.ts';
import { terminalCommand } from './command.ts';

const approve: Answering = () => [{ de37: '632810000001', de38: '123456', de39: '00' }];

let dataDir: string;
let certificates: DevelopmentCertificates;
let elsewhere: DevelopmentCertificates;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'terminal-tls-'));
  certificates = ensureDevelopmentCertificates(dataDir);
  elsewhere = ensureDevelopmentCertificates(join(dataDir, 'elsewhere'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

let records: string;
let printed: string;
beforeEach(() => {
  records = temporaryFolder();
  printed = '';
  vi.stubEnv('DATA_DIR', dataDir);
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += line;
  });
});
afterEach(() => {
  process.exitCode = undefined;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function run(port: number, command: string, ...options: string[]): Promise<number> {
  const common = ['--port', String(port), '--records', records, '--timeout', '2000', '--json'];
  await terminalCommand().parseAsync([command, ...common, ...options], { from: 'user' });
  return Number(process.exitCode ?? 0);
}

const secureAcquirer = () => {
  const material = readTlsMaterial(certificates.server, { production: false });
  return testAcquirer('iso87-ascii', approve, tlsSockets({ ...material, requirePeerCertificate: true }));
};

test('--tls speaks mutual TLS with the development certificates', async () => {
  const { address, received } = await secureAcquirer();
  expect(await run(address.port, 'purchase', '--tls', '--pin', '1234')).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ approved: true, macVerified: true });
  expect(received).toHaveLength(1);
});

test('--tls serves raw samples and load as well', async () => {
  const { address, received } = await secureAcquirer();
  const sample = join(import.meta.dirname, '../samples/iso87-ascii-purchase.hex');
  expect(await run(address.port, 'send', sample, '--tls')).toBe(0);
  expect(await run(address.port, 'load', '--tls', '--rate', '20', '--seconds', '1')).toBe(0);
  expect(received).toHaveLength(21);
});

test('files of one’s own choice imply TLS: nothing is sent in clear by a forgotten --tls', async () => {
  const { address, received } = await testAcquirer('iso87-ascii', approve);
  const { caFile, certFile, keyFile } = certificates.terminal;
  for (const option of [
    ['--ca', caFile],
    ['--cert', certFile],
    ['--key', keyFile],
  ]) {
    expect(await run(address.port, 'purchase', ...option, '--timeout', '200')).toBe(1);
  }
  expect(received).toEqual([]);
});

test('a switch that another authority vouches for is not talked to', async () => {
  const { address, received } = await secureAcquirer();
  expect(await run(address.port, 'purchase', '--tls', '--ca', elsewhere.terminal.caFile)).toBe(1);
  expect(JSON.parse(printed)).toMatchObject({ outcome: 'unanswered', reason: 'SIM_TERMINAL_UNREACHABLE' });
  expect(received).toEqual([]);
});

test('a file that is missing is named', async () => {
  await expect(run(1, 'purchase', '--cert', 'absent.crt')).rejects.toThrow('CERT_UNREADABLE');
});
