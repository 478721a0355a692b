-- Settlement and days: business dates are facts, what moves money later is a movement of its own day, and the projection
-- is kept by day as the journal is.

-- ------------------------------------------------------------------------------------------------------- the business day
-- Which calendar held from when on. A line is never changed: to set the cut-over or the zone otherwise adds one. Entries of
-- the journal carry their date; what has none, an entry of before or a line of somebody else's ledger, is dated by this.
create table switch.business_calendar (
  valid_from timestamptz primary key,     -- the first line holds for all that was before it, too
  time_zone text not null,                -- IANA
  cut_over_hour integer not null check (cut_over_hour between 0 and 23)
);
grant select, insert on switch.business_calendar to etika_projector;
grant select on switch.business_calendar to etika_switch, etika_reconciler;
-- Until now a day was one of UTC, by this hour; of a new database the projector that comes first says so.
insert into switch.business_calendar
  select 'epoch', 'UTC', cut_over_hour from switch.projection_setting;

-- --------------------------------------------------------------------------------------------------------- the movements
-- What was moved after a transaction was approved: taken back, completed, adjusted. What it began with is in its row.
create table switch.projected_movement (
  transaction uuid not null,
  version integer not null,               -- of the entry that moved it
  account text not null,                  -- held, captured or refunded
  kind text not null,                     -- void, reversal, captured …
  amount bigint not null,                 -- signed, minor units
  business_date date not null,
  moved_at timestamptz not null,
  primary key (transaction, version, account)
);
create index projected_movement_by_date on switch.projected_movement (business_date, transaction);
grant select, insert, update, delete, truncate on switch.projected_movement to etika_projector;
grant select on switch.projected_movement to etika_switch, etika_reconciler;

-- ---------------------------------------------------------------------------------------------------------- rows by day
-- Today's indexes are small and hot, and a day that nobody asks for any more can be detached. What was projected before
-- stays where it is: one partition, up to tonight.
alter table switch.projected_transaction rename to projected_transaction_before;
alter table switch.projected_transaction_before
  rename constraint projected_transaction_pkey to projected_transaction_before_pkey;
create table switch.projected_transaction (
  like switch.projected_transaction_before including defaults including constraints including indexes
) partition by range (transaction);
-- What no day has been made for. It ought to be empty: `switch.make_days` says how much is in it.
create table switch.projected_transaction_rest partition of switch.projected_transaction default with (fillfactor = 50);
grant select, insert, update, delete, truncate on switch.projected_transaction to etika_projector;
grant select on switch.projected_transaction to etika_switch, etika_reconciler;

do $$
declare
  v_bound uuid := switch.first_of_day(floor(extract(epoch from now()) / 86400)::integer + 1);
begin
  if not exists (select from switch.projected_transaction_before) then
    drop table switch.projected_transaction_before;
    return;
  end if;
  with later as (
    delete from switch.projected_transaction_before where transaction >= v_bound returning *
  )
  insert into switch.projected_transaction_rest select * from later;
  execute format(
    'alter table switch.projected_transaction attach partition switch.projected_transaction_before'
      ' for values from (minvalue) to (%L)', v_bound
  );
end $$;

-- As before, and the days of the projection with them.
create or replace function switch.make_days(p_from integer, p_to integer, out made integer, out in_rest integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
  if p_to - p_from > 400 then
    raise exception 'from % to % are too many days', p_from, p_to using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtext('switch.make_days'));
  made := 0;
  for v_day in p_from..p_to loop
    made := made
      + switch.make_day('journal', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)))
      + switch.make_day('claim', 'day', v_day, v_day::text, (v_day + 1)::text)
      + switch.make_day('projected_transaction', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)));
  end loop;
  select count(*) into in_rest from (
    (select from switch.journal_rest limit 500) union all (select from switch.claim_rest limit 500)
      union all (select from switch.projected_transaction_rest limit 500)
  ) r;
end $$;

create or replace function switch.make_day(p_table text, p_column text, p_day integer, p_low text, p_high text)
returns integer
language plpgsql as $$
declare
  v_name text := p_table || to_char(date '1970-01-01' + p_day, '_YYYYMMDD');
  v_rest text := p_table || '_rest';
  -- A row of the projection is written again when its proof is final: with room beside it no index changes.
  v_with text := case p_table when 'projected_transaction' then ' with (fillfactor = 50)' else '' end;
begin
  if to_regclass('switch.' || v_name) is not null then -- also where it was detached
    return 0;
  end if;
  execute format(
    'create table switch.%I (like switch.%I including defaults including constraints including indexes)', v_name, p_table
  ) || v_with;
  execute format('lock table switch.%I in access exclusive mode', v_rest);
  execute format(
    'with early as (delete from switch.%I where %I >= %s and %I < %s returning *) insert into switch.%I select * from early',
    v_rest, p_column, p_low, p_column, p_high, v_name
  );
  execute format('alter table switch.%I attach partition switch.%I for values from (%s) to (%s)',
    p_table, v_name, p_low, p_high);
  return 1;
exception when invalid_object_definition then -- another partition has this day: what was there before there were days
  return 0;
end $$;
