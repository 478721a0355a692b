import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settingsReference, settingsSchema } from './reference.ts';
import { SettingsSchema } from './settings.ts';

// Whoever sets up a node reads one page. Keys whose own pages list them are named there.
const PAGES = [
  'settings',
  'admission',
  'networks',
  'numbers',
  'holds',
  'fallback',
  'fail-over',
  'fraud',
  'gateway',
];

interface Shape {
  readonly properties?: Readonly<Record<string, object>>;
  readonly items?: object;
  readonly anyOf?: readonly object[];
}

/** Every key of the settings, by its path. */
function keysOf(schema: Shape, path = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${path}/${key}`,
    ...keysOf(value, `${path}/${key}`),
  ]);
  const parts = [...(schema.items ? [schema.items] : []), ...(schema.anyOf ?? [])];
  return [...own, ...parts.flatMap((part) => keysOf(part, path))];
}

const textOf = (page: string) => readFileSync(join(import.meta.dirname, `../../docs/${page}.md`), 'utf8');

/** The words that stand in code, in a line or in a block. */
function codeOf(page: string): string[] {
  const code = [...textOf(page).matchAll(/```.*?```|`[^`\n]+`/gs)].map(([text]) => text);
  return code.flatMap((text) => text.split(/[^A-Za-z0-9-]+/));
}

test('docs/settings.md, or a page that it leads to, names every key of a node', () => {
  const named = new Set(PAGES.flatMap(codeOf));
  const keys = keysOf(SettingsSchema);
  expect(keys.length).toBeGreaterThan(150);
  expect(keys.filter((path) => !named.has(path.split('/').at(-1) ?? ''))).toEqual([]);
});

test('docs/settings.md itself names every key of the first floor', () => {
  const named = new Set(codeOf('settings'));
  expect(Object.keys(SettingsSchema.properties).filter((key) => !named.has(key))).toEqual([]);
});

describe('what is made from the schemas', () => {
  test('docs/settings-reference.md is the page of this release', () => {
    expect(textOf('settings-reference')).toBe(settingsReference());
  });

  test.each(['shared', 'node'] as const)('docs/schemas has the JSON schema of %s settings', (which) => {
    const file = join(import.meta.dirname, `../../docs/schemas/${which}-settings.json`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(settingsSchema(which)));
  });
});
