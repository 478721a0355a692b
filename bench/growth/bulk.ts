import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { bodyText } from '../../switch/journal/body-form.ts';
import { purchase } from './purchase.ts';

/** Days that hold what is stored, today among them. */
export const DAYS = 10;
const CHUNK = 50_000;
/** Of what is stored in bulk: a lease that is over, whose node kept no chain. */
const EPOCH = 1;

const today = () => Math.floor(Date.now() / 86_400_000);

/** A lease for what is loaded, read to its end by a projector; and the days. */
export async function prepare(client: Client): Promise<void> {
  await client.query(`
    insert into switch.lease (node, expires_at, ended_at, settled_at) values ('bulk', now(), now(), now());
    insert into switch.projection_cursor values (${EPOCH}, 9007199254740991, true)`);
  await client.query('select switch.make_days($1, $2)', [today() - DAYS + 1, today() + 1]);
  await client.query(`
    do $$
    declare
      v_table regclass;
    begin
      for v_table in
        select t.relid from unnest(array['switch.journal', 'switch.claim', 'switch.projected_transaction']::regclass[]) n (name)
          cross join pg_partition_tree(n.name) t where t.isleaf
      loop
        execute format('alter table %s set (autovacuum_enabled = off)', v_table);
      end loop;
    end $$`);
}

/**
 * Purchases in the form of real ones, of one length with them: what differs is who they are, and their keys.
 * @param from how many there are
 */
export async function load(
  client: Client,
  from: number,
  to: number,
  told: (stored: number) => void,
): Promise<void> {
  const { entries, row } = purchase(randomUUID(), '1129120000');
  const columns = Object.keys(row);
  const [claim] = entries[0]?.claims ?? [];
  const values = [
    entries.map(({ kind }) => kind),
    entries.map(({ kind, body, transaction }) => bodyText(kind, body, transaction)),
    claim?.fingerprint ?? '',
    JSON.stringify(row),
  ];
  const chunk = Math.min(CHUNK, Math.max(1_000, Math.floor(to / DAYS)));
  for (let stored = from; stored < to; stored += chunk) {
    const last = Math.min(to, stored + chunk);
    const day = today() - (Math.floor(stored / chunk) % DAYS);
    await client.query(insertion(columns), [stored, last, day, ...values]);
    told(last);
  }
}

function insertion(columns: readonly string[]): string {
  return `
    with made as materialized (
      select n, ms, md5(random()::text)::uuid as a, md5(random()::text)::uuid as b, md5(random()::text)::uuid as c,
        (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid
          as transaction
      from generate_series($1::bigint + 1, $2::bigint) n
      cross join lateral (select $3::bigint * 86400000 + (n - $1) * 86400000 / ($2::bigint - $1 + 1) as ms) m
    ), entries as (
      insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, claims)
        select transaction, ${EPOCH}, n * 3 + v, to_timestamp(ms / 1000.0), v, ($4::text[])[v], (($5::text[])[v])::json,
          case when v = 1 then int4send($3::integer) || uuid_send(a) || int4send($3::integer) || uuid_send(b)
            || int4send($3::integer) || uuid_send(c) end
        from made cross join generate_series(1, 3) v
    ), claims as (
      insert into switch.claim (key, transaction, day, fingerprint)
        select k, transaction, $3::integer, $6::text from made cross join lateral (values (a), (b), (c)) x (k)
    )
    insert into switch.projected_transaction (${columns.join(', ')})
      select ${columns.map((name) => (name === 'transaction' ? 'made.transaction' : `r.${name}`)).join(', ')}
      from made cross join json_populate_record(null::switch.projected_transaction, $7::json) r`;
}
