-- Reconciliation knows the cash of a cashback: it is handed out, and no part of the purchase that is witnessed. The rows
-- are made again from the journal, so that those of earlier transactions have it too; a node of the release before this
-- one still projects, without it: `recon rebuild` once the last of those is gone.
truncate switch.projection_cursor, switch.projected_transaction, switch.projected_refund, switch.projected_batch,
  switch.projected_batch_member, switch.projected_upload;
alter table switch.projected_transaction add column cash bigint not null default 0;

-- A run reads the transactions of a business date page by page, in the order of their names.
drop index switch.projected_transaction_by_date;
create index projected_transaction_by_date on switch.projected_transaction (business_date, transaction);
