-- An entry of any version may claim several keys, some of them only if they are free. Each lane of the queue has tasks of
-- its own, `task@lane`, so that its workers never read past the backlog of another; jobs are added and put off in one
-- statement. What stood here before ran in no release: it is replaced, not kept beside.
drop function switch.append_entries(
  bigint, integer, bigint[], uuid[], integer[], text[], json[], double precision[],
  bigint[], uuid[], text[], text[], bigint[], uuid[], text[], text[], double precision[], integer[]
);
drop function switch.add_follow_ups(switch.follow_up[]);
drop function switch.postpone_follow_up(bigint, text, integer, double precision);
drop function switch.park_follow_up(bigint, text, text);
drop function switch.follow_up_job(text, uuid, text, integer, bigint, boolean, double precision);
drop function switch.renew_worker(text, double precision);
drop function switch.retire_worker(text);
drop type switch.follow_up;

insert into graphile_worker._private_tasks (identifier)
  select distinct t.identifier || '@' || (j.payload ->> 'lane')
  from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
  on conflict do nothing;
update graphile_worker._private_jobs j set task_id = of_lane.id, flags = null
  from graphile_worker._private_tasks t, graphile_worker._private_tasks of_lane
  where t.id = j.task_id and of_lane.identifier = t.identifier || '@' || (j.payload ->> 'lane');

-- Appends what it can of a flush and answers for the rest: one row for each entry that was not appended, with the first
-- of its unique keys that is taken, if any. No two entries of a flush claim one key or are one version of a transaction.
--
-- All is inserted first. Where something was there already, that attempt is rolled back, what is at fault is found
-- (nothing is ever deleted: it will be at fault for ever) and the rest is inserted. So an entry that is refused leaves
-- no claim behind. Rows are inserted in one order, so that two nodes seldom deadlock; who does is told 40P01, and flushes again.
create function switch.append_entries(
  p_epoch bigint,
  p_writer integer,
  p_sequences bigint[],
  p_transactions uuid[],
  p_versions integer[],
  p_kinds text[],
  p_bodies json[],
  p_times double precision[],           -- milliseconds since the Unix epoch
  p_claim_sequences bigint[],           -- of one entry in its order
  p_claim_transactions uuid[],
  p_claim_keys text[],
  p_claim_fingerprints text[],
  p_claim_unique boolean[],
  p_job_sequences bigint[],
  p_job_transactions uuid[],
  p_job_tasks text[],
  p_job_lanes text[],
  p_job_delays double precision[],      -- milliseconds
  p_job_attempts integer[],
  p_job_behind boolean[]                -- behind another of this flush; where that one is refused, this does no harm
) returns table (sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
language plpgsql as $$
declare
  v_refused bigint[] := '{}';           -- sequences of entries
  v_owned text[] := '{}';               -- keys of aliases that have an owner
  v_entries integer := cardinality(p_sequences);
  v_claims integer := cardinality(p_claim_keys);
  v_before integer;
  v_inserted integer;
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
      if v_inserted < v_entries then
        raise sqlstate 'SWTAK';
      end if;

      if v_claims > 0 then
        insert into switch.claim (key, fingerprint, transaction)
          select c.key, c.fingerprint, c.transaction
          from unnest(p_claim_sequences, p_claim_keys, p_claim_fingerprints, p_claim_transactions)
            as c (sequence, key, fingerprint, transaction)
          where c.sequence <> all (v_refused) and c.key <> all (v_owned)
          order by c.key
          on conflict (key) do nothing;
        get diagnostics v_inserted = row_count;
        if v_inserted < v_claims then
          raise sqlstate 'SWTAK';
        end if;
      end if;
      exit;
    exception when sqlstate 'SWTAK' then
      v_before := cardinality(v_refused) + cardinality(v_owned);
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
      v_owned := array(
        select c.key
          from unnest(p_claim_keys, p_claim_unique) as c (key, is_unique)
          join switch.claim k on k.key = c.key
          where not c.is_unique
      );
      if cardinality(v_refused) + cardinality(v_owned) = v_before then
        raise exception 'two entries of one flush exclude each other' using errcode = '22023';
      end if;
      v_entries := cardinality(p_sequences) - cardinality(v_refused);
      select count(*) into v_claims
        from unnest(p_claim_sequences, p_claim_keys) as c (sequence, key)
        where c.sequence <> all (v_refused) and c.key <> all (v_owned);
    end;
  end loop;

  if cardinality(p_job_sequences) > 0 then
    insert into graphile_worker._private_tasks (identifier)
      select distinct j.task || '@' || j.lane
      from unnest(p_job_tasks, p_job_lanes) as j (task, lane)
      where not exists (select from graphile_worker._private_tasks t where t.identifier = j.task || '@' || j.lane)
      on conflict do nothing;
    -- max_attempts: graphile-worker never gives a job up by itself; our worker parks it where people see it.
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
      from unnest(
          p_job_sequences, p_job_transactions, p_job_lanes, p_job_tasks, p_job_attempts, p_job_delays, p_job_behind
        ) with ordinality as j (sequence, transaction, lane, task, attempt, delay_ms, behind, place)
      join graphile_worker._private_tasks t on t.identifier = j.task || '@' || j.lane
      where j.sequence <> all (v_refused)
      order by j.place;
    if 0 = any (p_job_delays) then -- the rest is found when it is due: who is told now would look for nothing
      perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', cardinality(p_job_delays))::text);
    end if;
  end if;

  if v_refused = '{}' then
    return;
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
end $$;

-- Takes a running job out of the queue, to where people look. False where the caller no longer holds it.
create function switch.park_follow_up(p_job bigint, p_pool text, p_task text, p_reason text) returns boolean
language sql as $$
  with gone as (
    delete from graphile_worker._private_jobs where id = p_job and locked_by = p_pool returning payload
  ), parked as (
    insert into switch.parked_follow_up (position, transaction, lane, task, attempt, reason)
      select (payload ->> 'position')::bigint, (payload ->> 'transaction')::uuid, payload ->> 'lane', p_task,
        (payload ->> 'attempt')::integer, p_reason
      from gone
      returning 1
  )
  select exists (select from parked);
$$;

-- Queues a parked follow-up again, with those of its transaction and lane parked behind it. Returns how many.
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
        'transaction', g.transaction, 'lane', g.lane, 'attempt', g.attempt, 'position', g.position, 'behind', true
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

alter table switch.follow_up_worker add column node text not null default '';

-- Says that a node's pools of workers live, and frees the jobs of those that have not said so for too long; where it is
-- the node's first word, also those of its earlier processes. The queue is read as a whole: there is no index on who
-- holds a job, which every job would pay for.
create function switch.renew_workers(p_node text, p_pools text[], p_is_first boolean, p_lease_ms double precision)
returns void
language plpgsql set enable_seqscan = on as $$
declare
  v_silence interval := p_lease_ms * interval '1 millisecond';
  v_dead text[];
begin
  insert into switch.follow_up_worker (pool, node, renewed_at) select unnest(p_pools), p_node, now()
    on conflict (pool) do update set renewed_at = excluded.renewed_at;
  with dead as (
    delete from switch.follow_up_worker
      where renewed_at < now() - v_silence or (p_is_first and node = p_node and pool <> all (p_pools))
      returning pool
  )
  select coalesce(array_agg(pool), '{}') into v_dead from dead;
  update graphile_worker._private_jobs j set locked_at = null, locked_by = null
    where j.locked_by = any (v_dead)
      or j.locked_at < now() - v_silence
        and not exists (select from switch.follow_up_worker w where w.pool = j.locked_by);
end $$;

create function switch.retire_workers(p_pools text[]) returns void
language plpgsql set enable_seqscan = on as $$
begin
  delete from switch.follow_up_worker where pool = any (p_pools);
  perform graphile_worker.force_unlock_workers(p_pools);
end $$;
