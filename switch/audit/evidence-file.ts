import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AuditError } from './errors.ts';
import type { Evidence } from './evidence.ts';
import type { HeadLine } from './head-series.ts';

const FORMAT = 'etika-journal-evidence/1';

/**
 * All that can be verified, in one file of JSON lines: what it is, every head, every epoch with its entries, and how
 * many lines there must be. It has no clear card number, as the journal has none.
 */
export async function writeEvidence(
  path: string,
  evidence: AsyncIterable<Evidence>,
  heads: Iterable<HeadLine>,
  at: string,
): Promise<{ heads: number; entries: number }> {
  const file = await open(path, 'wx', 0o600);
  const written = { heads: 0, entries: 0 };
  let lines = 0;
  let waiting: string[] = [];
  const put = async (record: object) => {
    waiting.push(JSON.stringify(record));
    lines += 1;
    if (waiting.length < 1_000) return;
    await file.write(`${waiting.join('\n')}\n`);
    waiting = [];
  };
  try {
    await put({ format: FORMAT, at });
    for (const { line, place } of heads) {
      await put({ head: line, place });
      written.heads += 1;
    }
    for await (const each of evidence) {
      if ('entry' in each) written.entries += 1;
      await put(each);
    }
    await put({ lines: lines + 1 });
    await file.write(`${waiting.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return written;
}

/** The heads of an evidence file: they stand before everything else. @throws AuditError SW_AUDIT_FILE */
export async function evidenceHeads(path: string): Promise<HeadLine[]> {
  const heads: HeadLine[] = [];
  for await (const { record } of records(path)) {
    if (typeof record['head'] === 'string') {
      heads.push({ line: record['head'], place: String(record['place']) });
    } else if (record['format'] === undefined) break;
  }
  return heads;
}

/** @throws AuditError SW_AUDIT_FILE */
export async function* fileEvidence(path: string): AsyncGenerator<Evidence> {
  let isWhole = false;
  let count = 0;
  for await (const { record, number } of records(path)) {
    count = number;
    if (isWhole) break;
    if ('entry' in record || 'epoch' in record || 'stray' in record) yield checked(record, path, number);
    isWhole = record['lines'] === number;
  }
  if (!isWhole) throw new AuditError('SW_AUDIT_FILE', `${path}:${count}`);
}

async function* records(path: string): AsyncGenerator<{ record: Record<string, unknown>; number: number }> {
  let number = 0;
  try {
    for await (const line of linesOf(path)) {
      number += 1;
      const record: unknown = JSON.parse(line);
      if (typeof record !== 'object' || record === null) throw new Error('no object');
      if (number === 1 && (record as { format?: unknown }).format !== FORMAT) {
        throw new Error('another format');
      }
      yield { record: record as Record<string, unknown>, number };
    }
  } catch (cause) {
    throw cause instanceof AuditError
      ? cause
      : new AuditError('SW_AUDIT_FILE', `${path}:${number}`, { cause });
  }
}

/** By line feeds only: a body may hold what else ends a line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** As far as the walk along an epoch relies on it; any other difference shows as one. */
function checked(record: object, path: string, number: number): Evidence {
  const { epoch, entry, stray } = record as { epoch?: object; entry?: object; stray?: object };
  const { sequence, claims, link } = (entry ?? {}) as {
    sequence?: unknown;
    claims?: unknown;
    link?: unknown;
  };
  const isEntry =
    Number.isSafeInteger(sequence) && Array.isArray(claims) && (link === null || typeof link === 'string');
  if (entry ? isEntry : typeof (epoch ?? stray) === 'object') return record as Evidence;
  throw new AuditError('SW_AUDIT_FILE', `${path}:${number}`);
}
