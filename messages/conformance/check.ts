import { type Codec, compile } from '../codec.ts';
import type { Dialect, Message } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { framing } from '../framing.ts';
import { toPlain } from '../plain.ts';
import type { Strictness } from '../strictness.ts';
import { packTlv, parseTlv } from '../tlv.ts';
import { bindIpm } from './bind-ipm.ts';
import { bindJ8583 } from './bind-j8583.ts';
import { bindJpos } from './bind-jpos.ts';
import { bindMoov } from './bind-moov.ts';
import { bindPyiso } from './bind-pyiso.ts';
import { bindReference } from './bind-reference.ts';
import { bindSmartVista } from './bind-smartvista.ts';
import { differences } from './compare.ts';
import { framingOf } from './frames.ts';
import { ipmParts, partDifferences } from './ipm-parts.ts';
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
    if (!spec && !selfDescribed.includes(row.group)) return checkUnspecified(row);
    if (row.kind === 'good') return checkGood(row, spec);
    const refused = isRefused(row, spec);
    if (row.expect !== 'error') return { outcome: 'policy', refused };
    return refused ? passed : failed('accepted, where an error is expected');
  } catch (error) {
    return failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

/** Groups whose fields follow from the description of the dialect. */
const selfDescribed: readonly string[] = ['mut', 'ipm', 'sv'];

/**
 * What peers' own test messages need: types and empty bitmaps that the standard does not know, odd digits filled up at
 * will.
 */
const asPeers: Partial<Strictness> = { mti: 'any', emptyBitmap: 'accept', padNibbles: 'accept' };

/**
 * A row that names no fields can still be refused for its type and bitmaps, whatever the fields are. A message that
 * gets past them cannot be judged.
 */
function checkUnspecified(row: Row): Outcome {
  const [dialect] = row.group === 'j8583' ? bindJ8583(row) : [];
  if (!dialect || row.kind === 'good' || row.expect !== 'error') return { outcome: 'unspecified' };
  try {
    compile(dialect, { ...asPeers, trailingBytes: 'ignore' }).parse(Buffer.from(row.hex, 'hex'));
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
    if (error.code !== 'ISO_FIELD_UNDEFINED') return passed;
  }
  return { outcome: 'unspecified' };
}

function candidates(row: Row, spec: Row['spec']): Dialect[] {
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

function bind(row: Row, spec: Row['spec']): Dialect[] {
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
    case 'sv':
      return bindSmartVista();
    default:
      return bindReference(row, spec);
  }
}

/**
 * Peers accept any character in their own messages, and most ignore what stands behind the last field; what they
 * accepted is read again with those options. A row that packs to the same bytes has nothing behind its last field.
 */
function strictnesses(row: Row): Partial<Strictness>[] {
  const anything = { ...asPeers, content: 'accept' } as const;
  if (row.verified?.repackIdentical === true) return [asPeers, anything];
  return [asPeers, anything, { ...anything, trailingBytes: 'ignore' }];
}

function checkGood(row: Row, spec: Row['spec']): Outcome {
  const bytes = Buffer.from(row.hex, 'hex');
  let first: Outcome | undefined;
  for (const strictness of strictnesses(row)) {
    for (const dialect of candidates(row, spec)) {
      const outcome = tryGood(row, dialect, bytes, strictness);
      if (outcome.outcome === 'passed') return outcome;
      first ??= outcome;
    }
  }
  return first ?? { outcome: 'unspecified' };
}

function tryGood(row: Row, dialect: Dialect, bytes: Buffer, strictness: Partial<Strictness>): Outcome {
  try {
    const codec = compile(dialect, strictness) as unknown as Codec<Message>;
    const message = codec.parse(bytes);
    const faults = differences(row, toPlain(message, 'revealed'));
    if (row.group === 'ipm') faults.push(...partDifferences(row, ipmParts(row, bytes, strictness)));
    if (faults.length > 0) return failed(faults.join('; '));
    if (row.verified?.repackIdentical !== true) return passed;
    return codec.pack(message).equals(bytes) ? passed : failed('packs to other bytes');
  } catch (error) {
    if (error instanceof IsoError) return failed(error.message);
    throw error;
  }
}

function isRefused(row: Row, spec: Row['spec']): boolean {
  const strictness = row.group === 'mut' || row.group === 'ref' ? {} : asPeers;
  const bytes = Buffer.from(row.hex, 'hex');
  try {
    for (const dialect of candidates(row, spec)) {
      const codec = compile(dialect, strictness);
      try {
        codec.parse(bytes);
        if (row.group === 'ipm') ipmParts(row, bytes, strictness);
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
  // The row lists what stands side by side; what a constructed object holds is not its matter.
  const objects = parseTlv(bytes, { duplicates: true, opaque: true });
  const found = objects.map(({ tag, value }) => `${tag}=${value.hex()}`);
  const expected = (row.tags ?? []).map(([tag, value]) => `${tag}=${value}`.toUpperCase());
  if (found.join(' ') !== expected.join(' ')) return failed('other tags or values');
  const again = parseTlv(packTlv(objects), { duplicates: true, opaque: true });
  const same = again.every(({ tag, value }, i) => tag === objects[i]?.tag && value.equals(objects[i].value));
  return same && again.length === objects.length ? passed : failed('packs to other tags');
}

function checkFrame(row: Row): Outcome {
  const shape = framingOf(row.dialect ?? '');
  if (!shape) return { outcome: 'unspecified' };
  const stream = Buffer.from(row.hex, 'hex');
  const link = framing(shape);
  const frames: { body: Buffer; header: Buffer | undefined }[] = [];
  const reader = link.reader({ maxFrameBytes: 65_535 });
  reader.push(stream, (body, header) => frames.push({ body, header }));
  reader.end((body, header) => frames.push({ body, header }));
  const [frame] = frames;
  if (!frame || frames.length !== 1) return failed(`${frames.length} frames`);
  if (frame.body.toString('hex').toUpperCase() !== row.payloadHex?.toUpperCase()) {
    return failed('another payload');
  }
  return link.encode(frame.body, frame.header).equals(stream) ? passed : failed('frames to other bytes');
}

function referenceSpecs(rows: readonly Row[]): Map<string, Row['spec']> {
  const specs = new Map<string, Row['spec']>();
  for (const row of rows) {
    if (row.group === 'ref' && row.spec) {
      const letter = dialectLetter(row);
      specs.set(letter, { ...specs.get(letter), ...row.spec });
    }
  }
  return specs;
}

function dialectLetter(row: Row): string {
  return /^Dialect ([A-Z])/.exec(row.dialect ?? '')?.[1] ?? '';
}
