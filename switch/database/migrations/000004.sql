-- An entry of any version may claim several keys, some of them only if they are free.
-- What stood here before ran in no release: it is replaced, not kept beside.
drop function switch.append_entries(
  bigint, integer, bigint[], uuid[], integer[], text[], json[], double precision[],
  bigint[], uuid[], text[], text[], bigint[], uuid[], text[], text[], double precision[], integer[]
);

-- Appends what it can of a flush and answers for the rest: one row for each entry that was not appended, with the first
-- of its unique keys that is taken, if any. No two entries of a flush claim one key or are one version of a transaction.
--
-- All is inserted first. Where something was there already, that attempt is rolled back, the entries at fault are found
-- (nothing is ever deleted: they will be at fault for ever) and the rest is inserted. So an entry that is refused leaves
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
  p_job_attempts integer[]
) returns table (sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;
