-- Card tokens (switch/vault): what a merchant's applications have in the place of card numbers. One row for a card and a merchant;
-- the number itself is under the HSM's data key, the reference is its keyed hash. No verification value is ever here.
create table switch.card_token (
  token text primary key check (token ~ '^tok_[A-Za-z0-9_-]{24}$'),
  merchant text not null check (length(merchant) between 1 and 15),
  card_reference text not null check (card_reference ~ '^[0-9a-f]{64}$'),
  pan_ciphertext text not null check (length(pan_ciphertext) between 1 and 512),
  last_four text not null check (last_four ~ '^[0-9]{4}$'),
  expiry text check (expiry ~ '^[0-9]{4}$'),  -- YYMM
  created_at timestamptz not null default now(),
  unique (merchant, card_reference)
);
grant select, insert, update (pan_ciphertext, expiry), delete on switch.card_token to etika_switch;
