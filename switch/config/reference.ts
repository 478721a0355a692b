/**
 * The schemas of the settings as people and editors read them: a JSON schema, and a page with a row for every key. Both
 * are made from what the switch itself checks with, so that they cannot say something else.
 */
import type { TSchema } from 'typebox';
import { SettingsSchema } from './settings.ts';
import { SharedSettingsSchema } from './shared-settings.ts';

interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: boolean;
}

const SCHEMAS: Readonly<Record<'shared' | 'node', TSchema>> = {
  shared: SharedSettingsSchema,
  node: SettingsSchema,
};
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** For editors and checkers. Keys that nobody knows are refused, as the switch refuses them in production. */
export function settingsSchema(which: 'shared' | 'node'): string {
  return JSON.stringify({ $schema: DIALECT, ...closed(SCHEMAS[which] as Shape) }, null, 2);
}

/** With no key beside those that are named, at any depth. */
function closed(shape: Shape): Shape {
  const of = (record: Readonly<Record<string, Shape>>) =>
    Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, closed(inner)]));
  return {
    ...shape,
    ...(shape.properties && { properties: of(shape.properties), additionalProperties: false }),
    ...(shape.patternProperties && { patternProperties: of(shape.patternProperties) }),
    ...(shape.items && { items: closed(shape.items) }),
    ...(shape.anyOf && { anyOf: shape.anyOf.map(closed) }),
  };
}

const HEAD = `# Settings, key by key

Made from the schemas (\`npx etika-switch settings reference\`); a test holds it to them. [Settings](settings.md) says what
each key is for. \`[]\` stands for each entry of a list. The same for editors: \`npx etika-switch settings schema\`.`;

export function settingsReference(): string {
  const shared = table(rowsOf(SCHEMAS.shared as Shape, ''));
  const node = table(rowsOf(SCHEMAS.node as Shape, ''));
  return `${HEAD}\n\n## Shared settings\n\n${shared}\n\n## A node's own file\n\n${node}\n`;
}

type Row = readonly [key: string, values: string, needed: string];

function rowsOf(shape: Shape, path: string): Row[] {
  const rows: Row[] = [];
  for (const [key, inner] of Object.entries(shape.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`;
    rows.push([`\`${at}\``, valuesOf(inner), shape.required?.includes(key) ? 'required' : '']);
    rows.push(...below(inner, at));
  }
  return rows;
}

/** Of alternatives each key once: the first that has it tells of it. */
function below(shape: Shape, path: string): Row[] {
  if (shape.items) return below(shape.items, `${path}[]`);
  const found = [...rowsOf(shape, path), ...(shape.anyOf ?? []).flatMap((each) => below(each, path))];
  const seen = new Set<string>();
  return found.filter(([key]) => !seen.has(key) && seen.add(key));
}

function valuesOf(shape: Shape): string {
  if (shape.anyOf) return [...new Set(shape.anyOf.map(valuesOf))].join(', ');
  if (shape.const !== undefined) return `\`${String(shape.const)}\``;
  if (shape.type === 'integer' || shape.type === 'number') return rangeOf(shape.minimum, shape.maximum);
  if (shape.type === 'boolean') return '`true`, `false`';
  if (shape.type === 'array') {
    return `a list${shape.maxItems === undefined ? '' : `, ${number(shape.maxItems)} at most`}`;
  }
  if (shape.type === 'string') return textOf(shape);
  return 'an object';
}

function rangeOf(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined || maximum === undefined) return 'a number';
  return `${number(minimum)} to ${number(maximum)}`;
}

function textOf({ pattern, maxLength }: Shape): string {
  if (pattern !== undefined) return `text like \`${pattern.replaceAll('|', '\\|')}\``;
  return maxLength === undefined ? 'text' : `text, ${number(maxLength)} at most`;
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}

function table(rows: readonly Row[]): string {
  const all: readonly Row[] = [['key', 'values', ''], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(all[0] as Row), rule, ...rows.map(line)].join('\n');
}
