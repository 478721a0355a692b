-- Many nodes: a database that was away fences nobody as it comes back, the numbers towards a network are the switch's own, and
-- a change of keys that commits behind a later one is seen.

-- How long a lease is, and since when its node has been seen to renew it without a gap. A gap is what an outage of the
-- database looks like: whoever has just come through one cannot tell a dead node from one that has not been heard yet.
alter table switch.lease add column lease_ms double precision not null default 10000;
alter table switch.lease add column steady_since timestamptz not null default now();
grant update (steady_since) on switch.lease to etika_switch;

-- Makes a lease as long as it was, from now on. Whoever renews lives, however long its statement waited: the clock counts, not
-- the beginning of the transaction. Renewals come every fifth of a lease: one that ran down to a quarter shows a gap in which
-- the lease of somebody else may have run out.
create function switch.extend_lease(p_epoch bigint) returns void
language sql as $$
  update switch.lease set
      expires_at = clock_timestamp() + lease_ms * interval '1 millisecond',
      steady_since = case
        when expires_at < clock_timestamp() + lease_ms / 4 * interval '1 millisecond' then clock_timestamp()
        else steady_since
      end
    where epoch = p_epoch and ended_at is null;
$$;

-- Who commits holds its lease until the commit, so that nobody ends it meanwhile. What has expired is renewed first, by a
-- statement of its own: a process that stood still finds out so before it writes. What is half over, because the renewal is
-- late, the commit extends.
create function switch.hold_lease(p_epoch bigint, p_writer integer) returns void
language plpgsql as $$
declare
  v_left double precision;
begin
  select extract(epoch from l.expires_at - clock_timestamp()) * 1000 / l.lease_ms into v_left
    from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;
  if v_left <= 0 then
    raise exception 'the lease % has expired', p_epoch using errcode = 'SWEXP';
  end if;
  if v_left < 0.5 then
    perform switch.extend_lease(p_epoch);
  end if;
end $$;

create or replace function switch.append(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text
)
returns void
language plpgsql as $$
begin
  perform switch.hold_lease(p_epoch, p_writer);
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

create or replace function switch.append_some(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea
)
returns table(sequence bigint, claim_name text, claimed_by uuid, fingerprint text)
language plpgsql as $$
declare
  v_refused bigint[];                   -- sequences of entries
  v_owned text[];                       -- names of aliases that have an owner
  v_before integer := -1;
  v_first bigint;                       -- of the sequences that are appended
  v_wanted integer;
  v_inserted integer;
begin
  perform switch.hold_lease(p_epoch, p_writer);
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

create or replace function switch.open_lease(p_node text, p_lease_ms double precision, p_chain smallint) returns bigint
language plpgsql as $$
declare
  v_epoch bigint;
begin
  if p_chain < 2 then
    raise exception 'a node of an earlier release writes no more' using errcode = 'SWFEN';
  end if;
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at, lease_ms, steady_since, chain)
    values (p_node, clock_timestamp() + p_lease_ms * interval '1 millisecond', p_lease_ms, clock_timestamp(), p_chain)
    returning epoch into v_epoch;
  return v_epoch;
end $$;

create or replace function switch.renew_lease(p_epoch bigint, p_lease_ms double precision, p_low_water bigint) returns boolean
language plpgsql as $$
begin
  update switch.lease set low_water = p_low_water where epoch = p_epoch and ended_at is null;
  if not found then
    return false;
  end if;
  perform switch.extend_lease(p_epoch);
  return true;
end $$;

-- A new connection shows that its node lives: its lease is as good as new.
create or replace function switch.attach_writer(
  p_epoch bigint, p_unsettled bigint[], out new_writer integer, out present bigint[], out claimed text[]
)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  perform switch.extend_lease(p_epoch);
  select coalesce(array_agg(j.sequence), '{}'), coalesce(array_agg(encode(j.claims, 'hex')) filter (where j.claims is not null), '{}')
    into present, claimed
    from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled);
end $$;

-- What nodes left undecided whose lease is over. A lease that has expired is ended by a node that has renewed its own without a
-- gap for as long as that lease is, and has done so lately: so long everybody who lives had time to renew.
create or replace function switch.undecided(p_epoch bigint, p_limit integer) returns uuid[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_lease record;
  v_found uuid[] := '{}';
  v_of_lease uuid[];
  v_steady_ms double precision;
begin
  select extract(epoch from clock_timestamp() - own.steady_since) * 1000 into v_steady_ms
    from switch.lease own
    where own.epoch = p_epoch and own.ended_at is null
      and own.expires_at > clock_timestamp() + own.lease_ms / 4 * interval '1 millisecond';
  update switch.lease set ended_at = now()
    where ended_at is null and epoch <> p_epoch and expires_at < now() and lease_ms <= v_steady_ms;
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

-- The numbers towards each network: processes take blocks of them, and never give one back.
create table switch.network_number (
  network text primary key,
  next bigint not null
);
grant select, insert, update on switch.network_number to etika_switch;

create function switch.reserve_numbers(p_network text, p_count integer) returns bigint
language sql as $$
  insert into switch.network_number as n (network, next) values (p_network, 1 + p_count)
    on conflict (network) do update set next = n.next + p_count
    returning n.next - p_count;
$$;

-- By what a network calls a transaction it is found as well as by what its terminal calls it. '': the same.
alter table switch.projected_transaction add column network_rrn text not null default '';
create index projected_transaction_by_network_rrn on switch.projected_transaction (network_rrn);

-- Positions are given when a change is written, and seen when it is committed: which transaction wrote it tells what may still
-- come before it.
alter table switch.key_change add column xid xid8;
alter table switch.key_change alter column xid set default pg_current_xact_id();
