import { describe, expect, it } from 'vitest';
import { developmentSettings } from './development.ts';
import { developmentKeySettings } from './gateway.ts';
import { SettingsError, validateSettings } from './read-settings.ts';

const settings = () =>
  developmentSettings({
    databaseUrl: 'postgres://switch:secret-word@127.0.0.1/switch',
    hsmSocketPath: '/run/hsm.sock',
    visa: { host: '127.0.0.1', port: 9583 },
    popUrl: 'http://127.0.0.1:3001/api/v1',
  });

const problemsOf = (value: unknown, production = false): string => {
  try {
    validateSettings(value, 'settings.json', { production });
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
};

describe('the settings of a node', () => {
  it('of the development switch are valid', () => {
    expect(problemsOf(settings())).toBe('');
  });

  it('name the key, what was found and what was expected', () => {
    const message = problemsOf({ ...settings(), deadlineMs: 'soon' });
    expect(message).toContain('/deadlineMs');
    expect(message).toContain('integer');
    expect(message).toContain('a string of 4 characters');
  });

  it('may name several HSM processes', () => {
    const { hsm } = settings();
    expect(problemsOf({ ...settings(), hsm: { ...hsm, furtherSocketPaths: ['/run/hsm-2.sock'] } })).toBe('');
    expect(problemsOf({ ...settings(), hsm: { ...hsm, furtherSocketPaths: '/run/hsm-2.sock' } })).toContain(
      '/hsm/furtherSocketPaths',
    );
  });

  it('may name the rules of a scheme', () => {
    const [network] = settings().networks;
    const ruled = (rules: object) => problemsOf({ ...settings(), networks: [{ ...network, rules }] });
    const hold = { region: 'eea', categories: ['7011'], isCardPresent: true, days: 30, isExtended: false };
    const tips = { tipIn: { eea: { '5812': 10 } }, maxCompletions: 9 };
    expect(ruled({ ...tips, holds: [hold, { days: 7, isExtended: true }] })).toBe('');
    expect(ruled({ holds: [{ ...hold, days: 0 }] })).toContain('/networks/0');
    expect(ruled({ tipPercent: { restaurants: 20 } })).toContain('/networks/0');
  });

  it('never repeat a value that may be a secret', () => {
    expect(problemsOf({ ...settings(), databaseUrl: { url: 'secret-word' } })).not.toContain('secret-word');
  });

  it('refuse a time zone that nobody knows', () => {
    expect(problemsOf({ ...settings(), timeZone: 'Europe/Brussels', cutOverHour: 22 })).toBe('');
    expect(problemsOf({ ...settings(), timeZone: 'Brussels time' })).toContain('/timeZone');
    expect(problemsOf({ ...settings(), cutOverHour: 24 })).toContain('/cutOverHour');
  });

  it('refuse answers of a network that contradict themselves', () => {
    const [network, ...rest] = settings().networks;
    const answering = (answers: object) => ({ ...settings(), networks: [{ ...network, answers }, ...rest] });
    const own = { codes: 'mastercard', authorisation: { T1: 'refused' }, reversal: { '12': 'not-found' } };
    expect(problemsOf(answering(own))).toBe('');
    expect(problemsOf(answering({ matchedBy: ['de7', 'de41'] }))).toContain('/networks/0/answers/matchedBy');
    const tokens = [{ from: '4299', to: '4200' }];
    expect(problemsOf(answering({ tokens }))).toContain('/networks/0/answers/tokens/0');
    for (const wrong of [
      { codes: 'amex' },
      { authorisation: { T1: 'yes' } },
      { authorisation: { T: 'refused' } },
    ]) {
      expect(problemsOf(answering(wrong))).toContain('/networks/0');
    }
  });

  it('refuse a listener without MAC that is open to the network', () => {
    const [first, ...rest] = settings().listeners;
    const exposed = { ...settings(), listeners: [{ ...first, mac: 'none', host: '0.0.0.0' }, ...rest] };
    expect(problemsOf(exposed)).toContain('/listeners/0/host');
  });

  it('refuse to tell a merchant anything in plain text off loopback', () => {
    const [merchant] = settings().merchants;
    const telling = (url: string) => ({
      ...settings(),
      merchants: [{ ...merchant, webhook: { url, secretFile: '/run/secrets/webhook' } }],
    });
    expect(problemsOf(telling('http://shop.example/notices'))).toContain('/merchants/0/webhook/url');
    expect(problemsOf(telling('https://shop.example/notices'))).toBe('');
    expect(problemsOf(telling('http://127.0.0.1:9/notices'))).toBe('');
  });

  it('refuse a retry strategy whose first delay is its longest and more, or of a task that does not exist', () => {
    const followUps = (strategies: object) => ({
      ...settings(),
      followUps: { ...settings().followUps, strategies },
    });
    expect(problemsOf(followUps({ 'cancel-pop': { firstDelayMs: 5_000, maxDelayMs: 100 } }))).toContain(
      '/followUps/strategies/cancel-pop/firstDelayMs',
    );
    expect(problemsOf(followUps({ 'cancel-all': {} }))).toContain('/followUps/strategies');
    expect(problemsOf(followUps({ notify: { factor: 0.5 } }))).toContain(
      '/followUps/strategies/notify/factor',
    );
  });

  it('refuse routes and terminals that lead nowhere, and a margin that eats the deadline', () => {
    const broken = {
      ...settings(),
      routes: [
        { from: '4', to: '4', network: 'nowhere' },
        { from: '55', to: '51', network: 'visa' },
      ],
      terminals: [{ ...settings().terminals[0], merchant: 'NOBODY' }],
      replyMarginMs: 2_000,
    };
    const message = problemsOf(broken);
    expect(problemsOf({ ...settings(), deadlineMs: 10_000 })).toContain('/journal/leaseMs');
    const { journal } = settings();
    const renewedTooSeldom = {
      ...settings(),
      journal: { ...journal, leaseMs: 4_000, appendDeadlineMs: 800 },
    };
    expect(problemsOf(renewedTooSeldom)).toContain('/journal/leaseMs: must be more than 5 times');
    expect(problemsOf({ ...renewedTooSeldom, journal: { ...journal, leaseMs: 4_001 } })).toBe('');
    for (const key of ['/routes/0/network', '/routes/1', '/terminals/0/merchant', '/replyMarginMs']) {
      expect(message).toContain(key);
    }
  });

  const tls = { certFile: 'a.crt', keyFile: 'a.key', caFile: 'ca.crt' };
  const listenerWith = (change: object) => ({
    ...settings(),
    listeners: [{ ...settings().listeners[0], ...change }],
  });
  const local = listenerWith({ host: '127.0.0.1' });
  const networkWith = (change: object) => ({
    ...local,
    networks: [{ ...settings().networks[0], ...change }],
  });

  it('let a listener without MAC off loopback where clients must show a certificate, and only there', () => {
    const open = { host: '0.0.0.0', mac: 'none' };
    expect(problemsOf(listenerWith({ ...open, tls: { ...tls, requireClientCertificate: true } }))).toBe('');
    expect(problemsOf(listenerWith({ ...open, tls: { ...tls, requireClientCertificate: false } }))).toContain(
      '/listeners/0/host',
    );
  });

  it.each([
    ['a listener', listenerWith({ host: '0.0.0.0' }), '/listeners/0/tls'],
    [
      'a listener whose host is loopback only in looks',
      listenerWith({ host: '127.evil.test' }),
      '/listeners/0/tls',
    ],
    ['a network link', networkWith({ host: 'visa.test' }), '/networks/0/tls'],
    ['the line to PoP', { ...local, pop: { url: 'http://pop.test/', finalityMs: 100 } }, '/pop/url'],
  ])('refuse %s in plain text off loopback, in production', (_, value, key) => {
    const [, problem, ...others] = problemsOf(value, true).split('\n');
    expect(problem).toContain(`${key}: off loopback`);
    expect(others).toEqual([]);
    expect(problemsOf(value, false)).toBe('');
  });

  it('allow in production what is on loopback, and TLS anywhere', () => {
    expect(problemsOf(local, true)).toBe('');
    const secured = {
      ...listenerWith({ host: '0.0.0.0', tls: { ...tls, requireClientCertificate: false } }),
      networks: [{ ...settings().networks[0], host: 'visa.test', tls: { ...tls, serverName: 'visa.test' } }],
      pop: { url: 'https://pop.test/api', finalityMs: 100 },
    };
    expect(problemsOf(secured, true)).toBe('');
  });

  it.each([
    ['a missing file', { certFile: 'a.crt', keyFile: 'a.key', requireClientCertificate: true }, 'caFile'],
    ['no word on client certificates', tls, 'requireClientCertificate'],
    [
      'a key that means nothing',
      { ...tls, requireClientCertificate: true, requireCert: true },
      '/listeners/0/tls',
    ],
  ])('refuse TLS with %s', (_, value, text) => {
    expect(problemsOf(listenerWith({ tls: value }))).toContain(text);
  });
});

describe('in production', () => {
  const refusal = (change: object): string => {
    try {
      validateSettings({ ...settings(), ...change }, 'test', { production: true });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    [
      '/databaseUrl: off loopback sslmode=verify-full',
      { databaseUrl: 'postgres://u:secret@db.example/etika' },
    ],
    ['found sslmode require', { databaseUrl: 'postgres://u:secret@db.example/etika?sslmode=require' }],
    ['/databaseUrl', { databaseUrl: 'postgres://u:secret@127.0.0.1,db.example/etika' }],
    ['/status/host', { status: { host: '0.0.0.0', port: 8_585 } }],
    ['/controlUrl: no such key', { controlUrl: 'http://127.0.0.1:9584' }],
    ['/hsm/requestTimoutMs: no such key', { hsm: { ...settings().hsm, requestTimoutMs: 1 } }],
  ])('refuses %s', (says, change) => {
    expect(refusal(change)).toContain(says);
    expect(refusal(change)).not.toContain('secret');
  });

  it.each([
    'postgres://u:secret@db.example/etika?sslmode=verify-full',
    'postgres://u:secret@localhost/etika?host=%2Frun%2Fpostgresql',
    'postgres://u:secret@[::1]:5432/etika',
  ])('takes %s', (databaseUrl) => {
    expect(refusal({ databaseUrl })).not.toContain('/databaseUrl');
  });
});

describe('a gateway and its keys', () => {
  const gateway = { host: '127.0.0.1', port: 8_090, acquirer: '1', terminal: 'GATEWAY1' };
  const jwt = { issuer: 'i', audience: 'a', hs256SecretFile: '/run/secret' };
  const withKeys = (...apiKeys: object[]) => ({
    ...settings(),
    merchants: settings().merchants.map((merchant) => ({ ...merchant, apiKeys })),
  });
  const key = { name: 'shop', sha256: 'ab'.repeat(32), permissions: ['payments:read'] };

  it('are read', () => {
    expect(problemsOf({ ...withKeys(key), gateway: { ...gateway, jwt } })).toBe('');
  });

  it.each([
    [
      'a listener of its name',
      { listeners: [{ ...settings().listeners[0], name: 'gateway' }] },
      '/listeners/0/name',
    ],
    ['a key twice', withKeys(key, key), '/merchants/0/apiKeys/1/sha256'],
    [
      'a right that is none',
      withKeys({ ...key, permissions: ['all'] }),
      '/merchants/0/apiKeys/0/permissions',
    ],
    ['a key in the open', withKeys({ ...key, sha256: 'ek_live_x' }), '/merchants/0/apiKeys/0/sha256'],
    [
      'an issuer without keys',
      { gateway: { ...gateway, jwt: { ...jwt, hs256SecretFile: undefined } } },
      '/gateway/jwt',
    ],
    ['an issuer with both', { gateway: { ...gateway, jwt: { ...jwt, jwksFile: '/x' } } }, '/gateway/jwt'],
  ])('refuse %s', (_, change, path) => {
    expect(problemsOf({ ...settings(), gateway, ...change })).toContain(path);
  });

  it('are for TLS and for secrets in production', () => {
    expect(problemsOf({ ...settings(), gateway }, true)).toContain('/gateway/tls');
    const published = developmentKeySettings('MERCHANT0000001');
    expect(problemsOf(withKeys(published), true)).toContain('/merchants/0/apiKeys/0/sha256');
  });
});
