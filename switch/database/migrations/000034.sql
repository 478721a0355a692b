-- One alert more: rules of fraud block more than a few of a node's payments. It closes by itself, so one is open at a time.
alter table switch.alert drop constraint alert_kind_check;
alter table switch.alert add constraint alert_kind_check
  check (kind in (
    'degraded-mode', 'follow-up-parked', 'case', 'late-work', 'clock', 'data-lost', 'log-lost', 'flood', 'process-died',
    'fraud-blocks'
  ));
drop index switch.alert_open;
create unique index alert_open on switch.alert (kind, subject)
  where closed_at is null
    and kind in (
      'degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost', 'flood', 'process-died', 'fraud-blocks'
    );
