import { describe, expect, test } from 'vitest';
import { dialects, exportDialect, IsoError, importDialect } from '../index.ts';

function refusal(action: () => unknown): IsoError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsoError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('our own JSON', () => {
  test.each(Object.values(dialects).map((dialect) => [dialect.name, dialect] as const))(
    '%s survives export and import',
    (_, dialect) => {
      expect(importDialect(exportDialect(dialect))).toEqual(JSON.parse(JSON.stringify(dialect)));
    },
  );

  test.each([
    ['no JSON', 'nothing', 'dialect, line 1'],
    [
      'no fields',
      '{"name":"x","description":"","mti":{"encoding":"ascii"},"bitmap":{"encoding":"binary"}}',
      'fields, line 1',
    ],
    [
      'an unknown encoding',
      '{"name":"x","description":"","mti":{"encoding":"ascii"},"bitmap":{"encoding":"binary"},\n"fields":{"2":{"content":"n",\n"encoding":"morse"}}}',
      'fields.2.encoding, line 3',
    ],
  ])('%s is named with its line', (_, json, path) => {
    expect(refusal(() => importDialect(json))).toMatchObject({ code: 'ISO_IMPORT', path });
  });

  test('a dialect that contradicts itself is refused', () => {
    const json = JSON.stringify({
      name: 'x',
      description: '',
      conformant: false,
      mti: { encoding: 'ascii' },
      bitmap: { encoding: 'binary' },
      fields: { 2: { name: 'x', content: 'ans', encoding: 'bcd', length: { fixed: 4 } } },
    });
    expect(refusal(() => importDialect(json))).toMatchObject({ code: 'ISO_DIALECT', path: 'DE2' });
  });
});
