import { type Codec, compile } from '../codec.ts';
import type { Dialect, Message } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { type FramingName, framing } from '../framing.ts';
import { toPlain } from '../plain.ts';
import type { Strictness } from '../strictness.ts';
import { packTlv, parseTlv } from '../tlv.ts';
import { bindJ8583 } from './bind-j8583.ts';
import { bindJpos } from './bind-jpos.ts';
import { bindMoov } from './bind-moov.ts';
import { bindIpm, bindReference } from './bind-others.ts';
import { bindPyiso } from './bind-pyiso.ts';
import { differences } from './compare.ts';
import type { Row } from './rows.ts';

export type Outcome =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly reason: string }
  /** The row names no fields, so nothing can be bound. */
  | { readonly outcome: 'unspecified' }
  /** Peers differ: a matter of policy that binds nobody. */
  | { readonly outcome: 'policy'; readonly refused: boolean };

const passed: Outcome = { outcome: 'passed' };
const failed = (reason: string): Outcome => ({ outcome: 'failed', reason });

/** Checks every row; the reference rows among them lend their fields to the mutations. */
export function checkRows(rows: readonly Row[]): (readonly [Row, Outcome])[] {
  const reference = referenceSpecs(rows);
  return rows.map((row) => [row, check(row, reference)] as const);
}

function check(row: Row, reference: ReadonlyMap<string, Row['spec']>): Outcome {
  try {
    if (row.kind === 'tlv' || row.kind === 'tlv-bad') return checkTlv(row);
    if (row.kind === 'frame') return checkFrame(row);
    const spec = row.group === 'mut' ? reference.get(dialectLetter(row)) : row.spec;
    if (!spec) return { outcome: 'unspecified' };
    if (row.kind === 'good') return checkGood(row, spec);
    const refused = isRefused(row, spec);
    if (row.expect !== 'error') return { outcome: 'policy', refused };
    return refused ? passed : failed('accepted, where an error is expected');
  } catch (error) {
    return failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

/** What peers' own test messages need: types and empty bitmaps that the standard does not know, odd digits filled up at will. */
const asPeers: Partial<Strictness> = { mti: 'any', emptyBitmap: 'accept', padNibbles: 'accept' };

function candidates(row: Row, spec: NonNullable<Row['spec']>): Dialect[] {
  const dialects = bind(row, spec);
  // A row cannot say that its second bitmap is there though it is empty.
  const spare = dialects.map((dialect) => ({
    ...dialect,
    bitmap: { ...dialect.bitmap, secondary: 'always' as const },
  }));
  return row.kind === 'good' && dialects[0]?.bitmap.secondary === undefined
    ? [...dialects, ...spare]
    : dialects;
}

function bind(row: Row, spec: NonNullable<Row['spec']>): Dialect[] {
  switch (row.group) {
    case 'moov':
      return bindMoov(row);
    case 'jpos':
      return bindJpos(row);
    case 'pyiso':
      return bindPyiso(row);
    case 'j8583':
      return bindJ8583(row);
    case 'ipm':
      return bindIpm(row);
    default:
      return bindReference(row, spec);
  }
}

function checkGood(row: Row, spec: NonNullable<Row['spec']>): Outcome {
  const bytes = Buffer.from(row.hex, 'hex');
  let first: Outcome | undefined;
  for (const dialect of candidates(row, spec)) {
    const outcome = tryGood(row, dialect, bytes);
    if (outcome.outcome === 'passed') return outcome;
    first ??= outcome;
  }
  return first ?? { outcome: 'unspecified' };
}

function tryGood(row: Row, dialect: Dialect, bytes: Buffer): Outcome {
  try {
    const codec = compile(dialect, asPeers) as unknown as Codec<Message>;
    const message = codec.parse(bytes);
    const faults = differences(row, toPlain(message, 'revealed'));
    if (faults.length > 0) return failed(faults.join('; '));
    if (row.verified?.repackIdentical !== true) return passed;
    return codec.pack(message).equals(bytes) ? passed : failed('packs to other bytes');
  } catch (error) {
    if (error instanceof IsoError) return failed(error.message);
    throw error;
  }
}

function isRefused(row: Row, spec: NonNullable<Row['spec']>): boolean {
  const own = row.group === 'mut' || row.group === 'ref';
  try {
    for (const dialect of candidates(row, spec)) {
      const codec = compile(dialect, own ? {} : asPeers);
      try {
        codec.parse(Buffer.from(row.hex, 'hex'));
        return false;
      } catch (error) {
        if (!(error instanceof IsoError)) throw error;
      }
    }
    return true;
  } catch (error) {
    if (error instanceof IsoError) return true;
    throw error;
  }
}

function checkTlv(row: Row): Outcome {
  const bytes = Buffer.from(row.hex, 'hex');
  if (row.kind === 'tlv-bad') {
    try {
      parseTlv(bytes, { duplicates: true });
    } catch (error) {
      if (error instanceof IsoError) return passed;
      throw error;
    }
    return failed('accepted, where an error is expected');
  }
  const objects = parseTlv(bytes, { duplicates: true });
  const found = objects.map(({ tag, value }) => `${tag}=${value.hex()}`);
  const expected = (row.tags ?? []).map(([tag, value]) => `${tag}=${value}`.toUpperCase());
  if (found.join(' ') !== expected.join(' ')) return failed('other tags or values');
  const again = parseTlv(packTlv(objects), { duplicates: true });
  return again.length === objects.length ? passed : failed('packs to other tags');
}

/** Framings by the words the corpus uses for them. */
const framings: readonly (readonly [RegExp, FramingName])[] = [
  [/^vml|visanet/i, 'visa'],
  [/binary ?2.*tpdu|2-byte.*tpdu|nac/i, 'length-2-tpdu'],
  [/^binary ?2.*inclusive|2-byte.*inclusive/i, 'length-2-inclusive'],
  [/^binary ?2|2-byte (big-endian|binary)/i, 'length-2'],
  [/^binary ?4.*inclusive|4-byte.*inclusive/i, 'length-4-inclusive'],
  [/^binary ?4|4-byte (big-endian|binary)/i, 'length-4'],
  [/bcd ?2|2-byte bcd|bcd/i, 'length-2-bcd'],
  [/ascii ?4.*inclusive|4.*ascii.*inclusive/i, 'length-4-ascii-inclusive'],
  [/ascii ?4|4.*ascii/i, 'length-4-ascii'],
  [/tpdu only/i, 'tpdu'],
];

function checkFrame(row: Row): Outcome {
  const words = row.dialect ?? '';
  const name = framings.find(([pattern]) => pattern.test(words))?.[1];
  if (!name) return { outcome: 'unspecified' };
  const stream = Buffer.from(row.hex, 'hex');
  const link = framing(name);
  const frames: { body: Buffer; header: Buffer | undefined }[] = [];
  const reader = link.reader({ maxFrameBytes: 65_535 });
  reader.push(stream, (body, header) => frames.push({ body, header }));
  reader.end((body, header) => frames.push({ body, header }));
  const [frame] = frames;
  if (!frame || frames.length !== 1) return failed(`${frames.length} frames`);
  if (frame.body.toString('hex').toUpperCase() !== row.payloadHex?.toUpperCase())
    return failed('another payload');
  return link.encode(frame.body, frame.header).equals(stream) ? passed : failed('frames to other bytes');
}

function referenceSpecs(rows: readonly Row[]): Map<string, Row['spec']> {
  const specs = new Map<string, Row['spec']>();
  for (const row of rows)
    if (row.group === 'ref' && row.spec) {
      const letter = dialectLetter(row);
      specs.set(letter, { ...specs.get(letter), ...row.spec });
    }
  return specs;
}

function dialectLetter(row: Row): string {
  return /^Dialect ([A-Z])/.exec(row.dialect ?? '')?.[1] ?? '';
}
