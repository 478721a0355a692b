-- Degraded modes: every opening and closing, for ever. A node writes what its own trends opened; an operator's change
-- has no node and holds for all of them. What holds now is the latest row of a mode and node.
create table switch.degraded_mode_change (
  position bigint generated always as identity primary key,
  at timestamptz not null,
  mode text not null check (mode ~ '^(network-degraded:[a-z0-9-]{1,32}|pop-degraded|journal-degraded|hsm-degraded)$'),
  node text check (node ~ '^[A-Za-z0-9._-]{1,64}$'),
  is_open boolean not null,
  changed_by text not null check (length(changed_by) between 1 and 64),
  why text not null check (length(why) between 1 and 500)
);
create index degraded_mode_latest on switch.degraded_mode_change (mode, node, position desc);
grant select, insert on switch.degraded_mode_change to etika_switch;

-- What people must know of now. Each is raised once, by its key; nothing is ever removed.
create table switch.alert (
  position bigint generated always as identity primary key,
  key text not null unique,
  raised_at timestamptz not null default now(),
  kind text not null check (kind in ('degraded-mode', 'follow-up-parked', 'case')),
  scenario text check (scenario in ('network-failure', 'blockchain-failure', 'timeout', 'inconsistency')),
  subject text not null,
  summary text not null,
  transaction uuid
);
grant select, insert on switch.alert to etika_switch;

-- An alert and what it tells of are one commit: neither is there without the other.
create function switch.alert_of_degraded_mode() returns trigger language plpgsql as $$
begin
  insert into switch.alert (key, kind, scenario, subject, summary)
    values (
      'degraded-mode:' || new.position,
      'degraded-mode',
      case
        when new.mode like 'network-degraded:%' then 'network-failure'
        when new.mode = 'pop-degraded' then 'blockchain-failure'
      end,
      new.mode || coalesce(' on ' || new.node, ''),
      'opened by ' || new.changed_by || ': ' || new.why
    )
    on conflict (key) do nothing;
  return null;
end $$;
create trigger alert after insert on switch.degraded_mode_change
  for each row when (new.is_open) execute function switch.alert_of_degraded_mode();

create function switch.alert_of_parked_follow_up() returns trigger language plpgsql as $$
begin
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'parked:' || new.position || ':' || new.attempt,
      'follow-up-parked',
      'inconsistency',
      new.task || ' in lane ' || new.lane,
      new.reason,
      new.transaction
    )
    on conflict (key) do nothing;
  return null;
end $$;
create trigger alert after insert on switch.parked_follow_up
  for each row execute function switch.alert_of_parked_follow_up();
