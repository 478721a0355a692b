import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import {
  ApplicationPayments,
  PAGE_OF_PAYMENTS,
  type PageWanted,
  pageValues,
  standingOf,
} from './application-payments.ts';

const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const wanted = (more: Partial<PageWanted> = {}): PageWanted => ({
  merchant: 'MERCHANT0000001',
  from: FIRST,
  to: LAST,
  limit: 100,
  ...more,
});

let database: TestDatabase;
let client: Client;
let pages: ApplicationPayments;

beforeAll(async () => {
  database = await freshDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  pages = new ApplicationPayments(database.url, silentLog);
  const put = (id: number, more: object = {}) => {
    const row = {
      transaction: `00000000-0000-7000-8000-${String(id).padStart(12, '0')}`,
      version: 2,
      kind: 'purchase',
      state: 'approved',
      listener: 'gateway',
      terminal: 'GATEWAY1',
      merchant: 'MERCHANT0000001',
      stan: '000001',
      rrn: `6328120000${String(id).padStart(2, '0')}`,
      transmitted_at: '',
      masked_pan: '',
      card_reference: '',
      network: 'visa',
      network_state: 'approved',
      pop_state: 'accepted',
      is_enrolled: true,
      currency: '978',
      asked: 100 + id,
      approved: 100,
      captured: 0,
      standing: 100,
      network_amount: 100,
      response_code: '00',
      business_date: '2026-11-23',
      opened_at: '2026-11-23T12:00:00Z',
      cases: [],
      ...more,
    };
    const names = Object.keys(row);
    const places = names.map((_, index) => `$${index + 1}`);
    const text = `insert into switch.projected_transaction (${names.join(', ')}) values (${places.join(', ')})`;
    return client.query(text, Object.values(row));
  };
  for (let id = 1; id <= 5; id += 1) await put(id);
  await put(6, { merchant: 'MERCHANT0000002' });
  await put(7, { listener: 'terminals-ascii' });
  await put(8, { kind: 'pre-authorisation' });
});

afterAll(async () => {
  await pages?.close();
  await client?.end();
  await database?.drop();
});

const idsOf = async (more: Partial<PageWanted> = {}) =>
  (await pages.page(wanted(more))).map(({ transaction }) => Number(transaction.slice(-4)));

describe('a page of payments', () => {
  test('has the newest of one merchant’s applications first, and no terminal’s', async () => {
    expect(await idsOf()).toEqual([8, 5, 4, 3, 2, 1]);
    expect(await idsOf({ merchant: 'MERCHANT0000002' })).toEqual([6]);
    expect(await idsOf({ merchant: 'MERCHANT0000003' })).toEqual([]);
  });

  test('begins behind a payment, and ends at its limit', async () => {
    const after = '00000000-0000-7000-8000-000000000004';
    expect(await idsOf({ after, limit: 2 })).toEqual([3, 2]);
    expect(await idsOf({ from: after })).toEqual([8, 5, 4]);
  });

  test('is of those with a standing, or a reference', async () => {
    expect(await idsOf({ standings: [standingOf('approved', 'accepted', true)] })).toEqual([8]);
    expect(await idsOf({ standings: [] })).toEqual([]);
    expect(await idsOf({ rrn: '632812000003' })).toEqual([3]);
  });

  test('has amounts as numbers', async () => {
    expect(await pages.page(wanted({ rrn: '632812000003' }))).toMatchObject([
      { asked: 103, standing: 100, isHold: false, responseCode: '00', approvalCode: null },
    ]);
  });

  test('is read by its index, in its order: nothing is sorted, and no other merchant’s row is looked at', async () => {
    await client.query('set enable_seqscan = off; set enable_bitmapscan = off');
    const values = pageValues(wanted());
    const { rows } = await client.query(`explain ${PAGE_OF_PAYMENTS}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan Backward using \w*merchant_transaction_idx\w*/);
    expect(plan).toMatch(/Index Cond: \(\(merchant = /);
    expect(plan).not.toMatch(/Sort/);
  });
});
