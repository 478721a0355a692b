-- An alert has an end: when it was closed, and by whom; and who has said that they look after it. What happens again while
-- it is open is counted in it: one outage is one alert, however many follow-ups it parks.
alter table switch.alert
  add column count integer not null default 1,
  add column last_at timestamptz not null default now(),
  add column closed_at timestamptz,
  add column closed_by text check (length(closed_by) between 1 and 64),
  add column acknowledged_at timestamptz,
  add column acknowledged_by text check (length(acknowledged_by) between 1 and 64),
  add column note text check (length(note) <= 500);
grant update (count, last_at, closed_at, closed_by, acknowledged_at, acknowledged_by, note) on switch.alert
  to etika_switch, etika_projector, etika_reconciler;

grant select on switch.alert to etika_projector, etika_reconciler;

-- These close by themselves, and one of them at a time is open: what is raised again meanwhile is counted in it. Of what
-- is there only the latest stays open.
update switch.alert a set closed_at = now(), closed_by = 'migration'
  where a.kind in ('degraded-mode', 'follow-up-parked', 'late-work') and exists (
    select from switch.alert later where later.kind = a.kind and later.subject = a.subject and later.position > a.position);
create unique index alert_open on switch.alert (kind, subject) where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work');
create index alert_of_transaction on switch.alert (transaction) where closed_at is null;

-- The payments that an alert is about, beside the first.
create table switch.alert_payment (
  alert bigint not null,
  transaction uuid not null,
  primary key (alert, transaction)
);
grant select, insert on switch.alert_payment to etika_switch;

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
    on conflict (kind, subject) where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work')
      do update set count = switch.alert.count + 1, last_at = now()
    returning position into v_alert;
  insert into switch.alert_payment (alert, transaction) values (v_alert, new.transaction) on conflict do nothing;
  return null;
end $$;

create function switch.close_alert_of_parked() returns trigger language plpgsql as $$
begin
  update switch.alert a set closed_at = now(), closed_by = 'nothing is parked any more'
    where a.kind = 'follow-up-parked' and a.closed_at is null
      and a.subject in (select g.task || ' in lane ' || g.lane from gone g)
      and not exists (select from switch.parked_follow_up p where p.task || ' in lane ' || p.lane = a.subject);
  return null;
end $$;
create trigger close_alert after delete on switch.parked_follow_up
  referencing old table as gone for each statement execute function switch.close_alert_of_parked();

create or replace function switch.alert_of_degraded_mode() returns trigger language plpgsql as $$
declare
  v_subject text := new.mode || coalesce(' on ' || new.node, '');
begin
  if not new.is_open then
    update switch.alert set closed_at = now(), closed_by = new.changed_by
      where kind = 'degraded-mode' and subject = v_subject and closed_at is null;
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
    on conflict (kind, subject) where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work')
      do update set count = switch.alert.count + 1, last_at = now();
  return null;
end $$;
drop trigger alert on switch.degraded_mode_change;
create trigger alert after insert on switch.degraded_mode_change
  for each row execute function switch.alert_of_degraded_mode();

create function switch.close_alert_of_case() returns trigger language plpgsql as $$
begin
  update switch.alert set closed_at = now(), closed_by = 'the case is resolved'
    where kind = 'case' and closed_at is null and transaction = new.transaction and subject = 'case ' || new.kind;
  return null;
end $$;
create trigger close_alert after update of state on switch.recon_case for each row
  when (old.state <> 'resolved' and new.state = 'resolved')
  execute function switch.close_alert_of_case();
