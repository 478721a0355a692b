import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PUBLISHED_TOKEN_SECRET } from '../config/gateway.ts';
import type { GatewaySettings } from '../config/settings.ts';

// Tokens that the platform issues (JWT, RFC 7519), beside keys of our own. What a token is signed with is a setting and
// never the token's word: an issuer has a secret (HS256) or public keys (RS256, Ed25519), so `none` is no algorithm
// here, and no public key is ever taken for a secret. A library was weighed; what is left of one, once all but three
// algorithms and one form are refused, is this page.

type TokenSettings = NonNullable<GatewaySettings['jwt']>;

/** Who is meant by a good token. */
export interface PlatformClaims {
  readonly merchant: string;
}

const LONGEST_TOKEN = 4_096;
const SHORTEST_SECRET = 32;
const MOST_KEYS = 32;
const LONGEST_FILE = 262_144;
const SMALLEST_MODULUS = 2_048;
const USUAL_LIFETIME_S = 3_600;
/** By how much the platform's clock may be ahead. */
const CLOCKS_APART_S = 60;
const MERCHANT = 'Merchant';
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'at+jwt']);
/** What tokens for other uses say of themselves, in the claims that platforms use for it. */
const USE_CLAIMS = ['token_type', 'token_use', 'typ', 'use'] as const;
const ACCESS: ReadonlySet<unknown> = new Set([undefined, 'access', 'access_token', 'Bearer', 'bearer']);

type Json = Readonly<Record<string, unknown>>;
type Signed = { readonly header: Json; readonly text: string; readonly signature: Buffer };

/** Checks tokens by one issuer's settings. @throws Error where the settings' files hold no usable key */
export function platformTokens(settings: TokenSettings, production: boolean) {
  const isSigned = signatureCheck(settings, production);
  const { issuer, audience, maxLifetimeS = USUAL_LIFETIME_S } = settings;
  return {
    /** Who is meant; nothing where the token is not good, for whatever reason. */
    read(token: string, nowMs: number): PlatformClaims | undefined {
      const [head = '', body = '', sign = '', ...more] = token.length > LONGEST_TOKEN ? [] : token.split('.');
      const header = jsonOf(head);
      const claims = jsonOf(body);
      const signature = bytesOf(sign);
      if (more.length > 0 || !header || !claims || !signature) return undefined;
      if (!TYPES.has(header['typ']) || 'crit' in header) return undefined;
      if (!isSigned({ header, text: `${head}.${body}`, signature })) return undefined;

      const isOurs = claims['iss'] === issuer && isFor(claims['aud'], audience);
      if (!isOurs || !isAlive(claims, nowMs / 1_000, maxLifetimeS) || !isAccess(claims)) return undefined;
      const { sub, role } = claims;
      return role === MERCHANT && typeof sub === 'string' ? { merchant: sub } : undefined;
    },
  };
}

export type PlatformTokens = ReturnType<typeof platformTokens>;

function signatureCheck(settings: TokenSettings, production: boolean): (signed: Signed) => boolean {
  const { hs256SecretFile, jwksFile } = settings;
  if (hs256SecretFile !== undefined) return bySecret(secretsOf(hs256SecretFile, production));
  if (jwksFile !== undefined) return byKeys(keysOf(jwksFile));
  throw new Error('gateway.jwt has neither hs256SecretFile nor jwksFile');
}

function bySecret(secrets: readonly Buffer[]): (signed: Signed) => boolean {
  return ({ header, text, signature }) =>
    header['alg'] === 'HS256' &&
    secrets.some((secret) => {
      const expected = createHmac('sha256', secret).update(text).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    });
}

interface NamedKey {
  readonly kid: unknown;
  readonly alg: 'RS256' | 'EdDSA';
  readonly key: KeyObject;
}

function byKeys(keys: readonly NamedKey[]): (signed: Signed) => boolean {
  return ({ header, text, signature }) =>
    keys.some(({ kid, alg, key }) => {
      if (header['alg'] !== alg || (header['kid'] !== undefined && header['kid'] !== kid)) return false;
      return verify(alg === 'RS256' ? 'sha256' : null, Buffer.from(text), key, signature);
    });
}

/** A line each: while a secret is changed the old one and the new one are both good. */
function secretsOf(file: string, production: boolean): Buffer[] {
  const lines = readLimited(file)
    .split('\n')
    .map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '').map((line) => Buffer.from(line));
  if (secrets.length === 0 || secrets.length > MOST_KEYS) {
    throw new Error(`${file} holds no secret, or too many`);
  }
  if (secrets.some(({ length }) => length < SHORTEST_SECRET)) {
    throw new Error(`${file}: a secret has at least ${SHORTEST_SECRET} bytes`);
  }
  if (production && secrets.some((secret) => secret.equals(Buffer.from(PUBLISHED_TOKEN_SECRET)))) {
    throw new Error(`${file} holds the published development secret`);
  }
  return secrets;
}

function keysOf(file: string): NamedKey[] {
  const { keys = [] } = JSON.parse(readLimited(file)) as { keys?: readonly Json[] };
  if (keys.length === 0 || keys.length > MOST_KEYS) throw new Error(`${file} holds no keys, or too many`);
  return keys.map((jwk, index) => {
    const key = createPublicKey({ key: jwk as import('node:crypto').JsonWebKey, format: 'jwk' });
    const { asymmetricKeyType: type, asymmetricKeyDetails } = key;
    if (type === 'ed25519') return { kid: jwk['kid'], alg: 'EdDSA', key };
    const { modulusLength = 0 } = asymmetricKeyDetails ?? {};
    if (type === 'rsa' && modulusLength >= SMALLEST_MODULUS) return { kid: jwk['kid'], alg: 'RS256', key };
    throw new Error(`${file}: key ${index} is neither RSA of ${SMALLEST_MODULUS} bits nor Ed25519`);
  });
}

function readLimited(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > LONGEST_FILE) throw new Error(`${file} is longer than ${LONGEST_FILE} bytes`);
  return bytes.toString('utf8');
}

/** Of text that is base64url and nothing else. */
function bytesOf(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function jsonOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(bytesOf(text)?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function isFor(audience: unknown, own: string): boolean {
  return Array.isArray(audience) ? audience.includes(own) : audience === own;
}

/**
 * The prototype's refresh tokens have the claims of its access tokens, and live for a week: what lives longer than an
 * access token may is none.
 */
function isAlive({ iat, exp, nbf }: Json, nowS: number, maxLifetimeS: number): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number') return false;
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > nowS + CLOCKS_APART_S)) return false;
  return nowS < exp && iat <= nowS + CLOCKS_APART_S && exp - iat <= maxLifetimeS;
}

function isAccess(claims: Json): boolean {
  return USE_CLAIMS.every((name) => ACCESS.has(claims[name]));
}
