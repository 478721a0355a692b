import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Dialect } from '../dialect.ts';
import { dialectNamed, dialects } from '../dialects/index.ts';
import { IsoError } from '../errors.ts';
import { withOddFiller } from '../fillers.ts';
import { type FramingName, framingNames } from '../framing.ts';
import { importJpos } from '../import/jpos.ts';
import { importMoov } from '../import/moov.ts';
import type { Strictness } from '../strictness.ts';

/** Where a command reads and writes; handed in so that a test needs no process. */
export interface Console {
  out(text: string): void;
  err(text: string): void;
  /** Everything on standard input. */
  input(): string;
  fail(): void;
}

export const processConsole: Console = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  input: () => readFileSync(0, 'utf8'),
  fail: () => {
    process.exitCode = 1;
  },
};

export interface SourceOptions {
  readonly dialect?: string;
  readonly jposPackager?: string;
  readonly moovSpec?: string;
  readonly framing?: string;
  readonly accept?: string;
  readonly oddFiller?: string;
}

/** The options that say in which dialect and framing the bytes are. */
export function withSource(command: Command): Command {
  return command
    .option('--dialect <name>', `one of ${Object.keys(dialects).join(', ')} (default: iso87-ascii)`)
    .option('--jpos-packager <file>', 'a jPOS GenericPackager in XML instead')
    .option('--moov-spec <file>', 'a moov-io specification in JSON instead')
    .option('--framing <name>', `the frame around the message: ${framingNames.join(', ')}`)
    .option(
      '--accept <what>',
      `let pass what is refused otherwise: ${[...ACCEPTABLE.keys(), 'all'].join(',')}`,
    )
    .option('--odd-filler <nibble>', 'fill up odd BCD numbers with this nibble, 0 to F');
}

/** What `--accept` takes, and which strictness each means. */
const ACCEPTABLE: ReadonlyMap<string, Partial<Strictness>> = new Map([
  ['trailing-bytes', { trailingBytes: 'ignore' }],
  ['content', { content: 'accept' }],
  ['pad-nibbles', { padNibbles: 'accept' }],
  ['mti', { mti: 'any' }],
  ['empty-bitmap', { emptyBitmap: 'accept' }],
  ['duplicate-tags', { duplicateTags: 'accept' }],
]);

/** @throws {IsoError} ISO_VALUE where a word of `--accept` has no meaning */
export function strictnessOf({ accept }: SourceOptions): Partial<Strictness> {
  const words = accept?.split(',').map((word) => word.trim()) ?? [];
  const chosen = words.includes('all') ? [...ACCEPTABLE.keys()] : words;
  const strictness: Partial<Strictness> = {};
  for (const word of chosen) {
    const meant = ACCEPTABLE.get(word);
    if (!meant) {
      const expected = [...ACCEPTABLE.keys(), 'all'].join(', ');
      throw new IsoError('ISO_VALUE', { path: 'accept', expected, found: word.slice(0, 20) });
    }
    Object.assign(strictness, meant);
  }
  return strictness;
}

/** @throws {IsoError} ISO_DIALECT, ISO_IMPORT */
export function dialectOf(options: SourceOptions): Dialect {
  const dialect = namedDialect(options);
  return options.oddFiller === undefined ? dialect : withOddFiller(dialect, options.oddFiller);
}

function namedDialect(options: SourceOptions): Dialect {
  const { dialect, jposPackager, moovSpec } = options;
  const given = [dialect, jposPackager, moovSpec].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw new IsoError('ISO_DIALECT', { path: 'options', expected: 'one dialect', found: `${given.length}` });
  }
  if (jposPackager !== undefined) return importJpos(readFileSync(jposPackager, 'utf8'));
  if (moovSpec !== undefined) return importMoov(readFileSync(moovSpec, 'utf8'));
  const name = dialect ?? 'iso87-ascii';
  const known = dialectNamed(name);
  if (known) return known;
  throw new IsoError('ISO_DIALECT', {
    path: 'dialect',
    expected: Object.keys(dialects).join(', '),
    found: name,
  });
}

/** @throws {IsoError} ISO_DIALECT */
export function framingOf(options: SourceOptions): FramingName | undefined {
  const { framing } = options;
  if (framing === undefined) return undefined;
  const name = framingNames.find((known) => known === framing);
  if (name) return name;
  throw new IsoError('ISO_DIALECT', { path: 'framing', expected: framingNames.join(', '), found: framing });
}

/** Hex digits, with white space anywhere. @throws {IsoError} ISO_VALUE */
export function bytesFromHex(text: string): Buffer {
  const digits = text.replace(/\s/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw new IsoError('ISO_VALUE', {
      path: 'input',
      expected: 'an even number of hex digits',
      found: `${digits.length} characters`,
    });
  }
  return Buffer.from(digits, 'hex');
}

/**
 * Tells an error: to people in words, with the wrong byte under a caret where one is known; as one line of JSON with
 * `--json`. What had been read comes masked.
 */
export function tellError(io: Console, error: unknown, { isJson = false, explanation = '' }): void {
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) io.err(errorAsJson(error, explanation || undefined));
  else io.err(explanation || message);
  io.fail();
}

function errorAsJson(error: unknown, explanation?: string): string {
  if (!(error instanceof IsoError)) {
    return JSON.stringify({
      error: { code: 'INPUT', message: error instanceof Error ? error.message : String(error) },
    });
  }
  const { code, path, offset, expected, found, message, partial } = error;
  const read = Object.keys(partial).length > 0 ? { partial } : {};
  return JSON.stringify({ error: { code, path, offset, expected, found, message, ...read, explanation } });
}
