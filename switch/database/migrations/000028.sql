-- The payments of a merchant's applications, the newest first (switch/gateway). Only those that came in by the gateway are in it:
-- what terminals ask for pays nothing for this index.
create index projected_transaction_of_applications on switch.projected_transaction (merchant, transaction) where listener = 'gateway';
