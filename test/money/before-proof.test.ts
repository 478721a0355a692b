import { describe, expect, it } from 'vitest';
import { developmentSettings } from '../../switch/config/development.ts';
import { validateSettings } from '../../switch/config/read-settings.ts';
import { Counter, DAY_MS, played, purchase, reversal } from './core-cases.ts';

// Before its MAC is verified nobody is asked anything for a message, and nothing that can be believed leaves for it.

/** A core that counts what its HSM is asked. */
function counted() {
  const calls: string[] = [];
  const counter = new Counter({}, ({ ports: { hsm } }) => ({
    hsm: Object.assign(Object.create(hsm), {
      generateMac: (...of: Parameters<typeof hsm.generateMac>) => {
        calls.push('seal');
        return hsm.generateMac(...of);
      },
      openRequest: (...of: Parameters<typeof hsm.openRequest>) => {
        calls.push('open');
        return hsm.openRequest(...of);
      },
    }),
  }));
  return { counter, calls };
}

describe('a message whose MAC was not verified', () => {
  const unsealed = played(async () => {
    const { counter, calls } = counted();
    const { code } = await counter.heard(purchase(), {}, 'unsealed');
    const opened = calls.filter((call) => call === 'open').length;
    return { code, opened, entries: counter.core.journal.entries };
  });
  const wrong = played(async () => {
    const { counter, calls } = counted();
    counter.core.hsm.mac = false;
    const { code } = await counter.heard(purchase({ de4: undefined }));
    return { code, sealed: calls.filter((call) => call === 'seal').length };
  });

  it('costs the HSM nothing where it has none', () => {
    expect(unsealed()).toEqual({ code: '63', opened: 0, entries: [] });
  });

  it('is given no refusal that carries a MAC', () => {
    expect(wrong().sealed).toBe(0);
  });
});

describe('a reversal that was kept for days', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.core.clock.advance(9 * DAY_MS);
    const { code } = await counter.heard(reversal());
    return { code, state: counter.payment().state };
  });

  it('is accepted under its old time', () => {
    expect(reversed()).toEqual({ code: '00', state: 'taken-back' });
  });
});

const MACHINE = {
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
};

/** What keeps settings from being used, or nothing. */
function problemOf(settings: unknown): string {
  try {
    validateSettings(settings, 'settings of a test', { production: false });
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('settings that name a listener or terminal twice', () => {
  const problems = played(async () => {
    const { listeners, terminals, ...rest } = developmentSettings(MACHINE);
    const twice = {
      listener: { ...rest, terminals, listeners: [...listeners, ...listeners.slice(0, 1)] },
      terminal: { ...rest, listeners, terminals: [...terminals, ...terminals.slice(0, 1)] },
    };
    const once = problemOf({ ...rest, listeners, terminals });
    return { once, listener: problemOf(twice.listener), terminal: problemOf(twice.terminal) };
  });

  it('are good where each is named once', () => {
    expect(problems().once).toBe('');
  });

  it.each(['listener', 'terminal'] as const)('stop the start: a %s', (which) => {
    expect(problems()[which]).toMatch(/twice|duplicate|once/);
  });
});
