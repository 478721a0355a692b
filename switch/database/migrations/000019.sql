-- By how much the clock of each node is ahead of the database's, as the node last found: nodes learn from it that they
-- disagree with each other (docs/fallback.md).
create table switch.node_clock (
  node text primary key check (length(node) <= 64),
  ahead_ms double precision not null,
  measured_at timestamptz not null default now()
);
grant select, insert, update on switch.node_clock to etika_switch;

alter table switch.alert drop constraint alert_kind_check;
alter table switch.alert add constraint alert_kind_check
  check (kind in ('degraded-mode', 'follow-up-parked', 'case', 'late-work', 'clock', 'data-lost'));
