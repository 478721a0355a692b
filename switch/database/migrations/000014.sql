-- Counters of what limits allow, a queue in which nothing is held up for ever, and days that are made with care.

-- ------------------------------------------------------------------------------------------------------------ counters
-- What was taken of an allowance: so many, of so much together. A row is raised in the commit of the entry that takes of
-- it, which is the record: the sum of those entries is what stands here. Before, each that was taken claimed the next
-- link of a chain, and of a hundred who came at once ninety-nine had to try again.
-- A node of the release before counts by its chain as long as it runs: until it is replaced each may give the whole limit.
create table switch.allowance (
  key uuid primary key,                   -- hashed as a claim's key
  count bigint not null check (count >= 0),
  minor_units bigint not null check (minor_units >= 0),
  used_at timestamptz not null default now()
) with (fillfactor = 50);
grant select, insert, update on switch.allowance to etika_switch;
grant select on switch.allowance to etika_auditor;

-- What was taken today and yesterday counts.
insert into switch.allowance (key, count, minor_units)
  select encode(substring(sha256(convert_to(
        encode(s.secret, 'hex') || regexp_replace(t.link, '\|\d+$', ''), 'UTF8')) for 16), 'hex')::uuid,
      count(*), sum((j.body ->> 'minorUnits')::bigint)
    from switch.claim_secret s, switch.journal j
      cross join lateral json_array_elements_text(j.body -> 'taken') as t (link)
    where j.kind = 'stand-in-reserved'
      and j.transaction >= switch.first_of_day(floor(extract(epoch from now()) / 86400)::integer - 1)
    group by 1;

create function switch.takes_in(p_lines text) returns table (
  sequence bigint, place integer, key uuid, minor_units bigint, max_count bigint, max_minor_units bigint
)
language sql stable as $$
  select f[1]::bigint, f[2]::integer, f[3]::uuid, f[4]::bigint, f[5]::bigint, f[6]::bigint
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) t;
$$;

-- A flush in which some entries take of allowances. Each takes all that it asks for, or none and is not appended: its row
-- says which of what it asked for had too little left. The others are appended as ever. Whoever takes of a counter waits
-- for those who were first for no longer than their commit; counters are locked in one order, before anything is written.
create function switch.append_counted(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea,
  p_take_lines text
) returns table (sequence bigint, claim_name text, claimed_by uuid, fingerprint text, exhausted integer)
language plpgsql as $$
#variable_conflict use_column
declare
  v_take record;
  v_of bigint := -1;                      -- the entry whose takes are at hand
  v_keys uuid[];                          -- what it has taken so far
  v_amounts bigint[];
  v_exhausted bigint[] := '{}';           -- sequences of entries
  v_refused bigint[] := '{}';
  v_row record;
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;

  insert into switch.allowance (key, count, minor_units)
    select distinct t.key, 0, 0 from switch.takes_in(p_take_lines) t order by t.key
    on conflict do nothing;
  perform from switch.allowance a
    where a.key in (select t.key from switch.takes_in(p_take_lines) t) order by a.key for update;

  for v_take in select * from switch.takes_in(p_take_lines) t order by t.sequence, t.place loop
    if v_take.sequence <> v_of then
      v_of := v_take.sequence;
      v_keys := '{}';
      v_amounts := '{}';
    elsif v_of = any (v_exhausted) then
      continue;
    end if;
    update switch.allowance a
      set count = a.count + 1, minor_units = a.minor_units + v_take.minor_units, used_at = now()
      where a.key = v_take.key and a.count < v_take.max_count
        and a.minor_units + v_take.minor_units <= v_take.max_minor_units;
    if found then
      v_keys := v_keys || v_take.key;
      v_amounts := v_amounts || v_take.minor_units;
    else
      update switch.allowance a set count = a.count - 1, minor_units = a.minor_units - g.amount
        from unnest(v_keys, v_amounts) as g (key, amount) where a.key = g.key;
      v_exhausted := v_exhausted || v_of;
      return query select v_of, null::text, null::uuid, null::text, v_take.place;
    end if;
  end loop;

  for v_row in
    select * from switch.append_some(
      p_epoch, p_writer,
      switch.lines_without(p_entry_lines, 3, v_exhausted), switch.lines_without(p_claim_lines, 5, v_exhausted),
      switch.lines_without(p_follow_up_lines, 1, v_exhausted), p_link
    )
  loop
    if v_row.sequence is not null then
      v_refused := v_refused || v_row.sequence;
    end if;
    return query select v_row.sequence, v_row.claim_name, v_row.claimed_by, v_row.fingerprint, null::integer;
  end loop;

  if v_refused <> '{}' then
    update switch.allowance a set count = a.count - g.times, minor_units = a.minor_units - g.amount
      from (
        select t.key, count(*) as times, sum(t.minor_units) as amount
          from switch.takes_in(p_take_lines) t where t.sequence = any (v_refused) group by t.key
      ) g where a.key = g.key;
  end if;
end $$;

-- Lines of a flush without those of some entries; `p_field` is where they have their sequence.
create function switch.lines_without(p_lines text, p_field integer, p_sequences bigint[]) returns text
language sql immutable as $$
  select case when p_sequences = '{}' then p_lines else coalesce((
    select string_agg(l.line, E'\x1e' order by l.place)
      from string_to_table(p_lines, E'\x1e') with ordinality as l (line, place)
      where split_part(l.line, E'\x1f', p_field)::bigint <> all (p_sequences)
  ), '') end;
$$;

-- ------------------------------------------------------------------------------------------------------------ follow-ups
-- As before, but one that is parked holds up only those whose tasks wait for it (switch/follow-up/queue-order.ts).
create function switch.follow_up_before(p_transaction uuid, p_lane text, p_position bigint, p_waits_for_all boolean, p_waits_for text[])
returns table (before bigint, parked boolean, due_in_ms double precision)
language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
  select p.position, true, 0
    from switch.parked_follow_up p
    where p.transaction = p_transaction and p.lane = p_lane and p.position < p_position
      and (p_waits_for_all or p.task = any (p_waits_for))
  union all
  select (j.payload ->> 'position')::bigint, false,
      greatest(0, extract(epoch from j.run_at - now())::double precision * 1000)
    from graphile_worker._private_jobs j
    where j.payload ->> 'transaction' = p_transaction::text and j.payload ->> 'lane' = p_lane
      and (j.payload ->> 'position')::bigint < p_position
  order by 1
  limit 1;
$$;

-- As before, but the attempts are counted anew: what was parked after its last one would be parked again by the next
-- silence. Where it was tried more than once it goes on with the second, which says that it is a repeat.
create or replace function switch.replay_follow_up(p_position bigint) returns bigint
language plpgsql as $$
declare
  v_queued bigint;
begin
  with gone as (
    delete from switch.parked_follow_up p
      using switch.parked_follow_up first
      where first.position = p_position and p.transaction = first.transaction and p.lane = first.lane
        and p.position >= first.position
      returning p.*
  )
  insert into graphile_worker._private_jobs (task_id, payload, max_attempts)
    select t.id,
      json_build_object(
        'transaction', g.transaction, 'lane', g.lane, 'attempt', least(g.attempt, 2), 'position', g.position,
        'behind', true
      ),
      32767
    from gone g join graphile_worker._private_tasks t on t.identifier = g.task || '@' || g.lane
    order by g.position;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', v_queued)::text);
  end if;
  return v_queued;
end $$;

-- Whatever is parked again is an alert again, though it was tried as often as the first time.
create or replace function switch.alert_of_parked_follow_up() returns trigger language plpgsql as $$
begin
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'parked:' || new.position || ':' || floor(extract(epoch from new.parked_at) * 1000),
      'follow-up-parked',
      'inconsistency',
      new.task || ' in lane ' || new.lane,
      new.reason,
      new.transaction
    )
    on conflict (key) do nothing;
  return null;
end $$;

-- Queues up to so many of what was parked before a moment again, the oldest first: all, or those of a lane, of a task, or
-- whose reason contains a text. What is parked behind one of them in its transaction and lane goes along, in its order.
-- They begin one after the other, some milliseconds apart and after p_begun others: what was away a moment ago should not
-- meet them all at once. What is parked anew meanwhile is left: so whoever asks until nothing is left comes to an end.
create function switch.replay_parked(
  p_before timestamptz, p_lane text, p_task text, p_reason text, p_limit integer, p_apart_ms double precision, p_begun bigint
) returns bigint
language plpgsql as $$
declare
  v_queued bigint;
begin
  with first as (
    select p.transaction, p.lane, min(p.position) as position
      from (
        select w.transaction, w.lane, w.position from switch.parked_follow_up w
          where w.parked_at <= p_before
            and (p_lane is null or w.lane = p_lane) and (p_task is null or w.task = p_task)
            and (p_reason is null or position(p_reason in w.reason) > 0)
          order by w.position limit p_limit
      ) p
      group by p.transaction, p.lane
  ), gone as (
    delete from switch.parked_follow_up p using first f
      where p.transaction = f.transaction and p.lane = f.lane and p.position >= f.position
      returning p.*
  ), numbered as (
    select g.*, row_number() over (order by g.position) + p_begun - 1 as before_it from gone g
  )
  insert into graphile_worker._private_jobs (task_id, payload, max_attempts, run_at)
    select t.id,
      json_build_object(
        'transaction', g.transaction, 'lane', g.lane, 'attempt', least(g.attempt, 2), 'position', g.position,
        'behind', true
      ),
      32767, now() + g.before_it * p_apart_ms * interval '1 millisecond'
    from numbered g join graphile_worker._private_tasks t on t.identifier = g.task || '@' || g.lane
    order by g.position;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', v_queued)::text);
  end if;
  return v_queued;
end $$;

-- ------------------------------------------------------------------------------------------------------------------ days
-- As before, within 1,000 days of today by the database's own clock: whoever may call it could fill the disk with tables of
-- days that never come. A flush never waits long behind it: who does not get its locks in a moment gives up, and the node
-- asks again soon. What was not counted for long is forgotten.
create or replace function switch.make_days(p_from integer, p_to integer, out made integer, out in_rest integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '50ms'
as $$
declare
  v_today integer := floor(extract(epoch from now()) / 86400)::integer;
begin
  if p_from < v_today - 1000 or p_to > v_today + 1000 or p_to - p_from > 400 then
    raise exception 'days from % to % are too many, or too far from today (%)', p_from, p_to, v_today
      using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtext('switch.make_days'));
  made := 0;
  for v_day in p_from..p_to loop
    made := made
      + switch.make_day('journal', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)))
      + switch.make_day('claim', 'day', v_day, v_day::text, (v_day + 1)::text)
      + switch.make_day('projected_transaction', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)));
  end loop;
  select count(*) into in_rest from (
    (select from switch.journal_rest limit 500) union all (select from switch.claim_rest limit 500)
      union all (select from switch.projected_transaction_rest limit 500)
  ) r;
  delete from switch.allowance a
    where a.key in (select o.key from switch.allowance o where o.used_at < now() - interval '40 days' limit 10000);
end $$;

-- ----------------------------------------------------------------------------------------------------------------- alerts
-- What waits too long is told to people: follow-ups that are due, entries that are not projected.
alter table switch.alert drop constraint alert_kind_check;
alter table switch.alert add constraint alert_kind_check
  check (kind in ('degraded-mode', 'follow-up-parked', 'case', 'late-work'));

-- Transactions that a projector could not read, since an entry has a form that its release does not know. They are left
-- out, and tried again whenever a projector begins: after an upgrade they are read.
create table switch.unread_transaction (
  transaction uuid primary key,
  reason text not null,
  seen_at timestamptz not null default now()
);
grant select, insert, delete on switch.unread_transaction to etika_projector;
grant select on switch.unread_transaction to etika_switch;

-- ------------------------------------------------------------------------------------------------------------------ audit
-- The key of a claim as it is kept, for whoever compares claims of the first form with their copies. It tells no key from
-- its hash.
create function switch.hash_of_claim(p_key text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select encode(substring(sha256(convert_to(encode(s.secret, 'hex') || p_key, 'UTF8')) for 16), 'hex')::uuid
    from switch.claim_secret s;
$$;
revoke execute on function switch.hash_of_claim(text) from public;
grant execute on function switch.hash_of_claim(text) to etika_auditor;
create index claim_1_of_transaction on switch.claim_1 (transaction);
