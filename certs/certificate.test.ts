import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { daysLeft, factsOf, parseCertificates } from './certificate.ts';
import { CertError } from './errors.ts';
import { testAuthority } from './testing.ts';

const authority = testAuthority();
const { cert, key } = authority.server();
const pem = (text: string) => Buffer.from(text, 'latin1');

const failure = (content: Buffer): string => {
  try {
    parseCertificates(content, 'peer.pem');
  } catch (error) {
    if (error instanceof CertError) return error.message;
    throw error;
  }
  return 'parsed';
};

describe('a PEM file', () => {
  test('of a chain gives every certificate, whatever stands around them', () => {
    const bag = `Bag Attributes\n  friendlyName: x\n${cert}\n# root\r\n${authority.cert}\n${key}`;
    const [leaf, root, ...rest] = parseCertificates(pem(bag), 'chain.pem').map((certificate) =>
      factsOf(certificate, 'chain.pem'),
    );
    expect(rest).toEqual([]);
    expect(leaf).toMatchObject({ subject: expect.stringContaining('CN=server'), isAuthority: false });
    expect(root).toMatchObject({ isAuthority: true, issuer: root?.subject, source: 'chain.pem' });
    expect(leaf?.issuer).toBe(root?.subject);
  });

  test('of an elliptic-curve certificate, which a partner may well have, is read as OpenSSL reads it', () => {
    const foreign = openssl(
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      {
        args: ['-keyout', '/dev/null', '-days', '10', '-subj', '/C=FR/O=Banque É/CN=acquéreur.test', '-utf8'],
      },
    );
    const [certificate] = parseCertificates(pem(foreign), 'foreign.pem');
    if (!certificate) throw new Error('nothing was parsed');
    const facts = factsOf(certificate, 'foreign.pem');
    const said = openssl(['x509', '-noout', '-serial', '-fingerprint', '-sha256'], { input: foreign });
    expect(said).toContain(`serial=${facts.serial}\n`);
    expect(said.toUpperCase()).toContain(`SHA256 FINGERPRINT=${facts.fingerprint}`);
    expect(facts.subject).toBe('C=FR, O=Banque É, CN=acquéreur.test');
    expect(daysLeft(facts, Date.now())).toBe(9);
    expect(daysLeft(facts, Date.parse(facts.notAfter) + 1)).toBe(-1);
  });

  test.each([
    ['a private key', pem(key), 'CERT_NONE_FOUND', 'found "PRIVATE KEY"'],
    ['DER', Buffer.from('308203', 'hex'), 'CERT_NONE_FOUND', 'found DER; openssl x509 -inform der'],
    ['something else', pem('hello'), 'CERT_NONE_FOUND', 'found 5 bytes that are not PEM'],
    ['nothing', Buffer.alloc(0), 'CERT_NONE_FOUND', 'found 0 bytes'],
    ['half a certificate', pem(cert.slice(0, 400)), 'CERT_MALFORMED', 'certificate 1, at byte 0: "-----END'],
    [
      'a chain whose second part was spoilt',
      pem(`${cert}${authority.cert.replace(/\nMII/, '\nMAA')}`),
      'CERT_MALFORMED',
      `certificate 2, at byte ${cert.length}`,
    ],
  ])('that holds %s is refused, saying what was found', (_, content, code, detail) => {
    expect(failure(content)).toContain(code);
    expect(failure(content)).toContain(detail);
    expect(failure(content)).toContain('peer.pem');
  });

  test('that repeats its first line for a megabyte is refused at once', () => {
    expect(failure(pem('-----BEGIN CERTIFICATE-----\n'.repeat(37_000)))).toContain('CERT_MALFORMED');
  });

  test('of more certificates than may be read is refused', () => {
    const small = Buffer.from(cert.repeat(1_001), 'latin1');
    expect(failure(small)).toContain('CERT_TOO_MANY');
  });
});

function openssl(command: string[], { args = [], input }: { args?: string[]; input?: string }): string {
  const stdio = ['pipe', 'pipe', 'ignore'] as const;
  return execFileSync('openssl', [...command, ...args], { encoding: 'utf8', input, stdio: [...stdio] });
}
