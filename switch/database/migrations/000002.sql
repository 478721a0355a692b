-- What the journal of a node calls. These run as the caller: etika_switch gets no right through them.
--
-- A session keeps the plans of its functions. One made while a table was small would read all of it, for hours, once it
-- is not: so those that look rows up are held to their indexes.

-- Takes the next epoch for a node, ending the one it had.
create function switch.open_lease(p_node text, p_lease_ms double precision) returns bigint
language plpgsql as $$
declare
  v_epoch bigint;
begin
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at)
    values (p_node, now() + p_lease_ms * interval '1 millisecond')
    returning epoch into v_epoch;
  return v_epoch;
end $$;

-- Makes the calling connection the only writer of the epoch, and tells which of its entries are there. It waits for a
-- flush of an earlier connection that is still at work; one that arrives later is refused. So the answer is final.
create function switch.attach_writer(p_epoch bigint, p_unsettled bigint[], out new_writer integer, out present bigint[])
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  present := array(
    select j.sequence from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled)
  );
end $$;

create function switch.renew_lease(p_epoch bigint, p_lease_ms double precision, p_low_water bigint) returns boolean
language sql as $$
  with renewed as (
    update switch.lease
      set expires_at = now() + p_lease_ms * interval '1 millisecond', low_water = p_low_water
      where epoch = p_epoch and ended_at is null
      returning 1
  )
  select exists (select from renewed);
$$;

-- Appends what it can of a flush and answers for the rest: one row for each entry that was not appended, with the
-- transaction that owns its key where it was claimed. Rows are locked in one order, so that two nodes cannot deadlock.
create function switch.append_entries(
  p_epoch bigint,
  p_writer integer,
  p_sequences bigint[],
  p_transactions uuid[],
  p_versions integer[],
  p_kinds text[],
  p_bodies json[],
  p_times double precision[],           -- milliseconds since the Unix epoch
  p_claim_sequences bigint[],
  p_claim_transactions uuid[],
  p_claim_keys text[],
  p_claim_fingerprints text[],
  p_job_sequences bigint[],
  p_job_transactions uuid[],
  p_job_tasks text[],
  p_job_lanes text[],
  p_job_delays double precision[],      -- milliseconds
  p_job_attempts integer[]
) returns table (sequence bigint, claimed_by uuid, fingerprint text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_claimed bigint[] := '{}';
  v_appended bigint[];
  v_count bigint;
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;

  if cardinality(p_claim_keys) > 0 then
    insert into switch.claim (key, fingerprint, transaction)
      select c.key, c.fingerprint, c.transaction
      from unnest(p_claim_keys, p_claim_fingerprints, p_claim_transactions, p_claim_sequences)
        as c (key, fingerprint, transaction, sequence)
      order by c.key, c.sequence
      on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < cardinality(p_claim_keys) then
      v_claimed := array(
        select o.sequence
        from unnest(p_claim_sequences, p_claim_keys, p_claim_transactions) as o (sequence, key, transaction)
        join switch.claim c on c.key = o.key
        where c.transaction <> o.transaction
      );
    end if;
  end if;

  with appended as (
    insert into switch.journal as j (transaction, epoch, sequence, at, version, kind, body)
      select e.transaction, p_epoch, e.sequence, to_timestamp(e.at_ms / 1000), e.version, e.kind, e.body
      from unnest(p_transactions, p_sequences, p_times, p_versions, p_kinds, p_bodies)
        as e (transaction, sequence, at_ms, version, kind, body)
      where e.sequence not in (select unnest(v_claimed))
      order by e.transaction, e.version, e.sequence
      on conflict (transaction, version) do nothing
      returning j.sequence
  )
  select array_agg(a.sequence) into v_appended from appended a;

  if cardinality(p_job_sequences) > 0 then
    perform switch.add_follow_ups(
      array(
        select (j.transaction, j.lane, j.task, j.attempt, j.delay_ms)::switch.follow_up
        from unnest(p_job_sequences, p_job_transactions, p_job_lanes, p_job_tasks, p_job_attempts, p_job_delays)
          with ordinality as j (sequence, transaction, lane, task, attempt, delay_ms, place)
        where j.sequence in (select unnest(v_appended))
        order by j.place
      )
    );
  end if;

  if coalesce(cardinality(v_appended), 0) < cardinality(p_sequences) then
    return query
      select e.sequence, c.transaction, c.fingerprint
      from unnest(p_sequences) as e (sequence)
      left join unnest(p_claim_sequences, p_claim_keys) as o (sequence, key)
        on o.sequence = e.sequence and o.sequence = any (v_claimed)
      left join switch.claim c on c.key = o.key
      where e.sequence not in (select unnest(v_appended));
  end if;
end $$;

-- Intentions that nobody can decide any more, but by taking them over. Leases that expired are ended first, which
-- waits for a flush at work and refuses every later one. A lease with nothing left is never looked at again.
create function switch.undecided(p_epoch bigint, p_limit integer) returns uuid[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;
