import { expect, test } from 'vitest';
import { developmentSettings } from './development.ts';
import { SettingsError, validateSettings } from './read-settings.ts';

const SETTINGS = developmentSettings({
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
});
const rule = { id: 'R', description: 'of a test', severity: 'low', action: 'flag' };
const velocity = { check: 'velocity', by: ['card'], of: 'asked', withinMs: 60_000, moreThan: 3 };

function problemsOf(fraud: unknown): readonly string[] {
  try {
    validateSettings({ ...SETTINGS, fraud }, 'a test', { production: false });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

test('nobody looks for fraud unless the settings say so', () => {
  expect(SETTINGS.fraud).toBeUndefined();
  expect(problemsOf({ mode: 'monitor' })).toEqual([]);
});

test.each([
  [
    'an id twice',
    [
      { ...rule, checks: [velocity] },
      { ...rule, checks: [velocity] },
    ],
    'named twice: "R"',
  ],
  [
    'a merchant that nobody knows',
    [{ ...rule, scope: { merchants: ['NOBODY'] }, checks: [velocity] }],
    'NOBODY',
  ],
  [
    'a range that is none',
    [{ ...rule, scope: { ranges: [{ from: '5', to: '4' }] }, checks: [velocity] }],
    'no range',
  ],
  [
    'a check digit of refunds',
    [{ ...rule, scope: { kinds: ['refund'] }, checks: [{ check: 'luhn' }] }],
    'never asked',
  ],
  ['codes of what has none', [{ ...rule, checks: [{ ...velocity, codes: ['51'] }] }], 'has a code'],
  [
    'too many values',
    [{ ...rule, checks: [{ ...velocity, check: 'distinct', moreThan: 99 }] }],
    '/fraud/rules/0',
  ],
])('%s stops the start', (_, rules, said) => {
  expect(problemsOf({ mode: 'enforce', rules }).join('\n')).toContain(said);
});

test('an action for a rule that is not there stops the start', () => {
  const rules = [{ ...rule, checks: [velocity] }];
  expect(problemsOf({ mode: 'enforce', rules, actions: { R: 'off' } })).toEqual([]);
  expect(problemsOf({ mode: 'enforce', rules, actions: { X: 'off' } })).toEqual([
    '/fraud/actions/X: no such rule',
  ]);
});
