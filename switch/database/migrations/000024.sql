-- A fail-over that lost data. A standby that lagged, or an old copy, lacks what nodes were told was committed, and answered by.
-- Each node keeps what it appended in files of its own (switch/own-copy), and writes it again as it was: under its epoch and
-- sequence, with its link, so that the chain is the one whose heads were signed.

-- On which timeline PostgreSQL writes: every promotion and every recovery to a point in time begins another. 0 where a service
-- does not tell.
create function switch.timeline_now() returns integer
language plpgsql as $$
begin
  return ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
exception when others then
  return 0;
end $$;

-- The timeline on which what a lease wrote is known to be whole: its node compared it with its own copy, or opened it there.
-- On any other nobody but the node knows what it had answered.
alter table switch.lease add column timeline integer not null default switch.timeline_now();

-- A node's answer that the database does not hold is a case for people: never a reversal by itself.
create function switch.case_of_lost(p_transaction uuid, p_evidence json) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  with opened as (
    insert into switch.recon_case (kind, subject, transaction, suggested_action, is_automatic, evidence, state, opened_at, version)
      values ('answer-lost', p_transaction::text, p_transaction, 'by-hand', false, p_evidence, 'open', now(), 1)
      on conflict (kind, subject) do nothing
      returning id, evidence
  )
  insert into switch.recon_case_event (id, version, at, what, by, evidence)
    select id, 1, now(), 'opened', 'switch', evidence from opened;
$$;

-- What nodes left undecided whose lease is over, as before; but where its node may have decided and answered what was lost since,
-- it is left open for the node, and told to people.
create or replace function switch.undecided(p_epoch bigint, p_limit integer) returns uuid[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_lease record;
  v_found uuid[] := '{}';
  v_of_lease uuid[];
  v_steady_ms double precision;
  v_timeline integer := switch.timeline_now();
begin
  select extract(epoch from clock_timestamp() - own.steady_since) * 1000 into v_steady_ms
    from switch.lease own
    where own.epoch = p_epoch and own.ended_at is null
      and own.expires_at > clock_timestamp() + own.lease_ms / 4 * interval '1 millisecond';
  update switch.lease set ended_at = now()
    where ended_at is null and epoch <> p_epoch and expires_at < now() and lease_ms <= v_steady_ms;
  for v_lease in
    select epoch, node, low_water, timeline from switch.lease
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
    elsif v_lease.timeline <> v_timeline then
      perform switch.case_of_lost(u.transaction, json_build_object(
          'why', 'after a fail-over the database holds no decision, and its node has not said whether it had answered',
          'node', v_lease.node, 'epoch', v_lease.epoch
        )) from unnest(v_of_lease) as u (transaction);
      continue;
    end if;
    v_found := v_found || v_of_lease;
  end loop;
  return v_found;
end $$;

-- A node has found that entries which it knows were committed are gone. All that is open is in doubt, until each node has written
-- again what it had. Numbers that were given since are not given twice.
create function switch.note_data_loss(p_node text, p_epoch bigint, p_sequence bigint, p_summary text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update switch.lease set timeline = -1 where settled_at is null;
  update switch.network_number set next = next + 50000
    where not exists (select from switch.alert where key = 'data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence);
  insert into switch.alert (key, kind, scenario, subject, summary)
    values ('data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence, 'data-lost', 'inconsistency', p_node, p_summary)
    on conflict do nothing;
end $$;

-- What became of it.
create function switch.told_of_loss(p_node text, p_epoch bigint, p_sequence bigint, p_note text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update switch.alert set note = p_note, last_at = now()
    where key = 'data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence;
$$;

-- A node has compared: what it had is there. It says so of the epochs that its copy reaches back to.
create function switch.vouch_for(p_node text, p_from_epoch bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update switch.lease set timeline = switch.timeline_now()
    where node = p_node and epoch >= p_from_epoch and settled_at is null and timeline <> switch.timeline_now();
$$;

-- Writes a flush again, as it was. What is there already stays; what something else has taken the place of is a case. An entry
-- whose key another transaction has claimed since is written all the same, without it: its money was moved.
create function switch.write_again(
  p_node text, p_epoch bigint, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_take_lines text, p_owned text[],
  out written integer, out conflicts integer
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  v_node text;
  v_there bigint[];
  v_first bigint;
begin
  written := 0;
  conflicts := 0;
  select l.node into v_node from switch.lease l where l.epoch = p_epoch for no key update;
  if not found then
    insert into switch.lease (epoch, node, expires_at, ended_at, lease_ms, steady_since, chain, timeline)
      overriding system value values (p_epoch, p_node, now(), now(), 0, now(), 2, -1);
    perform setval(pg_get_serial_sequence('switch.lease', 'epoch'), greatest(p_epoch, max(l.epoch))) from switch.lease l;
    v_node := p_node;
  end if;
  if v_node <> p_node then -- its number was given again before its node came back
    perform switch.case_of_lost(e.transaction, json_build_object(
        'why', 'its epoch is another node''s now', 'node', p_node, 'epoch', p_epoch, 'version', e.version, 'kind', e.kind, 'at', e.at,
        'body', e.body
      )) from switch.entries_in(p_entry_lines) e;
    select count(*) into conflicts from switch.entries_in(p_entry_lines) e;
    return;
  end if;

  v_there := array(
    select e.sequence from switch.entries_in(p_entry_lines) e
      join switch.journal j on j.transaction = e.transaction and j.version = e.version
  );
  with other as (
    select switch.case_of_lost(e.transaction, json_build_object(
        'why', 'something else was written in its place', 'node', p_node, 'epoch', p_epoch, 'version', e.version, 'kind', e.kind,
        'at', e.at, 'body', e.body, 'there', j.kind, 'thereEpoch', j.epoch
      ))
      from switch.entries_in(p_entry_lines) e join switch.journal j on j.transaction = e.transaction and j.version = e.version
      where j.kind <> e.kind or j.body::text <> e.body::text
  ), taken as (
    select switch.case_of_lost(c.transaction, json_build_object(
        'why', 'another transaction has its key since', 'node', p_node, 'epoch', p_epoch, 'other', k.transaction
      ))
      from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
      where c.is_unique and k.transaction <> c.transaction
  )
  select (select count(*) from other) + (select count(*) from taken) into conflicts;

  insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
    select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body, e.link,
      case when p_owned = '{}' then e.claims else switch.names_without(e.claims, p_owned) end
    from switch.entries_in(p_entry_lines) e where e.sequence <> all (v_there);
  get diagnostics written = row_count;
  if written = 0 then
    return;
  end if;
  insert into switch.claim (key, transaction, day, fingerprint)
    select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c
    where c.sequence <> all (v_there) and switch.name_of_claim(c.day, c.key) <> all (p_owned)
    on conflict do nothing;
  if p_take_lines <> '' then
    insert into switch.allowance as a (key, count, minor_units)
      select t.key, count(*), sum(t.minor_units) from switch.takes_in(p_take_lines) t
        where t.sequence <> all (v_there) group by t.key
      on conflict (key) do update
        set count = a.count + excluded.count, minor_units = a.minor_units + excluded.minor_units, used_at = now();
  end if;
  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, v_there);
  end if;

  -- Whoever had read this epoch to its end reads on from before the first of them.
  select min(e.sequence) into v_first from switch.entries_in(p_entry_lines) e;
  update switch.lease set settled_at = null, sealed_at = null, low_water = least(low_water, v_first) where epoch = p_epoch;
  insert into switch.projection_cursor as c (epoch, sequence, is_finished) values (p_epoch, -1, false)
    on conflict (epoch) do update set sequence = least(c.sequence, v_first) - 1, is_finished = false;
end $$;

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid::regprocedure from pg_proc p
      where p.pronamespace = 'switch'::regnamespace
        and p.proname in ('case_of_lost', 'note_data_loss', 'told_of_loss', 'vouch_for', 'write_again')
  loop
    execute format('revoke execute on function %s from public', v_function);
    execute format('grant execute on function %s to etika_switch', v_function);
  end loop;
end $$;
