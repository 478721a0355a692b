import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DEVELOPMENT_ISSUER, developmentToken, PUBLISHED_TOKEN_SECRET } from '../config/gateway.ts';
import { platformTokens } from './platform-tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NOW = 1_800_000_000_000;
const S = NOW / 1_000;
const SECRET = 's'.repeat(32);
const GOOD = {
  iss: DEVELOPMENT_ISSUER.issuer,
  aud: DEVELOPMENT_ISSUER.audience,
  sub: 'MERCHANT0000001',
  role: 'Merchant',
  iat: S - 10,
  exp: S + 600,
};

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hmac = (secret: string | Buffer) => (text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url');
const signed = (key: KeyObject, digest: string | null) => (text: string) =>
  sign(digest, Buffer.from(text), key).toString('base64url');

function token(claims: object, header: object = {}, by: (text: string) => string = hmac(SECRET)): string {
  const text = `${encoded({ alg: 'HS256', typ: 'JWT', ...header })}.${encoded(claims)}`;
  return `${text}.${by(text)}`;
}

const hs256SecretFile = file('secrets', `${'o'.repeat(40)}\n${SECRET}\n`);
const bySecret = platformTokens({ ...DEVELOPMENT_ISSUER, hs256SecretFile }, true);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed = generateKeyPairSync('ed25519');
const jwks = {
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' },
    { ...ed.publicKey.export({ format: 'jwk' }), kid: 'e' },
  ],
};
const byKeys = platformTokens({ ...DEVELOPMENT_ISSUER, jwksFile: file('jwks', JSON.stringify(jwks)) }, true);
const MEANT = { merchant: 'MERCHANT0000001' };

describe('a good token names its merchant', () => {
  test.each([
    ['under the newer secret', bySecret, token(GOOD)],
    ['under the older one', bySecret, token(GOOD, {}, hmac('o'.repeat(40)))],
    ['for several audiences', bySecret, token({ ...GOOD, aud: ['another', GOOD.aud] })],
    ['that says what it is', bySecret, token({ ...GOOD, token_type: 'access' })],
    ['under RSA', byKeys, token(GOOD, { alg: 'RS256', kid: 'r' }, signed(rsa.privateKey, 'sha256'))],
    ['under Ed25519', byKeys, token(GOOD, { alg: 'EdDSA', kid: 'e' }, signed(ed.privateKey, null))],
    ['that names no key', byKeys, token(GOOD, { alg: 'EdDSA' }, signed(ed.privateKey, null))],
  ])('%s', (_, tokens, text) => {
    expect(tokens.read(text, NOW)).toEqual(MEANT);
  });
});

const publicPem = String(rsa.publicKey.export({ format: 'pem', type: 'spki' }));

describe('what is not good names nobody', () => {
  test.each([
    ['alg none', token(GOOD, { alg: 'none' }, () => '')],
    ['alg none with a signature', token(GOOD, { alg: 'none' })],
    ['alg NONE', token(GOOD, { alg: 'NONE' })],
    ['another algorithm', token(GOOD, { alg: 'HS512' })],
    [
      'an RSA token at an issuer with a secret',
      token(GOOD, { alg: 'RS256' }, signed(rsa.privateKey, 'sha256')),
    ],
    ['another secret', token(GOOD, {}, hmac('x'.repeat(32)))],
    ['an empty secret', token(GOOD, {}, hmac(''))],
    ['a signature cut short', token(GOOD).slice(0, -4)],
    ['padding', `${token(GOOD)}=`],
    ['a critical header', token(GOOD, { crit: ['exp'] })],
    ['another type', token(GOOD, { typ: 'JWE' })],
    ['over', token({ ...GOOD, exp: S })],
    ['without an end', token({ ...GOOD, exp: undefined })],
    ['without a beginning', token({ ...GOOD, iat: undefined })],
    ['an end as text', token({ ...GOOD, exp: '9999999999' })],
    ['issued in the future', token({ ...GOOD, iat: S + 120 })],
    ['not good yet', token({ ...GOOD, nbf: S + 120 })],
    ['a refresh token by its life', token({ ...GOOD, exp: S - 10 + 604_800 })],
    ['a refresh token by its word', token({ ...GOOD, token_type: 'refresh' })],
    ['an identity token', token({ ...GOOD, token_use: 'id' })],
    ['another issuer', token({ ...GOOD, iss: 'another' })],
    ['another audience', token({ ...GOOD, aud: 'another' })],
    ['no audience', token({ ...GOOD, aud: undefined })],
    ['a consumer', token({ ...GOOD, role: 'Consumer' })],
    ['an administrator', token({ ...GOOD, role: 'Admin' })],
    ['two parts', token(GOOD).split('.').slice(0, 2).join('.')],
    ['four parts', `${token(GOOD)}.x`],
    ['no JSON', `e30.e3.${hmac(SECRET)('e30.e3')}`],
    ['a list', token([] as unknown as object)],
    ['nothing', ''],
    ['a long text', `${'a'.repeat(5_000)}.b.c`],
  ])('%s', (_, text) => {
    expect(bySecret.read(text, NOW)).toBeUndefined();
  });

  test.each([
    ['its public key taken for a secret', token(GOOD, { alg: 'HS256' }, hmac(publicPem))],
    ['the other key’s algorithm', token(GOOD, { alg: 'EdDSA', kid: 'r' }, signed(ed.privateKey, null))],
    ['an unknown key', token(GOOD, { alg: 'RS256', kid: 'x' }, signed(rsa.privateKey, 'sha256'))],
    ['another hash', token(GOOD, { alg: 'RS256', kid: 'r' }, signed(rsa.privateKey, 'sha512'))],
  ])('%s', (_, text) => {
    expect(byKeys.read(text, NOW)).toBeUndefined();
  });
});

test('a token of the development platform is good beside its secret, which production refuses', () => {
  const settings = { ...DEVELOPMENT_ISSUER, hs256SecretFile: file('published', PUBLISHED_TOKEN_SECRET) };
  expect(platformTokens(settings, false).read(developmentToken('SHOP', NOW), NOW)).toEqual({
    merchant: 'SHOP',
  });
  expect(() => platformTokens(settings, true)).toThrow(/published/);
});

test.each([
  ['a short secret', { hs256SecretFile: file('short', 'abc') }, /at least 32/],
  ['no secret', { hs256SecretFile: file('none', '\n') }, /no secret/],
  ['no keys', { jwksFile: file('empty', '{"keys":[]}') }, /no keys/],
  [
    'a small RSA key',
    {
      jwksFile: file(
        'small',
        JSON.stringify({
          keys: [generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })],
        }),
      ),
    },
    /2048/,
  ],
])('%s stops the start', (_, files, words) => {
  expect(() => platformTokens({ ...DEVELOPMENT_ISSUER, ...files }, false)).toThrow(words);
});
