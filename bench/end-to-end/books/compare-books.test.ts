import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { decided, opening } from '../../../switch/projection/testing.ts';
import { type Answers, UNANSWERED } from '../generator/traffic.ts';
import { compareBooks } from './compare-books.ts';

const folder = mkdtempSync(join(tmpdir(), 'etika-books-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two purchases of one terminal: how each was answered, and which of them each peer's ledger has. */
async function compared(told: number[], { atNetwork = [0, 1], atPop = [0, 1] } = {}) {
  const bodies = told.map(() => opening());
  const entries = bodies.flatMap((body) => {
    const { transaction } = body.facts;
    const validated = { validation: 'v-1' };
    return [
      { transaction, version: 1, kind: 'intended', body, at: 0, epoch: 1 },
      { transaction, version: 2, kind: 'decided', body: decided(true), at: 0, epoch: 1 },
      { transaction, version: 3, kind: 'pop-validated', body: validated, at: 0, epoch: 1 },
    ];
  });
  const pages = [entries, []];
  const ledger = (name: string, rows: object[]) => {
    const file = join(folder, name);
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return { file, from: 0 };
  };
  const facts = bodies.map((body) => body.facts);
  const network = facts.map(({ terminal, stan }) => ({ terminal, stan, moves: { captured: 2_500 } }));
  const pop = facts.map(({ transaction }) => ({
    kind: 'validated',
    transactionId: transaction,
    amount: 2_500,
  }));
  const [first] = facts;
  const traffic = {
    address: { host: '', port: 0 },
    rate: 1,
    total: told.length,
    terminals: 1,
    patienceMs: 0,
  };
  return compareBooks({
    client: { query: async () => ({ rows: pages.shift() ?? [] }) } as unknown as Client,
    since: '',
    networks: [
      ledger(
        'network',
        network.filter((_, index) => atNetwork.includes(index)),
      ),
    ],
    pop: ledger(
      'pop',
      pop.filter((_, index) => atPop.includes(index)),
    ),
    traffic: { ...traffic, firstStan: Number(first?.stan) },
    answers: { codes: Uint8Array.from(told) } as Answers,
  });
}

test('what was approved and stands in both ledgers and in the journal is no difference', async () => {
  expect(await compared([0, 0])).toMatchObject({ journalled: 2, lost: 0, uncertain: 0, differing: 0 });
});

test('an approval that a peer does not have is lost, and is told', async () => {
  for (const missing of [{ atNetwork: [0] }, { atPop: [0] }]) {
    const { lost, differences } = await compared([0, 0], missing);
    expect(lost).toBe(1);
    expect(differences.join('\n')).toContain('purchase 1 was approved and is not in both ledgers');
  }
});

test('a purchase without a reply that stands is uncertain; one that was declined and stands is a difference', async () => {
  expect(await compared([0, UNANSWERED])).toMatchObject({ lost: 0, uncertain: 1, differing: 0 });
  const { differences } = await compared([0, 51]);
  expect(differences).toEqual(['purchase 1 was declined with 51, and the network holds 2500']);
});
