-- The journal's hash chain (docs/audit.md). Each epoch has one, made by its node: what it appended, flush by flush. The
-- node signs the end of it under a key of its HSM and publishes that outside this database, so that whoever edits these
-- tables is found out. Here stand the links, so that a break can be placed, and what says which entry claimed a key.
--
-- What was written before is not chained: `link`, `epoch`, `sequence` and `chain` are null there. A node of the release before
-- this one goes on as it was; its epochs are not chained either.
alter table switch.journal add column link bytea;     -- on the first entry of a flush: the link before that flush
alter table switch.claim add column epoch bigint;     -- with `sequence`: the entry that claimed the key
alter table switch.claim add column sequence bigint;
create index claim_of_entry on switch.claim (epoch, sequence) where epoch is not null;
alter table switch.lease add column chain smallint;   -- version of the chain's form
alter table switch.lease add column sealed_at timestamptz; -- ended, and its end was signed and published
create index lease_unsealed on switch.lease (epoch) where chain is not null and sealed_at is null;

-- The switch may not say of an epoch that it was another's.
revoke update on switch.lease from etika_switch;
grant update (expires_at, ended_at, writer, low_water, settled_at, sealed_at) on switch.lease to etika_switch;

-- Who only reads, to verify.
do $$
begin
  begin
    create role etika_auditor nologin;
  exception
    when duplicate_object or unique_violation then null;
  end;
  grant etika_auditor to etika_switch with inherit false;
  if not pg_has_role(current_user, 'etika_auditor', 'SET') then
    execute format('grant etika_auditor to %I with inherit false', current_user);
  end if;
end $$;
grant usage on schema switch to etika_auditor;
grant select on switch.journal, switch.claim, switch.lease, switch.migration to etika_auditor;

-- Takes the next epoch for a node that keeps a chain of this form, ending the one it had.
create function switch.open_lease(p_node text, p_lease_ms double precision, p_chain smallint) returns bigint
language plpgsql as $$
declare
  v_epoch bigint;
begin
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at, chain)
    values (p_node, now() + p_lease_ms * interval '1 millisecond', p_chain)
    returning epoch into v_epoch;
  return v_epoch;
end $$;

-- As before, and which keys the entries that are there have claimed.
drop function switch.attach_writer(bigint, bigint[]);
create function switch.attach_writer(
  p_epoch bigint, p_unsettled bigint[], out new_writer integer, out present bigint[], out claimed text[]
)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  present := array(
    select j.sequence from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled)
  );
  claimed := array(
    select c.key from switch.claim c where c.epoch = p_epoch and c.sequence = any (p_unsettled)
  );
end $$;

-- Appends what it can of a flush and answers for the rest: one row for each entry that was not appended, with the first
-- of its unique keys that is taken, if any; and one without sequence for each alias that has an owner. No two entries of a flush claim one key or are one version of a transaction.
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
  p_job_behind boolean[],               -- behind another of this flush; where that one is refused, this does no harm
  p_link bytea                          -- of the chain before this flush; null where the epoch has none
) returns table (sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
language plpgsql as $$
declare
  v_refused bigint[] := '{}';           -- sequences of entries
  v_owned text[] := '{}';               -- keys of aliases that have an owner
  v_entries integer := cardinality(p_sequences);
  v_claims integer := cardinality(p_claim_keys);
  v_first bigint;                       -- of the sequences that are appended
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
      v_first := case when v_refused = '{}' then p_sequences[1]
        else (select min(e) from unnest(p_sequences) e where e <> all (v_refused)) end;
      insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link)
        select e.transaction, p_epoch, e.sequence, to_timestamp(e.at_ms / 1000), e.version, e.kind, e.body,
          case when e.sequence = v_first then p_link end
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
        insert into switch.claim (key, fingerprint, transaction, epoch, sequence)
          select c.key, c.fingerprint, c.transaction, p_epoch, c.sequence
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

  if v_owned <> '{}' then
    return query select null::bigint, o.key, null::uuid, null::text from unnest(v_owned) as o (key);
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

-- For a node of the release before this one.
create or replace function switch.append_entries(
  p_epoch bigint, p_writer integer, p_sequences bigint[], p_transactions uuid[], p_versions integer[], p_kinds text[],
  p_bodies json[], p_times double precision[], p_claim_sequences bigint[], p_claim_transactions uuid[],
  p_claim_keys text[], p_claim_fingerprints text[], p_claim_unique boolean[], p_job_sequences bigint[],
  p_job_transactions uuid[], p_job_tasks text[], p_job_lanes text[], p_job_delays double precision[],
  p_job_attempts integer[], p_job_behind boolean[]
) returns table (sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
language sql as $$
  select a.sequence, a.claimed_key, a.claimed_by, a.fingerprint
  from switch.append_entries(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, null
  ) a
  where a.sequence is not null;
$$;
