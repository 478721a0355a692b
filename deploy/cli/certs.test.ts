import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expired, testAuthority } from '../../certs/testing.ts';
import { certsCommand } from './certs.ts';

const authority = testAuthority();
let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certs-'));
  printed = '';
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += `${line}\n`;
  });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

const put = (name: string, content: string) => writeFileSync(join(folder, name), content);

/** Runs the command and gives the exit code it asks for. */
async function run(...options: string[]): Promise<number> {
  process.exitCode = undefined;
  await certsCommand()
    .exitOverride()
    .configureOutput({ writeErr() {} })
    .parseAsync([folder, ...options], { from: 'user' });
  return Number(process.exitCode ?? 0);
}

describe('etika-switch certs', () => {
  test('describes each certificate and exits 0 while none expires soon', async () => {
    put('long.crt', authority.server(undefined, { commonName: 'long', days: 40 }).cert);
    expect(await run()).toBe(0);
    for (const part of ['CN=long', 'CN=test authority', 'serial ', 'SHA-256 ', 'days left    39, valid']) {
      expect(printed).toContain(part);
    }
    expect(await run('--warn-days', '40')).toBe(1);
    expect(printed).toContain('39, EXPIRES SOON');
  });

  test('exits 1 where one has expired, however small --warn-days', async () => {
    put('gone.crt', authority.client(expired()).cert);
    expect(await run('--warn-days', '0')).toBe(1);
    expect(printed).toContain('days left    -1, EXPIRED');
  });

  test('exits 1 where a file cannot be read, and where there is none', async () => {
    expect(await run()).toBe(1);
    expect(printed).toContain('0 certificates');
    put('long.crt', authority.client({ days: 40 }).cert);
    put('spoilt.pem', 'spoilt');
    expect(await run()).toBe(1);
    expect(printed).toContain('CERT_NONE_FOUND');
  });

  test('--json prints one object', async () => {
    put('soon.crt', authority.client({ commonName: 'soon', days: 10 }).cert);
    put('spoilt.pem', 'spoilt');
    expect(await run('--json')).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      certificates: [{ subject: expect.stringContaining('CN=soon'), daysLeft: 9, isAuthority: false }],
      expiring: [{ daysLeft: 9 }],
      unreadable: [{ code: 'CERT_NONE_FOUND', message: expect.stringContaining('spoilt.pem') }],
    });
  });

  test.each(['-1', 'soon', '1.5'])('refuses --warn-days %s', async (value) => {
    await expect(run('--warn-days', value)).rejects.toThrow('Expected a whole number');
  });
});
