-- Keys of the vault (switch/vault): what is sealed under them is text that nobody may read in a copy of the database. The handle is
-- all that is here of a key, and only the HSM makes the key of it. One is active, and seals; the others only open.
create table switch.vault_key (
  id integer generated always as identity primary key,
  handle bytea not null check (length(handle) between 1 and 1024),
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);
create unique index vault_key_active on switch.vault_key (is_active) where is_active;
grant select, insert, update (is_active) on switch.vault_key to etika_switch;

-- Payment sessions (switch/gateway): what a merchant asks a consumer to pay, until somebody does or its time is over. Who takes part
-- is sealed. A payment claims the session under its own name before it is made, so that of many at once one is made.
create table switch.payment_session (
  session uuid primary key,
  merchant text not null check (length(merchant) between 1 and 15),
  name text not null check (length(name) between 1 and 64),
  content text not null check (length(content) between 1 and 64),
  amount bigint not null check (amount > 0),
  currency text not null check (currency ~ '^[0-9]{3}$'),
  details text not null check (length(details) between 1 and 16384),
  state text not null check (state in ('open', 'paid', 'expired', 'cancelled')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  closed_at timestamptz,
  payment uuid,
  claimed_by text check (length(claimed_by) between 1 and 64),
  claimed_at timestamptz,
  unique (merchant, name),
  check ((state = 'paid') = (payment is not null)),
  check ((claimed_by is null) = (claimed_at is null))
);
create index payment_session_by_end on switch.payment_session (expires_at);
grant select, insert, delete, update (state, closed_at, payment, claimed_by, claimed_at) on switch.payment_session to etika_switch;
