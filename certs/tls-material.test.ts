import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { expired, testAuthority } from './testing.ts';
import { readTlsMaterial, type TlsFiles } from './tls-material.ts';

const folder = mkdtempSync(join(tmpdir(), 'certs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authority = testAuthority();
const server = authority.server();
const client = authority.client();

/** Files of a sound end, with some of their content replaced. */
function filesWith(content: { cert?: string; key?: string; ca?: string; keyMode?: number }): TlsFiles {
  const write = (name: string, text: string, mode: number) => {
    const file = join(folder, name);
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode });
    return file;
  };
  return {
    certFile: write('end.crt', content.cert ?? server.cert, 0o644),
    keyFile: write('end.key', content.key ?? server.key, content.keyMode ?? 0o600),
    caFile: write('ca.crt', content.ca ?? server.ca, 0o644),
  };
}

const read = (files: TlsFiles, production = false) => readTlsMaterial(files, { production });

describe('the material of a TLS end', () => {
  test('is read with what its certificates say', () => {
    const material = read(filesWith({ cert: server.cert + server.ca }));
    expect(material).toMatchObject({ key: server.key, ca: server.ca, cert: server.cert + server.ca });
    expect(material.certificate.subject).toContain('CN=server');
    expect(material.certificates.map(({ isAuthority }) => isAuthority)).toEqual([false, true, true]);
  });

  test('may have expired: its peers decide', () => {
    const old = authority.server(undefined, expired());
    expect(read(filesWith(old)).certificate.subject).toContain('CN=server');
  });

  test('is refused with a missing file', () => {
    const files = { ...filesWith({}), caFile: join(folder, 'absent.crt') };
    expect(() => read(files)).toThrow(/CERT_UNREADABLE.*absent\.crt: ENOENT/);
  });

  test.each([
    ['the key of another certificate', { key: client.key }, /CERT_KEY_MISMATCH.*end\.key and .*end\.crt/],
    ['a key that is none', { key: 'PRIVATE' }, /CERT_KEY_MALFORMED.*end\.key/],
    ['a certificate in place of the key', { key: server.cert }, /CERT_KEY_MALFORMED.*end\.key/],
    ['a key in place of the certificate', { cert: server.key }, /CERT_NONE_FOUND.*end\.crt/],
    ['authorities that are none', { ca: '' }, /CERT_NONE_FOUND.*ca\.crt/],
    ['a key that everybody may read', { keyMode: 0o644 }, /CERT_KEY_EXPOSED.*end\.key/],
  ])('is refused with %s', (_, content, message) => {
    expect(() => read(filesWith(content))).toThrow(message);
  });

  test.each(['pkcs8', 'pkcs1'] as const)('is refused with an encrypted key, %s', (type) => {
    const secret = { cipher: 'aes-256-cbc', passphrase: 'secret word' };
    const key = createPrivateKey(server.key)
      .export({ type, format: 'pem', ...secret })
      .toString();
    expect(() => read(filesWith({ key }))).toThrow(/CERT_KEY_ENCRYPTED.*end\.key/);
  });

  test('is refused with a key too short for OpenSSL', () => {
    const request = ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=weak', '-keyout', '-'];
    const pem = execFileSync('openssl', request, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(() => read(filesWith({ key: pem, cert: pem }))).toThrow(
      /CERT_REFUSED.*end\.crt with .*ca\.crt: ERR_SSL_EE_KEY_TOO_SMALL/,
    );
  });

  test('of development is refused in production', () => {
    expect(() => read(filesWith({}), true)).toThrow('CERT_DEVELOPMENT_ONLY');
  });

  test('never shows anything of the key in an error', () => {
    const key = server.key.replace('M', '!');
    let caught: unknown;
    try {
      read(filesWith({ key }));
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'CERT_KEY_MALFORMED' });
    expect(inspect(caught, { depth: null, showHidden: true })).not.toContain(key.slice(40, 60));
  });
});
