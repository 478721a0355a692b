import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { DeployError } from '../errors.ts';
import { StartConfig } from './schema.ts';

/** What `npm start` and the commands beside it read where it is there. */
export const CONFIG_FILE = 'etika-switch.config.json';

const MAX_FILE_BYTES = 1_048_576;

type Json = Record<string, unknown>;
type Environment = Readonly<Record<string, string | undefined>>;

/** One setting of the schema: where it lies, and which environment variable beats the file. */
interface Leaf {
  path: readonly string[];
  schema: TSchema & { env?: string };
}

/**
 * Reads the configuration: defaults, then the file (`file`, absent meaning none), then the environment.
 * @throws {DeployError} DEP_CONFIG_FILE or DEP_CONFIG_VALUE, naming each bad key, the shape of what was given and
 * what was expected, never the value itself
 */
export function loadStartConfig(file: string | undefined, environment: Environment): StartConfig {
  const given = file === undefined ? {} : readConfigFile(file);
  const leaves = leavesOf(StartConfig, []);
  for (const { path, schema } of leaves) {
    const text = schema.env === undefined ? undefined : environment[schema.env];
    if (text !== undefined && text !== '') place(given, path, fromText(text, schema));
  }
  const config = Value.Default(StartConfig, given);
  if (Value.Check(StartConfig, config)) return config;
  throw new DeployError('DEP_CONFIG_VALUE', { faults: faultsOf(config, leaves).join('; ') });
}

/**
 * The same configuration as the commands beside a start read it, which know environment variables only: what the file
 * says, where the environment says nothing. Without it `terminal` would ask a port that `npm start` does not listen on.
 * @throws {DeployError} as above
 */
export function tellEnvironment(file: string, environment: Record<string, string | undefined>): void {
  loadStartConfig(file, environment);
  const given = readConfigFile(file);
  for (const { path, schema } of leavesOf(StartConfig, [])) {
    const value = at(given, path);
    const isTold = schema.env === undefined || Boolean(environment[schema.env]);
    if (!isTold && (typeof value === 'string' || typeof value === 'number')) {
      environment[String(schema.env)] = String(value);
    }
  }
}

function readConfigFile(file: string): Json {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`is longer than ${MAX_FILE_BYTES} bytes`);
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(json)) return json;
    throw new Error(`is ${shapeOf(json)}, expected an object`);
  } catch (error) {
    // A syntax error quotes the file, which may hold a secret: it is not passed on.
    const reason = error instanceof SyntaxError ? 'is not JSON' : (error as Error).message;
    throw new DeployError('DEP_CONFIG_FILE', { file, reason });
  }
}

function leavesOf(
  schema: TSchema & { properties?: Record<string, TSchema> },
  path: readonly string[],
): Leaf[] {
  if (!schema.properties) return [{ path, schema }];
  return Object.entries(schema.properties).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

/** Puts `value` at `path`; a level that is not an object is left for the check to complain about. */
function place(target: Json, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  target[key] ??= {};
  const inner = target[key];
  if (isObject(inner)) place(inner, rest, value);
}

function fromText(text: string, schema: TSchema & { type?: string }): string | number {
  return schema.type === 'integer' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function faultsOf(config: unknown, leaves: readonly Leaf[]): string[] {
  const paths = new Set(Value.Errors(StartConfig, config).map(({ instancePath }) => instancePath));
  return [...paths]
    .filter((path) => ![...paths].some((other) => other !== path && other.startsWith(`${path}/`)))
    .map((pointer) => {
      const path = pointer.split('/').slice(1);
      const leaf = leaves.find((candidate) => candidate.path.join('/') === path.join('/'));
      const isGroup = leaves.some((candidate) => candidate.path.join('/').startsWith(`${path.join('/')}/`));
      const expected = leaf ? expectationOf(leaf.schema) : isGroup ? 'an object' : 'no such key';
      const variable = leaf?.schema.env ? ` (${leaf.schema.env})` : '';
      return `${path.join('.')}${variable} is ${shapeOf(at(config, path))}, expected ${expected}`;
    });
}

function expectationOf(schema: TSchema & { minimum?: number; maximum?: number; pattern?: string }): string {
  if (schema.minimum !== undefined) return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  return schema.pattern === undefined ? 'text' : `text that matches ${schema.pattern}`;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function shapeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return typeof value === 'boolean' ? 'a boolean' : 'an object';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
