-- The switch's own role: what its connections become (SET ROLE). It may add to the journal and read it, no more.
-- Roles belong to the whole cluster: another database may have made this one already.
do $$
begin
  create role etika_switch nologin;
exception
  when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  if not pg_has_role(current_user, 'etika_switch', 'SET') then
    execute format('grant etika_switch to %I', current_user);
  end if;
end $$;

grant usage on schema switch, graphile_worker to etika_switch;

-- A node's right to write, one row for each time it took it. Epochs grow over all nodes, so that one number tells
-- who wrote an entry. A lease that has ended is never resumed.
create table switch.lease (
  epoch bigint generated always as identity primary key,
  node text not null check (node ~ '^[A-Za-z0-9._-]{1,64}$'),
  opened_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  writer integer not null default 0,      -- grows with every connection: a flush of an older one is refused
  low_water bigint not null default 1,    -- every intention below this sequence has been decided
  settled_at timestamptz                  -- ended, and nothing is left undecided
);
create unique index lease_one_open_per_node on switch.lease (node) where ended_at is null;
create index lease_unsettled on switch.lease (epoch) where settled_at is null;
grant select, insert, update on switch.lease to etika_switch;

-- Append-only. No foreign key to the lease: switch.append_entries holds its row, and a key check for each entry costs.
create table switch.journal (
  transaction uuid not null,
  epoch bigint not null,
  sequence bigint not null,               -- within the epoch, in the order of commits; gaps are normal
  at timestamptz not null,                -- by the clock of the node
  version integer not null check (version >= 1),
  kind text not null,
  body json not null,                     -- json, not jsonb: keeps the exact text
  primary key (transaction, version),
  unique (epoch, sequence)
);
grant select, insert on switch.journal to etika_switch;

create table switch.claim (
  key text primary key,
  fingerprint text not null,
  transaction uuid not null
);
grant select, insert on switch.claim to etika_switch;

-- Follow-ups are jobs of graphile-worker. Its tables are under row level security: only its owner sees them else.
do $$
declare
  name text;
begin
  for name in select tablename from pg_tables where schemaname = 'graphile_worker' and rowsecurity loop
    execute format('create policy etika_switch on graphile_worker.%I to etika_switch using (true) with check (true)', name);
  end loop;
end $$;
grant select, insert, update, delete on all tables in schema graphile_worker to etika_switch;
revoke insert, update, delete on graphile_worker.migrations, graphile_worker.jobs from etika_switch;
grant usage on all sequences in schema graphile_worker to etika_switch;

-- Finds the follow-ups of one original transaction, which run in order.
create index follow_up_transaction on graphile_worker._private_jobs ((payload ->> 'transaction'));

create sequence switch.follow_up_position;
grant usage on sequence switch.follow_up_position to etika_switch;

create table switch.parked_follow_up (
  position bigint primary key,
  transaction uuid not null,
  lane text not null,
  task text not null,
  attempt integer not null,
  reason text not null,
  parked_at timestamptz not null default now()
);
create index parked_follow_up_transaction on switch.parked_follow_up (transaction);
grant select, insert, delete on switch.parked_follow_up to etika_switch;

-- Pools of workers that live. The jobs held by one that stopped renewing are given to the others.
create table switch.follow_up_worker (
  pool text primary key,
  renewed_at timestamptz not null
);
grant select, insert, update, delete on switch.follow_up_worker to etika_switch;
