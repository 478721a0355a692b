-- Keys that terminals and networks were given, or gave, while the switch runs: every step of a key set's life, for ever.
-- What holds now of a generation is its latest row. A key is the label of one on the token, or a record that only the HSM
-- opens. A state is entered once: of two nodes that do the same at once one is told so, and looks again.
create table switch.key_change (
  position bigint generated always as identity primary key,
  at timestamptz not null,                -- by the clock of the node
  node text not null check (node ~ '^[A-Za-z0-9._-]{1,64}$'),
  owner text not null check (owner ~ '^(terminal|network)/[\x21-\x7e]{1,32}$'),
  generation integer not null check (generation >= 0), -- 0 is what the settings name
  state text not null check (state in ('pending', 'active', 'expiring', 'discarded')),
  keys json not null,                     -- by purpose: reference and key check value
  not_after timestamptz,                  -- of an expiring set
  unique (owner, generation, state)
);
-- A set that is pending becomes one or the other.
create unique index key_change_outcome on switch.key_change (owner, generation) where state in ('active', 'discarded');
grant select, insert on switch.key_change to etika_switch;
