import { describe, expect, it } from 'vitest';
import { developmentSettings } from './development.ts';
import { SettingsError, validateSettings } from './read-settings.ts';

const settings = () =>
  developmentSettings({
    databaseUrl: 'postgres://switch:secret-word@127.0.0.1/switch',
    hsmSocketPath: '/run/hsm.sock',
    visa: { host: '127.0.0.1', port: 9583 },
    popUrl: 'http://127.0.0.1:3001/api/v1',
  });

const problemsOf = (value: unknown): string => {
  try {
    validateSettings(value, 'settings.json');
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

  it('never repeat a value that may be a secret', () => {
    expect(problemsOf({ ...settings(), databaseUrl: { url: 'secret-word' } })).not.toContain('secret-word');
  });

  it('refuse a listener without MAC that is open to the network', () => {
    const [first, ...rest] = settings().listeners;
    const exposed = { ...settings(), listeners: [{ ...first, mac: 'none', host: '0.0.0.0' }, ...rest] };
    expect(problemsOf(exposed)).toContain('/listeners/0/host');
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
    for (const key of ['/routes/0/network', '/routes/1', '/terminals/0/merchant', '/replyMarginMs']) {
      expect(message).toContain(key);
    }
  });
});
