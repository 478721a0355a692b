import { Client } from 'pg';
import { switchConnection } from '../database/connection.ts';
import { claimsOf } from './claims-of.ts';
import { ENTRY_COLUMNS, type EntryRow, entryOf } from './entry-row.ts';
import type { EpochFacts, Evidence } from './evidence.ts';

const AUDITOR_ROLE = 'etika_auditor';
const PAGE = 1_000;
const FIRST = '-9223372036854775808'; // no node writes one below 1, and one that is there must be seen
const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000';
const STATEMENT_MS = 600_000;
/** Claims without an entry that are told at most; one is enough to know. */
const MAX_STRAY = 100;

/** Epochs of leases, and of entries and claims that no lease accounts for. */
const EPOCHS = `
  with recursive of_journal as (
    (select epoch from switch.journal order by epoch limit 1)
    union all
    select (select j.epoch from switch.journal j where j.epoch > o.epoch order by j.epoch limit 1)
      from of_journal o where o.epoch is not null
  ), of_claim as (
    (select epoch from switch.claim_1 where epoch is not null order by epoch limit 1)
    union all
    select (select c.epoch from switch.claim_1 c where c.epoch > o.epoch order by c.epoch limit 1)
      from of_claim o where o.epoch is not null
  ), known as (
    select epoch from switch.lease
    union select epoch from of_journal where epoch is not null
    union select epoch from of_claim where epoch is not null
  )
  select epoch, l.node, l.chain, l.ended_at is not null as "isEnded"
    from known left join switch.lease l using (epoch) order by epoch`;
/** No index makes a sequence unique any more: one that stands there twice must not hide at the end of a page. */
const ENTRIES = {
  name: 'entries',
  text: `select ${ENTRY_COLUMNS} from switch.journal j
    where j.epoch = $1 and j.sequence >= $2 and (j.sequence, j.transaction, j.version) > ($2, $3, $4)
    order by j.sequence, j.transaction, j.version limit ${PAGE}`,
};
/** Behind the last entry that was read. In one statement, since a running epoch grows meanwhile. */
const STRAY = {
  name: 'stray-claims',
  text: `select c.key, c.sequence from switch.claim_1 c
    where c.epoch = $1 and (c.sequence > $2 or c.sequence is null) and not exists (
      select from switch.journal j where j.epoch = c.epoch and j.sequence = c.sequence
    ) limit ${MAX_STRAY}`,
};
/** A claim without an epoch is from before there were chains; these have a transaction that is not as old. */
const UNCHAINED_STRAY = `
  select c.key from switch.claim_1 c
    where c.epoch is null and not exists (
      select from switch.journal j join switch.lease l using (epoch) where j.transaction = c.transaction and l.chain is null
    ) limit ${MAX_STRAY}`;

/**
 * A page of all claims that are kept, with what is wrong about each: no entry of its transaction says that it made it,
 * nor is it the copy of one that the first form kept. They are not kept by epoch, so they are read in the order of
 * their primary key, a page at a time: one statement over all of them was simpler, and took longer than statements
 * may. Claims of transactions older than the form in which entries say what they claimed were let pass before; each
 * has to be there in the first form as well, where the chain covers it.
 */
const UNSAID_PAGE = 10_000;
const UNSAID_STRAY = {
  name: 'unsaid-claims',
  text: `select c.key as at_key, c.day as at_day, switch.name_of_claim(c.day, c.key) as key, not (
      exists (
        select from switch.journal j
          where j.transaction = c.transaction and position(int4send(c.day) || uuid_send(c.key) in j.claims) > 0
      ) or exists (
        select from switch.claim_1 o where o.transaction = c.transaction and switch.hash_of_claim(o.key) = c.key
      )
    ) as "isStray"
    from switch.claim c where (c.key, c.day) > ($1::uuid, $2::integer)
    order by c.key, c.day limit ${UNSAID_PAGE}`,
};

interface ClaimPlace {
  readonly at_key: string;
  readonly at_day: number;
  readonly key: string;
  readonly isStray: boolean;
}

/** Reads the whole journal page by page: it never changes, so no snapshot is held. @throws what the database says */
export async function* databaseEvidence(databaseUrl: string): AsyncGenerator<Evidence> {
  const client = new Client(switchConnection(databaseUrl, 'etika-audit', STATEMENT_MS, AUDITOR_ROLE));
  client.on('error', () => {}); // the query at work fails, and says so
  await client.connect();
  try {
    await client.query('set default_transaction_read_only = on');
    const { rows } = await client.query<EpochFacts & { epoch: string }>(EPOCHS);
    for (const row of rows) yield* epochEvidence(client, { ...row, epoch: Number(row.epoch) });
    const claims = await client.query<{ key: string }>(UNCHAINED_STRAY);
    for (const { key } of claims.rows) yield { stray: { key, sequence: null }, of: null };
    yield* unsaidClaims(client);
  } finally {
    await client.end();
  }
}

async function* unsaidClaims(client: Client): AsyncGenerator<Evidence> {
  let [key, day] = [NO_TRANSACTION, -2_147_483_648];
  let told = 0;
  for (let isMore = true; isMore && told < MAX_STRAY; ) {
    const { rows } = await client.query<ClaimPlace>({ ...UNSAID_STRAY, values: [key, day] });
    for (const stray of rows.filter(({ isStray }) => isStray).slice(0, MAX_STRAY - told)) {
      told += 1;
      yield { stray: { key: stray.key, sequence: null }, of: null };
    }
    const last = rows.at(-1);
    isMore = rows.length === UNSAID_PAGE;
    if (last) [key, day] = [last.at_key, last.at_day];
  }
}

async function* epochEvidence(client: Client, facts: EpochFacts): AsyncGenerator<Evidence> {
  const { epoch } = facts;
  yield { epoch: facts };
  let after = FIRST;
  let place: Pick<EntryRow, 'transaction' | 'version'> = { transaction: NO_TRANSACTION, version: 0 };
  for (let isMore = true; isMore; ) {
    const values = [epoch, after, place.transaction, place.version];
    const { rows } = await client.query<EntryRow>({ ...ENTRIES, values });
    const last = rows.at(-1)?.sequence ?? after;
    place = rows.at(-1) ?? place;
    const claims = await claimsOf(client, facts, rows, after);
    for (const row of rows) yield { entry: entryOf(row, claims.of(row)) };
    for (const stray of claims.strays) yield { stray, of: epoch };
    isMore = rows.length === PAGE;
    after = last;
  }
  const { rows } = await client.query<{ key: string; sequence: string | null }>({
    ...STRAY,
    values: [epoch, after],
  });
  for (const { key, sequence } of rows) {
    yield { stray: { key, sequence: sequence === null ? null : Number(sequence) }, of: epoch };
  }
}
