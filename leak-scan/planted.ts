/**
 * The proof that a search finds: one more canary, the mark, is planted in each place in every form that is looked for,
 * and must be found there. A place in which a form of it is missed was not searched, and the run fails. In memory the
 * mark is in the environment of every process of ours, and in a process that holds nothing else.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createLine } from 'node:net';
import { join } from 'node:path';
import type { Answers } from './channels/answers.ts';
import { tell } from './channels/applications.ts';
import { run } from './channels/command-line.ts';
import { converse } from './channels/line.ts';
import { pathOfReport } from './places/crash-reports.ts';
import { withClient } from './places/database.ts';
import { PLACES, type PlaceName } from './places/place.ts';
import type { Finding } from './search/findings.ts';
import type { Canary } from './secrets/canary.ts';
import { formsOf } from './secrets/forms.ts';
import type { Wallet } from './secrets/wallet.ts';

/** By which every process of ours is given the mark. */
export const MARK_VARIABLE = 'LEAK_SCAN_MARK';
const MARK_DIGITS = 20;
const HOLDER = join(import.meta.dirname, 'holder-process.ts');
const PRINTER = join(import.meta.dirname, 'printer-process.ts');

export interface Mark {
  readonly canary: Canary;
  /** Every form, one after the other, with something between them. */
  readonly bytes: Buffer;
}

export function drawMark(wallet: Wallet): Mark {
  const canary: Canary = {
    kind: 'mark',
    of: 'planted',
    value: { digits: wallet.digits('mark', MARK_DIGITS) },
  };
  const bytes = Buffer.concat(formsOf(canary).flatMap((form) => [form.bytes, Buffer.from('\0\n')]));
  return { canary, bytes };
}

export interface Ground {
  readonly dataDir: string;
  readonly superuserUrl: string;
  readonly replies: Answers;
  readonly answers: Answers;
  readonly metrics: Answers;
  readonly printed: Answers;
}

/** Plants the mark where the other canaries are looked for, by the same ways. @returns who holds it in memory */
export async function plant(mark: Mark, ground: Ground): Promise<ChildProcess> {
  plantFiles(mark, ground.dataDir);
  await plantRows(mark, ground.superuserUrl);
  await plantAnswers(mark, ground);
  await run(ground, { what: 'planted', args: [mark.bytes.toString('base64')] }, PRINTER);
  return hold(mark);
}

function plantFiles({ bytes }: Mark, dataDir: string): void {
  mkdirSync(join(dataDir, 'own-copy'), { recursive: true });
  for (const file of ['logs/planted.log', 'own-copy/planted']) {
    writeFileSync(join(dataDir, file), bytes);
  }
  writeFileSync(pathOfReport(dataDir), bytes);
}

/** As text and as bytes, in a table that is gone with the run. */
async function plantRows({ bytes }: Mark, url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create table leak_scan_planted (form text, bytes bytea)');
    const forms = bytes.toString('latin1').split('\0\n');
    for (const form of forms) {
      const text = form.replaceAll('\0', '');
      await client.query('insert into leak_scan_planted values ($1, $2)', [
        text,
        Buffer.from(form, 'latin1'),
      ]);
    }
  });
}

/** A server that answers everything with the mark, asked by those who ask ours. */
async function plantAnswers({ bytes }: Mark, { answers, metrics, replies }: Ground): Promise<void> {
  const server = createServer((_, response) => response.end(bytes));
  const line = createLine((socket) => socket.end(bytes));
  const [web, port] = [await listening(server), await listening(line)];
  try {
    for (const kept of [answers, metrics]) {
      await tell(kept, 'planted', `http://127.0.0.1:${web}`, { path: '/' });
    }
    replies.keep('planted', await converse({ port }, Buffer.from('?'), true));
  } finally {
    server.close();
    line.close();
  }
}

function listening(server: ReturnType<typeof createLine>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function hold({ bytes }: Mark): Promise<ChildProcess> {
  const holder = fork(HOLDER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const isHeld = new Promise((resolve) => holder.once('message', resolve));
  holder.send(bytes.toString('base64'));
  await isHeld;
  return holder;
}

/** Where the mark was not found in every form, or not at all: each a sentence. */
export function blindSpots(
  { canary }: Mark,
  findings: readonly Finding[],
  processes: readonly string[],
): string[] {
  const marks = findings.filter(({ kind }) => kind === 'mark');
  const encodings = [...new Set(formsOf(canary).map(({ encoding }) => encoding))];
  const missed = (place: PlaceName) => {
    const found = new Set(marks.filter((each) => each.place === place).map(({ encoding }) => encoding));
    return formsKept(place, encodings).filter((encoding) => !found.has(encoding));
  };
  const places = PLACES.flatMap((place) =>
    missed(place).map((encoding) => `${place}: the planted mark was not found as ${encoding}`),
  );
  const memories = processes
    .filter((source) => !marks.some((each) => each.place === 'memory' && each.source === source))
    .map((source) => `memory: the planted mark was not found in ${source}`);
  return [...places, ...memories];
}

/** Rows and HTTP answers are text: rows cannot hold every byte as it is, but have it in hex. */
function formsKept(place: PlaceName, encodings: readonly string[]): readonly string[] {
  if (place !== 'dump') return encodings;
  return encodings.filter(
    (encoding) => !/^(ebcdic|bcd|utf-16.. of|utf-16)/.test(encoding) && !encoding.includes('utf-16'),
  );
}
