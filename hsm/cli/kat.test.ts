import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSoftokn, type SoftwareToken } from '../development/software-token.ts';
import { runKnownAnswers } from './kat.ts';

/** Cases of independent implementations, kept beside the project where it is built; absent elsewhere. */
const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'crypto.jsonl');
const CORPUS_IS_HERE = existsSync(CORPUS);
if (!CORPUS_IS_HERE) console.warn('skipped: the known answers of ../shared/corpus are not here');

const TOKENS: SoftwareToken[] = findSoftokn() === undefined ? ['softhsm'] : ['softhsm', 'nss'];
if (TOKENS.length === 1) console.warn('skipped: NSS softokn (libnss3) is not installed');

const TEST_DATA = join(import.meta.dirname, '..', 'kat', 'testdata');
const OWN_VECTORS = join(TEST_DATA, 'published.jsonl');
/** Every operation in its variants, with refusals; answers computed by OpenSSL from the standards, step by step. */
const INDEPENDENT_VECTORS = join(TEST_DATA, 'independent.jsonl');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'etika-kat-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function vectorsFile(...rows: readonly object[]): string {
  const file = join(directory, 'vectors.jsonl');
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  return file;
}

const KCV = { id: 'kcv', op: 'kcv.tdes_zero', inputs: { key: '0123456789ABCDEFFEDCBA9876543210' } };

describe.each(TOKENS)('known-answer tests on %s', (token) => {
  it('pass for the published vectors of the standards', async () => {
    const { results } = await runKnownAnswers(OWN_VECTORS, token);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(results.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(10);
  });

  it('agree with another implementation in every operation, and refuse what has to be refused', async () => {
    const { results } = await runKnownAnswers(INDEPENDENT_VECTORS, token);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(results.length).toBeGreaterThan(65);
    expect(results.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(400);
  });

  it.skipIf(!CORPUS_IS_HERE)('pass for every case of the corpus', async () => {
    const { results } = await runKnownAnswers(CORPUS, token);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(results.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(300);
  });

  it('count a wrong answer and a refusal that did not come as failed', async () => {
    const file = vectorsFile(
      { ...KCV, expected: { kcv: '08D7B5' } },
      { ...KCV, expected: { error: true } },
      { ...KCV, expected: { kcv: '08D7B4' } },
    );
    expect((await runKnownAnswers(file, token)).results).toMatchObject([{ passed: 1, failed: 2 }]);
  });

  it('count an unheard-of operation apart', async () => {
    const file = vectorsFile({ ...KCV, op: 'telepathy', expected: { thought: '42' } });
    expect((await runKnownAnswers(file, token)).results).toMatchObject([
      { passed: 0, failed: 0, unsupported: 1 },
    ]);
  });
});

it('tells which way ran: DUKPT inside softokn, its derived keys on the host beside SoftHSM', async () => {
  const strategies = async (token: SoftwareToken) => {
    const { results } = await runKnownAnswers(OWN_VECTORS, token);
    return Object.fromEntries(results.map(({ op, strategy }) => [op, strategy]));
  };
  expect(await strategies('softhsm')).toMatchObject({
    'dukpt.tdes.txn_key': 'host',
    'dukpt.aes.txn_key': 'token',
  });
  if (TOKENS.includes('nss')) {
    expect(await strategies('nss')).toMatchObject({
      'dukpt.tdes.txn_key': 'token',
      'pin.translate': 'token',
    });
  }
});

it('refuses to run in production, and a file that is not JSON lines', async () => {
  process.env['NODE_ENV'] = 'production';
  try {
    await expect(runKnownAnswers(OWN_VECTORS)).rejects.toMatchObject({ code: 'HSM_SETTINGS_INVALID' });
  } finally {
    process.env['NODE_ENV'] = 'test';
  }
  const file = join(directory, 'broken.jsonl');
  writeFileSync(file, '{"id":');
  await expect(runKnownAnswers(file, 'softhsm')).rejects.toThrow('line 1 is not JSON');
});
