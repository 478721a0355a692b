import { createHmac, hash } from 'node:crypto';
import { type Static, Type } from 'typebox';

/**
 * The platform gateway of a node, and the keys that applications show there. A key is kept as its SHA-256: it is 256
 * random bits, which nobody guesses, so a slow hash would only make every payment dear. Keys stand among the settings
 * of their merchant, so that all nodes follow one version of them, and a key that is taken out is refused within
 * seconds. A table of keys beside the settings was rejected: it would be a second place to say who may do what.
 */

/** What a key may be used for; it has no right that is not listed. */
const ApiPermission = Type.Union([
  Type.Literal('payments:create'),
  Type.Literal('payments:read'),
  Type.Literal('payments:capture'),
  Type.Literal('payments:cancel'),
  Type.Literal('payments:refund'),
  Type.Literal('cards:tokenise'),
]);
export type ApiPermission = Static<typeof ApiPermission>;

/** All there are. */
const API_PERMISSIONS: readonly ApiPermission[] = [
  ...(['payments:create', 'payments:read', 'payments:capture', 'payments:cancel'] as const),
  ...(['payments:refund', 'cards:tokenise'] as const),
];

export const ApiKeySettings = Type.Object({
  /** For people and for the log: which application, which year. */
  name: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  /** Of the whole key, in hexadecimal. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  permissions: Type.Array(ApiPermission, { minItems: 1, maxItems: 8 }),
  /** Requests a second, and as many at once; 100 where absent. */
  perSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  /** The first day on which it is refused, YYYY-MM-DD in UTC. */
  notAfter: Type.Optional(Type.String({ pattern: '^2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' })),
});
export type ApiKeySettings = Static<typeof ApiKeySettings>;

const FilePath = Type.String({ minLength: 1, maxLength: 4_096 });
const PlatformTokenSettings = Type.Object({
  issuer: Type.String({ minLength: 1, maxLength: 256 }),
  audience: Type.String({ minLength: 1, maxLength: 256 }),
  /** Secrets, a line each; or `jwksFile`, and then no secret is good. */
  hs256SecretFile: Type.Optional(FilePath),
  /** Public keys, RSA or Ed25519 (RFC 7517). */
  jwksFile: Type.Optional(FilePath),
  /** From `iat` to `exp` at most; an hour where absent. */
  maxLifetimeS: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400 })),
  /** What whoever shows one may do; payments and their state where absent. */
  permissions: Type.Optional(Type.Array(ApiPermission, { minItems: 1, maxItems: 8 })),
  /** Requests a second of one merchant; 100 where absent. */
  perSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
});

const QueueSettings = Type.Object({
  /** Names of networks that take a payment later, without what may not be kept. */
  networks: Type.Array(Type.String({ pattern: '^[a-z0-9-]{1,32}$' }), { minItems: 1, maxItems: 16 }),
  /** How long one waits; 900 where absent. */
  expiresInS: Type.Optional(Type.Integer({ minimum: 10, maximum: 21_600 })),
  /** So many wait at most, of all merchants; 1,000 where absent. */
  most: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
});
export type QueueSettings = Static<typeof QueueSettings>;

/** @param tls the shape of a listener's certificates: settings.ts has it */
export const gatewaySettings = <Tls extends ReturnType<typeof Type.Object>>(tls: Tls) =>
  Type.Object({
    host: Type.String({ minLength: 1, maxLength: 255 }),
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    /** DE32 of what comes in here. */
    acquirer: Type.String({ pattern: '^[0-9]{1,11}$' }),
    /** DE41 of what comes in here. */
    terminal: Type.String({ pattern: '^[A-Za-z0-9]{1,8}$' }),
    maxConnections: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    tls: Type.Optional(tls),
    /** Tokens of the platform, beside keys; absent: none is taken. */
    jwt: Type.Optional(PlatformTokenSettings),
    /** Payments that wait while their network is away; absent: they are refused. */
    queue: Type.Optional(QueueSettings),
    /** How long a key of the vault seals before another takes its place; 90 where absent. */
    vaultKeyDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
  });

/** By which it is known among the listeners. */
export const GATEWAY_NAME = 'gateway';

/** How a key is looked for. */
export function keyHash(key: string): string {
  return hash('sha256', key);
}

/** The published key of a merchant in development; production refuses it. */
export function developmentApiKey(merchant: string): string {
  return `ek_test_${hash('sha256', `published development API key|${merchant}`, 'base64url')}`;
}

/** As it stands among a merchant's settings. */
export function developmentKeySettings(merchant: string): ApiKeySettings {
  return {
    name: 'development',
    sha256: keyHash(developmentApiKey(merchant)),
    permissions: [...API_PERMISSIONS],
    perSecond: 1_000,
  };
}

/** The published secret of a merchant's webhook in development; production refuses it. */
export function developmentWebhookSecret(merchant: string): string {
  return `whsec_test_${hash('sha256', `published development webhook secret|${merchant}`, 'base64url')}`;
}

/** What the development platform signs its tokens with; production refuses it. */
export const PUBLISHED_TOKEN_SECRET = hash('sha256', 'published development secret of platform tokens');
export const DEVELOPMENT_ISSUER = { issuer: 'etika-platform', audience: 'etika-gateway' } as const;

/** A token as the development platform issues it to a merchant, for an hour. */
export function developmentToken(merchant: string, nowMs: number): string {
  const { issuer, audience } = DEVELOPMENT_ISSUER;
  const iat = Math.floor(nowMs / 1_000);
  const times = { iat, exp: iat + 3_600 };
  const claims = {
    iss: issuer,
    aud: audience,
    sub: merchant,
    role: 'Merchant',
    token_type: 'access',
    ...times,
  };
  const encoded = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = encoded.join('.');
  return `${text}.${createHmac('sha256', PUBLISHED_TOKEN_SECRET).update(text).digest('base64url')}`;
}
