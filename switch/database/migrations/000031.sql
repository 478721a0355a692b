-- Payments that wait for their network (switch/gateway). Nothing of them is in the journal yet: no leg is open, no proof begun. A row
-- becomes the transaction of its own id as it is sent, or as its time is over; until it is sent it may be cancelled. What is sealed has
-- no verification value, no PIN and no cryptogram, since an order has no place for one.
create table switch.queued_payment (
  payment uuid primary key,
  merchant text not null check (length(merchant) between 1 and 15),
  name text not null check (length(name) between 1 and 64),
  content text not null check (length(content) between 1 and 64),
  network text not null check (length(network) between 1 and 32),
  amount bigint not null check (amount > 0),
  currency text not null check (currency ~ '^[0-9]{3}$'),
  sealed text not null check (length(sealed) between 1 and 65536),
  state text not null check (state in ('waiting', 'sending', 'sent', 'cancelled')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  claimed_at timestamptz,
  unique (merchant, name)
);
create index queued_payment_due on switch.queued_payment (created_at) where state in ('waiting', 'sending');
grant select, insert, delete, update (state, claimed_at, sealed) on switch.queued_payment to etika_switch;
