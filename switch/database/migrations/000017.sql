-- A flush of which something stands in the way of one entry reads each of its lines a set number of times. Before, every entry
-- read all lines of claims again, so such a flush cost the square of its size: under load, when flushes are large and
-- somebody's answer is nearly always late, PostgreSQL did little else.
create function switch.names_without(p_names bytea, p_names_left_out text[]) returns bytea
  language sql immutable
as $function$
  select string_agg(n.name, '' order by n.at)
    from (select substr(p_names, i, 20) as name, i as at from generate_series(1, length(p_names), 20) as i) n
    where encode(n.name, 'hex') <> all (p_names_left_out);
$function$;

create or replace function switch.append_some(
  p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea
) returns table (sequence bigint, claim_name text, claimed_by uuid, fingerprint text)
  language plpgsql
as $function$
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
          case when v_owned = '{}' then e.claims else switch.names_without(e.claims, v_owned) end
        from switch.entries_in(p_entry_lines) e
        where e.sequence <> all (v_refused)
        on conflict do nothing;
      get diagnostics v_inserted = row_count;
      if v_inserted < v_wanted then
        raise sqlstate 'SWTAK';
      end if;

      with wanted as materialized (
        select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c
          where c.sequence <> all (v_refused)
            and (v_owned = '{}' or switch.name_of_claim(c.day, c.key) <> all (v_owned))
      ), inserted as (
        insert into switch.claim (key, transaction, day, fingerprint)
          select w.key, w.transaction, w.day, w.fingerprint from wanted w
          on conflict do nothing
          returning 1
      )
      select (select count(*) from wanted), (select count(*) from inserted) into v_wanted, v_inserted;
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
  if v_refused = '{}' then
    return;
  end if;
  return query
    select r.sequence, taken.name, taken.transaction, taken.fingerprint
    from unnest(v_refused) as r (sequence)
    left join (
      select distinct on (c.sequence)
        c.sequence, switch.name_of_claim(c.day, c.key) as name, k.transaction, k.fingerprint
      from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
      where c.is_unique and c.sequence = any (v_refused)
      order by c.sequence, c.place
    ) taken on taken.sequence = r.sequence;
end $function$;
