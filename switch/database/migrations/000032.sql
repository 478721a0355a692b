-- A payment that waited and did not become the transaction of its own id: its key had made another one before (two nodes that saw its
-- network differently), which is told in its place; or it was refused for good as it was sent.
alter table switch.queued_payment
  add column became uuid,
  drop constraint queued_payment_state_check,
  add constraint queued_payment_state_check check (state in ('waiting', 'sending', 'sent', 'refused', 'cancelled'));
grant update (became) on switch.queued_payment to etika_switch;
