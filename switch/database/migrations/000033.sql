-- Keys of the vault are changed while everything runs (switch/vault/vault-keeper.ts): a new one becomes active, what was sealed under
-- the old one is sealed anew, and the old one is deleted when nothing is under it any more. An operator may ask for it (is_due).
alter table switch.vault_key
  add column is_due boolean not null default false,
  add column retired_at timestamptz,
  add constraint vault_key_retired check (is_active = (retired_at is null)) not valid;
update switch.vault_key set retired_at = now() where not is_active;
alter table switch.vault_key validate constraint vault_key_retired;
grant delete, update (is_due, retired_at) on switch.vault_key to etika_switch;
grant update (details) on switch.payment_session to etika_switch;
