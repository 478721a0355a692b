-- Follow-ups: jobs of graphile-worker whose payload says which original transaction and lane they belong to, and
-- their position among them. A job that may have others before it is `behind`: it looks before it runs.

create type switch.follow_up as (
  transaction uuid,
  lane text,
  task text,
  attempt integer,
  delay_ms double precision
);

-- max_attempts: graphile-worker never gives a job up by itself; the worker of this project parks it where people see it.
create function switch.follow_up_job(
  p_task text, p_transaction uuid, p_lane text, p_attempt integer, p_position bigint, p_behind boolean,
  p_delay_ms double precision
) returns graphile_worker.job_spec
language sql as $$
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
$$;

create function switch.add_follow_ups(p_follow_ups switch.follow_up[]) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;

-- The oldest follow-up that must end before this position: its own position, whether it is parked, and how long until
-- it is due, in milliseconds (0 where it is).
create function switch.follow_up_before(p_transaction uuid, p_lane text, p_position bigint)
returns table (before bigint, parked boolean, due_in_ms double precision)
language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
$$;

-- Puts a running job back, due later. False where the caller no longer holds it.
create function switch.postpone_follow_up(p_job bigint, p_pool text, p_attempt integer, p_delay_ms double precision)
returns boolean
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;

-- Takes a running job out of the queue, to where people look. False where the caller no longer holds it.
create function switch.park_follow_up(p_job bigint, p_pool text, p_reason text) returns boolean
language sql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
$$;

-- Queues a parked follow-up again, with those of its transaction and lane parked behind it. Returns how many.
create function switch.replay_follow_up(p_position bigint) returns bigint
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;

-- Says that a pool of workers lives, and frees the jobs of those that have not said so for too long.
create function switch.renew_worker(p_pool text, p_lease_ms double precision) returns void
language plpgsql as $$
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
end $$;

create function switch.retire_worker(p_pool text) returns void
language plpgsql as $$
begin
  delete from switch.follow_up_worker where pool = p_pool;
  perform graphile_worker.force_unlock_workers(array[p_pool]);
end $$;
