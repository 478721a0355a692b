-- The schema after all migrations, written by `npm run schema:dump`. Not to be edited.

-- types

create type switch.follow_up as (transaction uuid, lane text, task text, attempt integer, delay_ms double precision);

-- tables

create table switch.claim (
  key text not null,
  fingerprint text not null,
  transaction uuid not null
);
create table switch.follow_up_worker (
  pool text not null,
  renewed_at timestamp with time zone not null
);
create table switch.journal (
  transaction uuid not null,
  epoch bigint not null,
  sequence bigint not null,
  at timestamp with time zone not null,
  version integer not null,
  kind text not null,
  body json not null
);
create table switch.lease (
  epoch bigint not null generated always as identity,
  node text not null,
  opened_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  writer integer not null default 0,
  low_water bigint not null default 1,
  settled_at timestamp with time zone
);
create table switch.migration (
  number integer not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now()
);
create table switch.parked_follow_up (
  "position" bigint not null,
  transaction uuid not null,
  lane text not null,
  task text not null,
  attempt integer not null,
  reason text not null,
  parked_at timestamp with time zone not null default now()
);

-- sequences

create sequence switch.follow_up_position;
create sequence switch.lease_epoch_seq;

-- constraints

alter table switch.claim add constraint claim_pkey PRIMARY KEY (key);
alter table switch.follow_up_worker add constraint follow_up_worker_pkey PRIMARY KEY (pool);
alter table switch.journal add constraint journal_epoch_sequence_key UNIQUE (epoch, sequence);
alter table switch.journal add constraint journal_pkey PRIMARY KEY (transaction, version);
alter table switch.journal add constraint journal_version_check CHECK ((version >= 1));
alter table switch.lease add constraint lease_node_check CHECK ((node ~ '^[A-Za-z0-9._-]{1,64}$'::text));
alter table switch.lease add constraint lease_pkey PRIMARY KEY (epoch);
alter table switch.migration add constraint migration_pkey PRIMARY KEY (number);
alter table switch.parked_follow_up add constraint parked_follow_up_pkey PRIMARY KEY ("position");

-- indexes

CREATE INDEX follow_up_transaction ON graphile_worker._private_jobs USING btree (((payload ->> 'transaction'::text)));
CREATE INDEX lease_unsettled ON switch.lease USING btree (epoch) WHERE (settled_at IS NULL);
CREATE INDEX parked_follow_up_transaction ON switch.parked_follow_up USING btree (transaction);
CREATE UNIQUE INDEX lease_one_open_per_node ON switch.lease USING btree (node) WHERE (ended_at IS NULL);

-- functions

CREATE OR REPLACE FUNCTION switch.add_follow_ups(p_follow_ups switch.follow_up[])
 RETURNS void
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
begin
  perform graphile_worker.add_jobs(
    array(
      select switch.follow_up_job(
        f.task, f.transaction, f.lane, f.attempt, nextval('switch.follow_up_position'),
        row_number() over (partition by f.transaction, f.lane order by f.place) > 1
          -- subqueries, not exists (…): that might be planned as a hash of the whole table
          or coalesce((
            select true from graphile_worker._private_jobs j
              where j.payload ->> 'transaction' = f.transaction::text and j.payload ->> 'lane' = f.lane
              limit 1
          ), false)
          or coalesce((
            select true from switch.parked_follow_up p where p.transaction = f.transaction and p.lane = f.lane limit 1
          ), false),
        f.delay_ms
      )
      from unnest(p_follow_ups) with ordinality as f (transaction, lane, task, attempt, delay_ms, place)
    )
  )
  where cardinality(p_follow_ups) > 0;
end $function$
;
CREATE OR REPLACE FUNCTION switch.append_entries(p_epoch bigint, p_writer integer, p_sequences bigint[], p_transactions uuid[], p_versions integer[], p_kinds text[], p_bodies json[], p_times double precision[], p_claim_sequences bigint[], p_claim_transactions uuid[], p_claim_keys text[], p_claim_fingerprints text[], p_claim_unique boolean[], p_job_sequences bigint[], p_job_transactions uuid[], p_job_tasks text[], p_job_lanes text[], p_job_delays double precision[], p_job_attempts integer[])
 RETURNS TABLE(sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_refused bigint[] := '{}';
  v_before integer;
  v_inserted integer;
  v_expected integer;
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;

  loop
    begin
      insert into switch.journal (transaction, epoch, sequence, at, version, kind, body)
        select e.transaction, p_epoch, e.sequence, to_timestamp(e.at_ms / 1000), e.version, e.kind, e.body
        from unnest(p_transactions, p_sequences, p_times, p_versions, p_kinds, p_bodies)
          as e (transaction, sequence, at_ms, version, kind, body)
        where e.sequence <> all (v_refused)
        order by e.transaction, e.version
        on conflict (transaction, version) do nothing;
      get diagnostics v_inserted = row_count;
      if v_inserted < cardinality(p_sequences) - cardinality(v_refused) then
        raise sqlstate 'SWTAK';
      end if;

      if true = any (p_claim_unique) then
        insert into switch.claim (key, fingerprint, transaction)
          select c.key, c.fingerprint, c.transaction
          from unnest(p_claim_sequences, p_claim_keys, p_claim_fingerprints, p_claim_transactions, p_claim_unique)
            as c (sequence, key, fingerprint, transaction, is_unique)
          where c.is_unique and c.sequence <> all (v_refused)
          order by c.key
          on conflict (key) do nothing;
        get diagnostics v_inserted = row_count;
        select count(*) into v_expected
          from unnest(p_claim_sequences, p_claim_unique) as c (sequence, is_unique)
          where c.is_unique and c.sequence <> all (v_refused);
        if v_inserted < v_expected then
          raise sqlstate 'SWTAK';
        end if;
      end if;
      exit;
    exception when sqlstate 'SWTAK' then
      v_before := cardinality(v_refused);
      v_refused := array(
        select e.sequence
          from unnest(p_sequences, p_transactions, p_versions) as e (sequence, transaction, version)
          join switch.journal j on j.transaction = e.transaction and j.version = e.version
        union
        select c.sequence
          from unnest(p_claim_sequences, p_claim_keys, p_claim_unique) as c (sequence, key, is_unique)
          join switch.claim k on k.key = c.key
          where c.is_unique
      );
      if cardinality(v_refused) = v_before then
        raise exception 'two entries of one flush exclude each other' using errcode = '22023';
      end if;
    end;
  end loop;

  if false = any (p_claim_unique) then
    insert into switch.claim (key, fingerprint, transaction)
      select c.key, c.fingerprint, c.transaction
      from unnest(p_claim_sequences, p_claim_keys, p_claim_fingerprints, p_claim_transactions, p_claim_unique)
        as c (sequence, key, fingerprint, transaction, is_unique)
      where not c.is_unique and c.sequence <> all (v_refused)
      order by c.key
      on conflict (key) do nothing;
  end if;

  if cardinality(p_job_sequences) > 0 then
    perform switch.add_follow_ups(
      array(
        select (j.transaction, j.lane, j.task, j.attempt, j.delay_ms)::switch.follow_up
        from unnest(p_job_sequences, p_job_transactions, p_job_lanes, p_job_tasks, p_job_attempts, p_job_delays)
          with ordinality as j (sequence, transaction, lane, task, attempt, delay_ms, place)
        where j.sequence <> all (v_refused)
        order by j.place
      )
    );
  end if;

  return query
    select r.sequence, taken.key, taken.transaction, taken.fingerprint
    from unnest(v_refused) as r (sequence)
    left join lateral (
      select k.key, k.transaction, k.fingerprint
      from unnest(p_claim_sequences, p_claim_keys, p_claim_unique)
        with ordinality as c (sequence, key, is_unique, place)
      join switch.claim k on k.key = c.key
      where c.sequence = r.sequence and c.is_unique
      order by c.place
      limit 1
    ) taken on true;
end $function$
;
CREATE OR REPLACE FUNCTION switch.attach_writer(p_epoch bigint, p_unsettled bigint[], OUT new_writer integer, OUT present bigint[])
 RETURNS record
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  present := array(
    select j.sequence from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled)
  );
end $function$
;
CREATE OR REPLACE FUNCTION switch.follow_up_before(p_transaction uuid, p_lane text, p_position bigint)
 RETURNS TABLE(before bigint, parked boolean, due_in_ms double precision)
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
  select p.position, true, 0
    from switch.parked_follow_up p
    where p.transaction = p_transaction and p.lane = p_lane and p.position < p_position
  union all
  select (j.payload ->> 'position')::bigint, false,
      greatest(0, extract(epoch from j.run_at - now())::double precision * 1000)
    from graphile_worker._private_jobs j
    where j.payload ->> 'transaction' = p_transaction::text and j.payload ->> 'lane' = p_lane
      and (j.payload ->> 'position')::bigint < p_position
  order by 1
  limit 1;
$function$
;
CREATE OR REPLACE FUNCTION switch.follow_up_job(p_task text, p_transaction uuid, p_lane text, p_attempt integer, p_position bigint, p_behind boolean, p_delay_ms double precision)
 RETURNS graphile_worker.job_spec
 LANGUAGE sql
AS $function$
  select (
    p_task,
    json_build_object(
      'transaction', p_transaction, 'lane', p_lane, 'attempt', p_attempt, 'position', p_position, 'behind', p_behind
    ),
    null,
    now() + p_delay_ms * interval '1 millisecond',
    32767,
    null,
    null,
    array[p_lane]
  )::graphile_worker.job_spec;
$function$
;
CREATE OR REPLACE FUNCTION switch.open_lease(p_node text, p_lease_ms double precision)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v_epoch bigint;
begin
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at)
    values (p_node, now() + p_lease_ms * interval '1 millisecond')
    returning epoch into v_epoch;
  return v_epoch;
end $function$
;
CREATE OR REPLACE FUNCTION switch.park_follow_up(p_job bigint, p_pool text, p_reason text)
 RETURNS boolean
 LANGUAGE sql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
  with gone as (
    delete from graphile_worker._private_jobs j
      using graphile_worker._private_tasks t
      where j.id = p_job and j.locked_by = p_pool and t.id = j.task_id
      returning j.payload, t.identifier
  ), parked as (
    insert into switch.parked_follow_up (position, transaction, lane, task, attempt, reason)
      select (payload ->> 'position')::bigint, (payload ->> 'transaction')::uuid, payload ->> 'lane', identifier,
        (payload ->> 'attempt')::integer, p_reason
      from gone
      returning 1
  )
  select exists (select from parked);
$function$
;
CREATE OR REPLACE FUNCTION switch.postpone_follow_up(p_job bigint, p_pool text, p_attempt integer, p_delay_ms double precision)
 RETURNS boolean
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_payload json;
  v_task text;
begin
  delete from graphile_worker._private_jobs j
    using graphile_worker._private_tasks t
    where j.id = p_job and j.locked_by = p_pool and t.id = j.task_id
    returning j.payload, t.identifier into v_payload, v_task;
  if not found then
    return false;
  end if;
  perform graphile_worker.add_jobs(array[
    switch.follow_up_job(
      v_task, (v_payload ->> 'transaction')::uuid, v_payload ->> 'lane', p_attempt,
      (v_payload ->> 'position')::bigint, (v_payload ->> 'behind')::boolean, p_delay_ms
    )
  ]);
  return true;
end $function$
;
CREATE OR REPLACE FUNCTION switch.renew_lease(p_epoch bigint, p_lease_ms double precision, p_low_water bigint)
 RETURNS boolean
 LANGUAGE sql
AS $function$
  with renewed as (
    update switch.lease
      set expires_at = now() + p_lease_ms * interval '1 millisecond', low_water = p_low_water
      where epoch = p_epoch and ended_at is null
      returning 1
  )
  select exists (select from renewed);
$function$
;
CREATE OR REPLACE FUNCTION switch.renew_worker(p_pool text, p_lease_ms double precision)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  v_dead text[];
begin
  insert into switch.follow_up_worker (pool, renewed_at) values (p_pool, now())
    on conflict (pool) do update set renewed_at = excluded.renewed_at;
  with dead as (
    delete from switch.follow_up_worker
      where renewed_at < now() - p_lease_ms * interval '1 millisecond'
      returning pool
  )
  select array_agg(pool) into v_dead from dead;
  if v_dead is not null then
    perform graphile_worker.force_unlock_workers(v_dead);
  end if;
end $function$
;
CREATE OR REPLACE FUNCTION switch.replay_follow_up(p_position bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_jobs graphile_worker.job_spec[];
begin
  with gone as (
    delete from switch.parked_follow_up p
      using switch.parked_follow_up first
      where first.position = p_position and p.transaction = first.transaction and p.lane = first.lane
        and p.position >= first.position
      returning p.*
  )
  select array_agg(
      switch.follow_up_job(g.task, g.transaction, g.lane, g.attempt, g.position, true, 0) order by g.position
    ) into v_jobs from gone g;
  if v_jobs is not null then
    perform graphile_worker.add_jobs(v_jobs);
  end if;
  return coalesce(cardinality(v_jobs), 0);
end $function$
;
CREATE OR REPLACE FUNCTION switch.retire_worker(p_pool text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  delete from switch.follow_up_worker where pool = p_pool;
  perform graphile_worker.force_unlock_workers(array[p_pool]);
end $function$
;
CREATE OR REPLACE FUNCTION switch.undecided(p_epoch bigint, p_limit integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_lease record;
  v_found uuid[] := '{}';
  v_of_lease uuid[];
begin
  update switch.lease set ended_at = now()
    where ended_at is null and epoch <> p_epoch and expires_at < now();
  for v_lease in
    select epoch, low_water from switch.lease
      where settled_at is null and ended_at is not null order by epoch
  loop
    exit when cardinality(v_found) >= p_limit;
    v_of_lease := array(
      select j.transaction from switch.journal j
        where j.epoch = v_lease.epoch and j.sequence >= v_lease.low_water
          and j.version = 1 and j.kind = 'intended'
          and not exists (select from switch.journal later where later.transaction = j.transaction and later.version = 2)
        order by j.sequence
        limit p_limit - cardinality(v_found)
    );
    if cardinality(v_of_lease) = 0 then
      update switch.lease set settled_at = now() where epoch = v_lease.epoch;
    end if;
    v_found := v_found || v_of_lease;
  end loop;
  return v_found;
end $function$
;

-- policies

create policy etika_switch on graphile_worker._private_job_queues for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_jobs for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_known_crontabs for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_tasks for all to etika_switch using (true) with check (true);

-- roles

create role etika_switch nologin;

-- rights

grant delete, insert, select on table switch.parked_follow_up to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_job_queues to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_jobs to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_known_crontabs to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_tasks to etika_switch;
grant delete, insert, select, update on table switch.follow_up_worker to etika_switch;
grant insert, select on table switch.claim to etika_switch;
grant insert, select on table switch.journal to etika_switch;
grant insert, select, update on table switch.lease to etika_switch;
grant select on table graphile_worker.jobs to etika_switch;
grant select on table graphile_worker.migrations to etika_switch;
grant usage on schema graphile_worker to etika_switch;
grant usage on schema switch to etika_switch;
grant usage on sequence graphile_worker.job_queues_id_seq to etika_switch;
grant usage on sequence graphile_worker.jobs_id_seq1 to etika_switch;
grant usage on sequence graphile_worker.tasks_id_seq to etika_switch;
grant usage on sequence switch.follow_up_position to etika_switch;
