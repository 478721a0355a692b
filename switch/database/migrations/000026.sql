-- Two alerts more: somebody floods a node, and a process of a node died. Both close by themselves, so one of each subject is
-- open at a time. The triggers that raise alerts name fewer kinds than the index: what they name is part of it.
alter table switch.alert drop constraint alert_kind_check;
alter table switch.alert add constraint alert_kind_check
  check (kind in (
    'degraded-mode', 'follow-up-parked', 'case', 'late-work', 'clock', 'data-lost', 'log-lost', 'flood', 'process-died'
  ));
drop index switch.alert_open;
create unique index alert_open on switch.alert (kind, subject)
  where closed_at is null
    and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost', 'flood', 'process-died');
