-- Whose batch it is, as keys have it: a terminal's number says something within its merchant only, a merchant's within its
-- acquirer. Two merchants of one acquirer closed their first batch under one name before, and the projection stood still.
alter table switch.projected_transaction add column acquirer text; -- DE32, or of its line; null: of before
alter table switch.projected_batch add column acquirer text;       -- null: of a terminal that is registered here
alter table switch.projected_upload add column merchant text;      -- null: of before
alter table switch.projected_upload add column acquirer text;

drop index switch.projected_batch_ordinal;
create unique index projected_batch_ordinal on switch.projected_batch
  (listener, merchant, terminal, currency, coalesce(acquirer, ''), ordinal desc) where ordinal is not null;

-- A later one of several completions, whose earlier ones are in a batch that is closed: what was counted there.
alter table switch.projected_transaction add column settled bigint;
alter table switch.projected_transaction add column settled_in uuid;
create index projected_transaction_settled_in_part on switch.projected_transaction (listener, terminal, currency)
  where settled_in is not null;
