import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadStartConfig } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without a file and without environment the documented defaults hold', () => {
  expect(loadStartConfig(undefined, {})).toMatchObject({
    dataDir: '.data',
    deadlineMs: 2_000,
    ports: { iso87: 8_583, pos: 8_584, acquirer: 8_586, admin: 8_080 },
  });
});

test('the file beats the defaults and the environment beats the file', () => {
  const path = file({ deadlineMs: 1_500, ports: { iso87: 9_001, pos: 9_002 } });
  const config = loadStartConfig(path, { SWITCH_PORT_ISO87: '9101', DATA_DIR: 'elsewhere', ADMIN_PORT: '' });
  expect(config).toMatchObject({ deadlineMs: 1_500, dataDir: 'elsewhere' });
  expect(config.ports).toMatchObject({ iso87: 9_101, pos: 9_002, acquirer: 8_586, admin: 8_080 });
});

test('a bad value is refused with its key, its shape and what was expected, and is not repeated', () => {
  const load = () => loadStartConfig(undefined, { SWITCH_PORT_ISO87: 'secret' });
  expect(load).toThrow(
    'ports.iso87 (SWITCH_PORT_ISO87) is text of 6 characters, expected a whole number from 0 to 65535',
  );
  expect(load).not.toThrow('secret');
});

test.each([
  [
    { ports: { iso87: 70_000 } },
    'ports.iso87 (SWITCH_PORT_ISO87) is a whole number, expected a whole number from 0 to 65535',
  ],
  [
    { deadlineMs: 1.5 },
    'deadlineMs (SWITCH_DEADLINE_MS) is a number, expected a whole number from 200 to 60000',
  ],
  [
    { deadlineMs: null },
    'deadlineMs (SWITCH_DEADLINE_MS) is null, expected a whole number from 200 to 60000',
  ],
  [
    { databaseUrl: 'mysql://x' },
    'databaseUrl (DATABASE_URL) is text of 9 characters, expected text that matches ^postgres',
  ],
  [{ ports: [] }, 'ports is a list of 0, expected an object'],
  [{ prots: {} }, 'prots is an object, expected no such key'],
  [{ ports: { iso78: 1 } }, 'ports.iso78 is a whole number, expected no such key'],
  [{ dataDir: true }, 'dataDir (DATA_DIR) is a boolean, expected text'],
])('%j is refused', (content, message) => {
  expect(() => loadStartConfig(file(content), {})).toThrow(message);
});

test('every bad key is named at once', () => {
  const load = () => loadStartConfig(file({ deadlineMs: 'x', ports: { pos: -1 } }), {});
  expect(load).toThrow(/deadlineMs .*; ports\.pos /);
});

test('a file that is missing, or not JSON, or not an object is refused by name', () => {
  expect(() => loadStartConfig(join(folder, 'absent.json'), {})).toThrow(/absent\.json: ENOENT/);
  expect(() => loadStartConfig(file('{'), {})).toThrow(/config\.json: is not JSON/);
  expect(() => loadStartConfig(file([1]), {})).toThrow(/config\.json: is a list of 1, expected an object/);
});
