-- Pre-authorisations that are not over (docs/holds.md). A follow-up writes each when it is approved; the projector keeps the
-- table in step with the journal, so that it can be made again; keepers claim rows of it in sets. Whoever claims rows puts
-- them off: one that dies leaves them to be claimed again.
create table switch.open_hold (
  transaction uuid primary key,
  until timestamptz not null,             -- when what is left of it is given back
  due_at timestamptz not null,            -- when something is to be done: its merchant is told, or it is over
  claimed_until timestamptz not null default '-infinity'
);
create index open_hold_due on switch.open_hold (due_at);
grant select, insert, update, delete, truncate on switch.open_hold to etika_projector;
grant select, insert, update (claimed_until), delete on switch.open_hold to etika_switch;
