-- What became of each attempt to tell a merchant of something (switch/fallback/notices): for the merchant, who asks the gateway why
-- nothing came. The notice itself is made of the journal whenever it is posted, and is not kept here. What is old goes with what is new.
create table switch.notice_delivery (
  id bigint generated always as identity primary key,
  notice text not null check (length(notice) between 1 and 128),
  merchant text not null check (length(merchant) between 1 and 15),
  transaction uuid not null,
  attempt integer not null,
  at timestamptz not null,
  code integer,
  reason text check (length(reason) <= 200)
);
create index notice_delivery_of_merchant on switch.notice_delivery (merchant, id);
grant select, insert, delete on switch.notice_delivery to etika_switch;
