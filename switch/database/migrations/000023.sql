-- One outage is one alert. What closes by itself and is raised again within two minutes is the same outage: its alert is
-- open again, and counts it. A counterpart that was slow made five alerts in twenty seconds. Clocks and logs close by
-- themselves as well.
alter table switch.alert drop constraint alert_kind_check;
alter table switch.alert add constraint alert_kind_check
  check (kind in ('degraded-mode', 'follow-up-parked', 'case', 'late-work', 'clock', 'data-lost', 'log-lost'));
update switch.alert a set closed_at = now(), closed_by = 'migration'
  where a.kind = 'clock' and a.closed_at is null and exists (
    select from switch.alert later where later.kind = a.kind and later.subject = a.subject and later.position > a.position);
drop index switch.alert_open;
create unique index alert_open on switch.alert (kind, subject)
  where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost');
create index alert_of_subject on switch.alert (kind, subject, position);

-- Whether there was one to open again.
create function switch.reopen_alert(v_kind text, v_subject text) returns boolean language plpgsql as $$
begin
  update switch.alert set closed_at = null, closed_by = null, count = count + 1, last_at = now()
    where position = (select max(a.position) from switch.alert a where a.kind = v_kind and a.subject = v_subject)
      and closed_at > now() - interval '2 minutes';
  return found;
end $$;

-- A switch and its workers see the same outage: it is their node's, and closes with the last of them.
create function switch.node_of_process(v_process text) returns text language sql immutable as $$
  select regexp_replace(v_process, '\.worker(\..*)?$', '');
$$;

create or replace function switch.alert_of_degraded_mode() returns trigger language plpgsql as $$
declare
  v_node text := switch.node_of_process(new.node);
  v_subject text := new.mode || coalesce(' on ' || v_node, '');
begin
  if not new.is_open then
    update switch.alert set closed_at = now(), closed_by = new.changed_by
      where kind = 'degraded-mode' and subject = v_subject and closed_at is null
        and not exists (
          select from (
            select distinct on (c.node) c.is_open from switch.degraded_mode_change c
              where c.mode = new.mode and c.node <> new.node and switch.node_of_process(c.node) = v_node
              order by c.node, c.position desc
          ) other where other.is_open
        );
    return null;
  end if;
  if switch.reopen_alert('degraded-mode', v_subject) then
    return null;
  end if;
  insert into switch.alert (key, kind, scenario, subject, summary)
    values (
      'degraded-mode:' || new.position,
      'degraded-mode',
      case
        when new.mode like 'network-degraded:%' then 'network-failure'
        when new.mode = 'pop-degraded' then 'blockchain-failure'
      end,
      v_subject,
      'opened by ' || new.changed_by || ': ' || new.why
    )
    on conflict (kind, subject)
      where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost')
      do update set count = switch.alert.count + 1, last_at = now();
  return null;
end $$;

create or replace function switch.alert_of_parked_follow_up() returns trigger language plpgsql as $$
declare
  v_alert bigint;
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
    on conflict (kind, subject)
      where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost')
      do update set count = switch.alert.count + 1, last_at = now()
    returning position into v_alert;
  insert into switch.alert_payment (alert, transaction) values (v_alert, new.transaction) on conflict do nothing;
  return null;
end $$;
