-- A completion that names its hold by approval code alone (DE38) is looked for among those of a month. Purchases have no
-- place in this index, and cost nothing for it.
create index projected_transaction_holds on switch.projected_transaction (merchant, approval_code)
  where kind = 'pre-authorisation';
