-- The journal in days, its claims as hashes, and one lean statement for a flush.
--
-- A node of the release before this one is fenced by it: its leases end here, it stops, and the one that is started in its
-- place takes over what it left. (Its claims would be keys in clear, which nothing here looks for any more.)
update switch.lease set ended_at = now() where ended_at is null;

-- Days are counted from 1970-01-01, in UTC.

-- The day in which a transaction was made: a UUID of version 7 begins with the milliseconds since 1970-01-01.
create function switch.day_of(p_transaction uuid) returns integer
language sql immutable parallel safe as $$
  select (('x' || translate(left(p_transaction::text, 13), '-', ''))::bit(48)::bigint / 86400000)::integer;
$$;

-- Below every transaction of the day, and above all of the day before.
create function switch.first_of_day(p_day integer) returns uuid
language sql immutable parallel safe as $$
  select rpad(lpad(to_hex(p_day::bigint * 86400000), 12, '0'), 32, '0')::uuid;
$$;

-- ---------------------------------------------------------------------------------------------------------- the journal
-- A transaction is in the partition of the day in which it was made, with all of its entries, whenever they come. What was
-- written before stays where it is: one partition, up to tonight.
alter table switch.journal rename to journal_before;
alter table switch.journal_before rename constraint journal_pkey to journal_before_pkey;
alter table switch.journal_before drop constraint journal_epoch_sequence_key;
alter table switch.journal_before add column claims bytea;
create table switch.journal (
  transaction uuid not null,
  epoch bigint not null,
  sequence bigint not null,               -- within the epoch, in the order of commits; gaps are normal
  at timestamptz not null,                -- by the clock of the node
  version integer not null constraint journal_version_check check (version >= 1),
  kind text not null,
  body json not null,                     -- json, not jsonb: keeps the exact text
  link bytea,                             -- on the first entry of a flush: the link of the chain before that flush
  claims bytea,                           -- what it claimed: of each claim four bytes of the day and sixteen of the key
  primary key (transaction, version)
) partition by range (transaction);
create index journal_of_epoch on switch.journal (epoch, sequence);
-- What no day has been made for. It ought to be empty: `switch.make_days` says how much is in it.
create table switch.journal_rest partition of switch.journal default;
grant select, insert on switch.journal to etika_switch;
grant select on switch.journal to etika_auditor, etika_projector, etika_reconciler;

do $$
declare
  v_bound uuid := switch.first_of_day(floor(extract(epoch from now()) / 86400)::integer + 1);
begin
  if not exists (select from switch.journal_before) then
    drop table switch.journal_before;
    return;
  end if;
  with later as (
    delete from switch.journal_before where transaction >= v_bound returning *
  )
  insert into switch.journal_rest select * from later;
  execute format(
    'alter table switch.journal attach partition switch.journal_before for values from (minvalue) to (%L)', v_bound
  );
end $$;

-- ------------------------------------------------------------------------------------------------------------ the claims
-- A key is kept as the first sixteen bytes of SHA-256 over a secret, in hex, and its text: short, of one length, and a copy of the
-- database does not tell which terminals bought when. All nodes of a database must hash alike, so the secret is here.
create table switch.claim_secret (
  is_only boolean primary key default true check (is_only),
  secret bytea not null
);
insert into switch.claim_secret (secret)
  select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
grant select on switch.claim_secret to etika_switch;

-- A unique index holds within one partition only, so a claim is in the partition of the day that its key itself carries:
-- the date of the message, or of the original it names. A key without one is in day 0, which is never detached, where it
-- must be unique, and in the day of its transaction where it is only an alias (switch/journal/claim-names.ts).
alter table switch.claim rename to claim_1;  -- of epochs whose chain has the form 1: as it was hashed then
alter table switch.claim_1 rename constraint claim_pkey to claim_1_pkey;
alter index switch.claim_of_entry rename to claim_1_of_entry;
revoke insert on switch.claim_1 from etika_switch;
create table switch.claim (
  key uuid not null,
  transaction uuid not null,
  day integer not null,
  fingerprint text not null,
  primary key (key, day)
) partition by range (day);
create table switch.claim_rest partition of switch.claim default;
create table switch.claim_undated partition of switch.claim for values from (0) to (1);
grant select, insert on switch.claim to etika_switch;
grant select on switch.claim to etika_auditor;

-- The day nearest to another one that has this month and day (MMDD); null where there is none within half a year.
create function switch.nearest_day(p_mmdd text, p_near integer) returns integer
language sql immutable as $$
  select c.day
  from (
    select make_date(extract(year from date '1970-01-01' + p_near)::integer + y, 1, 1)
        + make_interval(months => left(p_mmdd, 2)::integer - 1, days => right(p_mmdd, 2)::integer - 1) as at
    from generate_series(-1, 1) y
    where left(p_mmdd, 2) between '01' and '12' and right(p_mmdd, 2) between '01' and '31'
  ) d
  cross join lateral (select (d.at::date - date '1970-01-01') as day) c
  where to_char(d.at, 'MMDD') = p_mmdd and abs(c.day - p_near) <= 184
  order by abs(c.day - p_near), c.day
  limit 1;
$$;

-- What was claimed before is claimed still. Fingerprints of requests are shorter now.
do $$
declare
  v_today integer := floor(extract(epoch from now()) / 86400)::integer;
begin
  if not exists (select from switch.claim_1) then
    return;
  end if;
  execute format('create table switch.claim_before partition of switch.claim for values from (1) to (%s)', v_today - 1);
  insert into switch.claim (key, transaction, day, fingerprint)
    select encode(substring(sha256(convert_to(encode(s.secret, 'hex') || c.key, 'UTF8')) for 16), 'hex')::uuid, c.transaction,
      coalesce(
        switch.nearest_day(substring(c.key from '\|(\d{4})\d{6}$'), switch.day_of(c.transaction)),
        case when c.key like '%|reference|%' then switch.day_of(c.transaction) else 0 end
      ),
      case when c.fingerprint ~ '^[0-9a-f]{64}$' and c.key !~ '\|0[35][0-9]{2}\|'
        then left(translate(encode(decode(c.fingerprint, 'hex'), 'base64'), '+/', '-_'), 22)
        else c.fingerprint
      end
    from switch.claim_1 c, switch.claim_secret s;
end $$;
drop function switch.nearest_day(text, integer);

-- --------------------------------------------------------------------------------------------------------------- the days
-- Makes the partitions of these days where there are none, and moves into them what came too early. Counts what no day has
-- been made for, up to a thousand. The switch calls it: it has no right to make tables itself, nor gets one.
create function switch.make_days(p_from integer, p_to integer, out made integer, out in_rest integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
  if p_to - p_from > 400 then
    raise exception 'from % to % are too many days', p_from, p_to using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtext('switch.make_days'));
  made := 0;
  for v_day in p_from..p_to loop
    made := made
      + switch.make_day('journal', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)))
      + switch.make_day('claim', 'day', v_day, v_day::text, (v_day + 1)::text);
  end loop;
  select count(*) into in_rest from (
    (select from switch.journal_rest limit 500) union all (select from switch.claim_rest limit 500)
  ) r;
end $$;

-- The partition is filled before it is attached: `create table … partition of` would hold up every flush meanwhile.
create function switch.make_day(p_table text, p_column text, p_day integer, p_low text, p_high text) returns integer
language plpgsql as $$
declare
  v_name text := p_table || to_char(date '1970-01-01' + p_day, '_YYYYMMDD');
  v_rest text := p_table || '_rest';
begin
  if to_regclass('switch.' || v_name) is not null then -- also where it was detached
    return 0;
  end if;
  execute format('create table switch.%I (like switch.%I including constraints including indexes)', v_name, p_table);
  execute format('lock table switch.%I in access exclusive mode', v_rest);
  execute format(
    'with early as (delete from switch.%I where %I >= %s and %I < %s returning *) insert into switch.%I select * from early',
    v_rest, p_column, p_low, p_column, p_high, v_name
  );
  execute format('alter table switch.%I attach partition switch.%I for values from (%s) to (%s)',
    p_table, v_name, p_low, p_high);
  return 1;
exception when invalid_object_definition then -- another partition has this day: what was there before there were days
  return 0;
end $$;
revoke execute on function switch.make_days(integer, integer), switch.make_day(text, text, integer, text, text) from public;
grant execute on function switch.make_days(integer, integer) to etika_switch;

-- -------------------------------------------------------------------------------------------------------------- the flush
-- What a flush brings: one text for its entries, one for its claims, one for its follow-ups. Lines end with the character
-- 30, their fields with 31, which stand in no JSON text and no name. One text is read several times as fast as an array for
-- each column, whose quotes would all be escaped; and JSON around JSON would have to decode what it is to keep to the letter.
create function switch.entries_in(p_lines text) returns table (
  sequence bigint, transaction uuid, version integer, at timestamptz, kind text, body json, claims bytea, link bytea
)
language sql stable as $$
  select f[3]::bigint, f[1]::uuid, f[2]::integer, to_timestamp(f[4]::double precision / 1000), f[5], f[6]::json,
    case when f[7] <> '' then decode(f[7], 'hex') end, case when f[8] <> '' then decode(f[8], 'hex') end
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) e;
$$;

create function switch.claims_in(p_lines text) returns table (
  key uuid, transaction uuid, day integer, fingerprint text, sequence bigint, is_unique boolean, place integer
)
language sql stable as $$
  select f[1]::uuid, f[2]::uuid, f[3]::integer, f[4], f[5]::bigint, f[6]::boolean, f[7]::integer
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) c;
$$;

create function switch.follow_ups_in(p_lines text) returns table (
  sequence bigint, transaction uuid, lane text, task text, attempt integer, delay_ms double precision, behind boolean
)
language sql stable as $$
  select f[1]::bigint, f[2]::uuid, f[3], f[4], f[5]::integer, f[6]::double precision, f[7]::boolean
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) j;
$$;

-- max_attempts: graphile-worker never gives a job up by itself; our worker parks it where people see it.
create function switch.queue_follow_ups(p_lines text, p_refused bigint[]) returns void
language plpgsql as $$
begin
  insert into graphile_worker._private_tasks (identifier)
    select distinct j.task || '@' || j.lane
    from switch.follow_ups_in(p_lines) j
    where not exists (select from graphile_worker._private_tasks t where t.identifier = j.task || '@' || j.lane)
    on conflict do nothing;
  insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts)
    select t.id,
      json_build_object(
        'transaction', j.transaction, 'lane', j.lane, 'attempt', j.attempt,
        'position', nextval('switch.follow_up_position'),
        'behind', j.behind
          or coalesce((
            select true from graphile_worker._private_jobs q
              where q.payload ->> 'transaction' = j.transaction::text and q.payload ->> 'lane' = j.lane limit 1
          ), false)
          or coalesce((
            select true from switch.parked_follow_up p where p.transaction = j.transaction and p.lane = j.lane limit 1
          ), false)
      ),
      now() + j.delay_ms * interval '1 millisecond', 32767
    from switch.follow_ups_in(p_lines) with ordinality
        as j (sequence, transaction, lane, task, attempt, delay_ms, behind, place)
      join graphile_worker._private_tasks t on t.identifier = j.task || '@' || j.lane
    where j.sequence <> all (p_refused)
    order by j.place;
  -- The rest is found when it is due: who is told now would look for nothing.
  if exists (select from switch.follow_ups_in(p_lines) j where j.delay_ms = 0) then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 1)::text);
  end if;
end $$;

-- Appends a flush of which nothing stands in the way, or nothing of it: where something does, that is a unique violation
-- (23505) of the journal or of the claims, and the node asks append_some. `on conflict` would cost every flush what it costs
-- to be asked twice seldom: each row is looked for before it is inserted, and marked as in doubt until it is.
-- Rows come in one order from every node, so that two of them seldom deadlock.
create function switch.append(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text
) returns void
language plpgsql as $$
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;
  insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
    select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body, e.link, e.claims
    from switch.entries_in(p_entry_lines) e;
  if p_claim_lines <> '' then
    insert into switch.claim (key, transaction, day, fingerprint)
      select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c;
  end if;
  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, '{}');
  end if;
end $$;

-- How a claim is named: four bytes of its day and its key, in hex.
create function switch.name_of_claim(p_day integer, p_key uuid) returns text
language sql immutable as $$
  select lpad(to_hex(p_day), 8, '0') || replace(p_key::text, '-', '');
$$;

-- Appends what it can of a flush and answers for the rest: one row for each entry that was not appended, with the first
-- of its unique keys that is taken, if any; and one without sequence for each alias that has an owner. No two entries of a
-- flush claim one key or are one version of a transaction.
--
-- What is at fault is looked up first (nothing is ever deleted: it will be at fault for ever), and the rest is inserted;
-- where another node was faster meanwhile, that is rolled back and looked up again. So an entry that is refused leaves no claim.
create function switch.append_some(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea
) returns table (sequence bigint, claim_name text, claimed_by uuid, fingerprint text)
language plpgsql as $$
declare
  v_refused bigint[];                   -- sequences of entries
  v_owned text[];                       -- names of aliases that have an owner
  v_before integer := -1;
  v_first bigint;                       -- of the sequences that are appended
  v_wanted integer;
  v_inserted integer;
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;
  loop
    v_refused := array(
      select e.sequence
        from switch.entries_in(p_entry_lines) e
        join switch.journal j on j.transaction = e.transaction and j.version = e.version
      union
      select c.sequence
        from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
        where c.is_unique
    );
    v_owned := array(
      select switch.name_of_claim(c.day, c.key)
        from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
        where not c.is_unique
    );
    if cardinality(v_refused) + cardinality(v_owned) = v_before then
      raise exception 'two entries of one flush exclude each other' using errcode = '22023';
    end if;
    v_before := cardinality(v_refused) + cardinality(v_owned);
    select min(e.sequence), count(*) into v_first, v_wanted
      from switch.entries_in(p_entry_lines) e where e.sequence <> all (v_refused);
    begin
      insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
        select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body,
          case when e.sequence = v_first then p_link end,
          (select decode(string_agg(switch.name_of_claim(c.day, c.key), '' order by c.place), 'hex')
            from switch.claims_in(p_claim_lines) c
            where c.sequence = e.sequence and switch.name_of_claim(c.day, c.key) <> all (v_owned))
        from switch.entries_in(p_entry_lines) e
        where e.sequence <> all (v_refused)
        on conflict do nothing;
      get diagnostics v_inserted = row_count;
      if v_inserted < v_wanted then
        raise sqlstate 'SWTAK';
      end if;

      select count(*) into v_wanted from switch.claims_in(p_claim_lines) c
        where c.sequence <> all (v_refused) and switch.name_of_claim(c.day, c.key) <> all (v_owned);
      insert into switch.claim (key, transaction, day, fingerprint)
        select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c
        where c.sequence <> all (v_refused) and switch.name_of_claim(c.day, c.key) <> all (v_owned)
        on conflict do nothing;
      get diagnostics v_inserted = row_count;
      if v_inserted < v_wanted then
        raise sqlstate 'SWTAK';
      end if;
      exit;
    exception when sqlstate 'SWTAK' then null;
    end;
  end loop;

  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, v_refused);
  end if;

  return query select null::bigint, o.name, null::uuid, null::text from unnest(v_owned) as o (name);
  return query
    select r.sequence, taken.name, taken.transaction, taken.fingerprint
    from unnest(v_refused) as r (sequence)
    left join lateral (
      select switch.name_of_claim(c.day, c.key) as name, k.transaction, k.fingerprint
      from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
      where c.sequence = r.sequence and c.is_unique
      order by c.place
      limit 1
    ) taken on true;
end $$;

-- As before; what the entries that are there have claimed stands in them.
create or replace function switch.attach_writer(
  p_epoch bigint, p_unsettled bigint[], out new_writer integer, out present bigint[], out claimed text[]
)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  select coalesce(array_agg(j.sequence), '{}'), coalesce(array_agg(encode(j.claims, 'hex')) filter (where j.claims is not null), '{}')
    into present, claimed
    from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled);
end $$;

-- For a node of the release before this one: its lease is over, and it gets no other.
drop function switch.append_entries(
  bigint, integer, bigint[], uuid[], integer[], text[], json[], double precision[], bigint[], uuid[], text[], text[],
  boolean[], bigint[], uuid[], text[], text[], double precision[], integer[], boolean[]
);
create or replace function switch.append_entries(
  p_epoch bigint, p_writer integer, p_sequences bigint[], p_transactions uuid[], p_versions integer[], p_kinds text[],
  p_bodies json[], p_times double precision[], p_claim_sequences bigint[], p_claim_transactions uuid[],
  p_claim_keys text[], p_claim_fingerprints text[], p_claim_unique boolean[], p_job_sequences bigint[],
  p_job_transactions uuid[], p_job_tasks text[], p_job_lanes text[], p_job_delays double precision[],
  p_job_attempts integer[], p_job_behind boolean[], p_link bytea
) returns table (sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
language plpgsql as $$
begin
  raise exception 'a node of an earlier release writes no more' using errcode = 'SWFEN';
end $$;
drop function switch.open_lease(text, double precision);
create or replace function switch.open_lease(p_node text, p_lease_ms double precision, p_chain smallint) returns bigint
language plpgsql as $$
declare
  v_epoch bigint;
begin
  if p_chain < 2 then
    raise exception 'a node of an earlier release writes no more' using errcode = 'SWFEN';
  end if;
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at, chain)
    values (p_node, now() + p_lease_ms * interval '1 millisecond', p_chain)
    returning epoch into v_epoch;
  return v_epoch;
end $$;
