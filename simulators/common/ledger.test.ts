import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LedgerRow, openLedger } from './ledger.ts';

interface Row extends LedgerRow {
  amount: number;
}

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  file = join(folder, 'deep', 'ledger.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const row = (amount: number): Row => ({ kind: 'authorised', at: '2026-11-23T10:00:00.000Z', amount });
const open = async (broken: unknown[] = []) => {
  const replayed: Row[] = [];
  const ledger = await openLedger<Row>(
    file,
    (r) => replayed.push(r),
    (error) => broken.push(error),
  );
  return { ledger, replayed };
};

test('a row that was acknowledged is in the file, whole and in order', async () => {
  const { ledger } = await open();
  await Promise.all(Array.from({ length: 1_000 }, (_, amount) => ledger.append(row(amount))));
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).amount)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  await ledger.close();
});

test('a ledger opened again replays its rows and goes on behind them', async () => {
  const first = await open();
  await first.ledger.append(row(1));
  await first.ledger.close();
  const second = await open();
  expect(second.replayed).toEqual([row(1)]);
  await second.ledger.append(row(2));
  expect(await second.ledger.rows()).toEqual([row(1), row(2)]);
  await second.ledger.close();
});

test('a last line left unfinished by a killed process is cut off', async () => {
  const first = await open();
  await first.ledger.append(row(1));
  await first.ledger.close();
  await appendFile(file, `{"kind":"authorised","pad":"${'x'.repeat(200_000)}`);
  const second = await open();
  await second.ledger.append(row(2));
  expect(await second.ledger.rows()).toEqual([row(1), row(2)]);
  await second.ledger.close();
});

test('a damaged line anywhere else stops the opening and names the line', async () => {
  const first = await open();
  await first.ledger.close();
  await writeFile(file, `${JSON.stringify(row(1))}\n{"kind":\n${JSON.stringify(row(2))}\n`);
  await expect(open()).rejects.toMatchObject({ code: 'SIM_LEDGER_CORRUPT', details: { line: 2 } });
});

test('a closed ledger refuses rows', async () => {
  const { ledger } = await open();
  await ledger.close();
  await expect(ledger.append(row(1))).rejects.toMatchObject({ code: 'SIM_LEDGER_CLOSED' });
});

test('a full disk breaks the ledger: nothing is acknowledged and the owner is told once', async () => {
  file = '/dev/full';
  const broken: unknown[] = [];
  const { ledger } = await open(broken);
  await expect(ledger.append(row(1))).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(ledger.append(row(2))).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(broken).toHaveLength(1);
});
