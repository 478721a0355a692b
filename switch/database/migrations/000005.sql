-- The projection: the journal's transactions as rows that can be asked for, and the cases of reconciliation.
-- A projector of its own role follows the journal; everything it writes can be rebuilt from there. Cases are no
-- projection: what operators did is nowhere else.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['etika_projector', 'etika_reconciler'] loop
    begin
      execute format('create role %I nologin', v_role);
    exception
      when duplicate_object or unique_violation then null;
    end;
    -- Who may be the switch may be these, and none has the rights of another without becoming it.
    execute format('grant %I to etika_switch with inherit false', v_role);
    if not pg_has_role(current_user, v_role, 'SET') then
      execute format('grant %I to %I with inherit false', v_role, current_user);
    end if;
    execute format('grant usage on schema switch to %I', v_role);
    execute format('grant select on switch.journal, switch.lease to %I', v_role);
  end loop;
end $$;

-- How far the projection has read each epoch. Rows and cursors change in one commit: who reads both in one statement
-- knows exactly what the rows take into account.
create table switch.projection_cursor (
  epoch bigint primary key,
  sequence bigint not null,               -- the last entry that was read; 0 before the first
  is_finished boolean not null            -- the lease is over, and all of its entries were read
);
create index projection_cursor_open on switch.projection_cursor (epoch) where not is_finished;

-- With what the rows were made. A projector that is set otherwise begins anew.
create table switch.projection_setting (
  is_only boolean primary key default true check (is_only),
  cut_over_hour integer not null
);

-- One row per transaction. Amounts in minor units of the currency (ISO 4217 numeric).
create table switch.projected_transaction (
  transaction uuid primary key,
  version integer not null,
  kind text not null,                     -- as it was asked for; 'reversal' where only its reversal is known
  state text not null,
  listener text not null,
  terminal text not null,
  merchant text not null,
  stan text not null,
  rrn text not null,
  transmitted_at text not null,           -- DE7 towards the network
  masked_pan text not null,
  card_reference text not null,
  network text not null,
  network_state text not null,
  pop_state text not null,
  is_enrolled boolean not null,           -- card and merchant take part in the proof of purchase
  currency text not null,
  asked bigint not null,
  approved bigint not null,
  captured bigint not null,               -- taken or given for good: of a pre-authorisation, what was completed
  refunded bigint not null default 0,     -- by approved refunds that name this transaction
  standing bigint not null,               -- what the customer owes or is owed now
  network_amount bigint not null,         -- what the network holds, or may hold, as far as the journal knows
  pop_amount bigint,                      -- what the consensus was asked to witness
  response_code text,
  approval_code text,
  business_date date not null,
  opened_at timestamptz not null,
  decided_at timestamptz,
  cases text[] not null,
  batch_side text,                        -- 'sale' or 'refund' where a terminal counts it in its batch
  batch uuid                              -- the settlement that closed the batch it was in
);
create index projected_transaction_by_date on switch.projected_transaction (business_date, opened_at);
create index projected_transaction_by_rrn on switch.projected_transaction (rrn);
create index projected_transaction_in_open_batch on switch.projected_transaction (listener, terminal, currency)
  where batch_side is not null and batch is null;

create table switch.projected_refund (
  refund uuid primary key,
  original uuid not null,
  amount bigint not null
);
create index projected_refund_original on switch.projected_refund (original);

-- A terminal's settlement as it was answered: closed, or found out of balance and left open.
create table switch.projected_batch (
  batch uuid primary key,
  listener text not null,
  terminal text not null,
  merchant text not null,
  currency text not null,
  number text not null,                   -- DE60, as the terminal counts
  ordinal bigint,                         -- of batches that were closed: 1, 2, 3 … of this terminal and currency
  is_balanced boolean not null,
  terminal_totals json not null,
  switch_totals json not null,
  differences json not null,
  business_date date not null,
  settled_at timestamptz not null
);
create unique index projected_batch_ordinal on switch.projected_batch (listener, terminal, currency, ordinal desc)
  where ordinal is not null;
create index projected_batch_by_date on switch.projected_batch (business_date);

create table switch.projected_batch_member (
  transaction uuid primary key,
  batch uuid not null
);

-- A transaction of a batch as its terminal uploaded it.
create table switch.projected_upload (
  upload uuid primary key,
  listener text not null,
  terminal text not null,
  currency text not null,
  number text not null,
  original uuid,                          -- null: nothing is known under the numbers it gives
  stan text not null,
  rrn text,
  amount bigint not null,
  uploaded_at timestamptz not null
);
create index projected_upload_of_batch on switch.projected_upload (listener, terminal, currency, number, uploaded_at);

-- What people must look at, each difference once.
create table switch.recon_case (
  id bigint generated always as identity primary key,
  kind text not null,
  subject text not null,                  -- a transaction, a batch, or the numbers of a record nobody here knows
  transaction uuid,
  network text,
  business_date date,
  currency text,
  amount bigint,                          -- what is at stake, minor units
  state text not null check (state in ('open', 'proposed', 'approved', 'resolved')),
  suggested_action text not null,
  is_automatic boolean not null,          -- the suggested action needs no second pair of eyes
  action text,                            -- proposed, approved or done
  proposed_by text,
  evidence json not null,
  opened_at timestamptz not null,
  version integer not null,
  unique (kind, subject)
);
create index recon_case_unresolved on switch.recon_case (id) where state <> 'resolved';

-- What happened to a case, for ever.
create table switch.recon_case_event (
  id bigint not null references switch.recon_case,
  version integer not null,
  at timestamptz not null,
  what text not null check (what in ('opened', 'reopened', 'proposed', 'approved', 'resolved')),
  by text not null,
  action text,
  note text,
  evidence json,
  primary key (id, version)
);

grant select, insert, update, delete, truncate on
  switch.projection_cursor, switch.projection_setting, switch.projected_transaction, switch.projected_refund,
  switch.projected_batch, switch.projected_batch_member, switch.projected_upload
  to etika_projector;
grant select on
  switch.projection_cursor, switch.projection_setting, switch.projected_transaction, switch.projected_refund,
  switch.projected_batch, switch.projected_batch_member, switch.projected_upload
  to etika_switch, etika_reconciler;
grant select, insert on switch.recon_case, switch.recon_case_event to etika_projector, etika_reconciler;
grant update (state, suggested_action, is_automatic, action, proposed_by, evidence, amount, version)
  on switch.recon_case to etika_reconciler;
grant select on switch.recon_case, switch.recon_case_event to etika_switch;
