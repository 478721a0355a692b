import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const complete = { DATABASE_URL: 'postgres://u:secret@db/etika' };

test('only the database has no default', () => {
  expect(readSettings(complete)).toEqual({
    host: '127.0.0.1',
    port: 8_080,
    hostNames: [],
    databaseUrl: complete.DATABASE_URL,
    switchStatusUrl: 'http://127.0.0.1:8585/status',
  });
  expect(() => readSettings({})).toThrow(
    expect.objectContaining({
      code: 'ADM_SETTINGS_INVALID',
      details: { setting: 'DATABASE_URL', given: 'nothing', expected: 'postgres://…' },
    }),
  );
});

test.each([
  ['ADMIN_PORT', '70000'],
  ['ADMIN_PORT', 'http'],
  ['ADMIN_HOST', 'a host'],
  ['DATABASE_URL', 'mysql://u:secret@db/etika'],
  ['SWITCH_STATUS_URL', 'ftp://x'],
])('%s=%s is refused by name, without its value', (key, value) => {
  const read = () => readSettings({ ...complete, [key]: value });
  expect(read).toThrow(expect.objectContaining({ details: expect.objectContaining({ setting: key }) }));
  expect(read).not.toThrow(value);
});

test('in production a database off loopback is reached by TLS that proves who answers, or not at all', () => {
  const production = { NODE_ENV: 'production' };
  const refused = () => readSettings({ ...complete, ...production });
  expect(refused).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ setting: 'DATABASE_URL' }) }),
  );
  expect(refused).not.toThrow('secret');
  for (const address of ['db/etika?sslmode=verify-full', '127.0.0.1/etika']) {
    const databaseUrl = `postgres://u:secret@${address}`;
    expect(readSettings({ ...production, DATABASE_URL: databaseUrl })).toMatchObject({ databaseUrl });
  }
});
