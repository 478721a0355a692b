-- The schema after all migrations, written by `npm run schema:dump`. Not to be edited.

-- tables

create table switch.alert (
  "position" bigint not null generated always as identity,
  key text not null,
  raised_at timestamp with time zone not null default now(),
  kind text not null,
  scenario text,
  subject text not null,
  summary text not null,
  transaction uuid,
  count integer not null default 1,
  last_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  closed_by text,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  note text
);
create table switch.alert_payment (
  alert bigint not null,
  transaction uuid not null
);
create table switch.allowance (
  key uuid not null,
  count bigint not null,
  minor_units bigint not null,
  used_at timestamp with time zone not null default now()
);
create table switch.awaited_proof (
  transaction uuid not null,
  validation text not null,
  version integer not null,
  accepted_version integer not null,
  accepted_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  attempt integer not null default 0,
  is_handed_over boolean not null default false
);
create table switch.business_calendar (
  valid_from timestamp with time zone not null,
  time_zone text not null,
  cut_over_hour integer not null
);
create table switch.card_token (
  token text not null,
  merchant text not null,
  card_reference text not null,
  pan_ciphertext text not null,
  last_four text not null,
  expiry text,
  created_at timestamp with time zone not null default now()
);
create table switch.claim (
  key uuid not null,
  transaction uuid not null,
  day integer not null,
  fingerprint text not null
) partition by RANGE (day);
create table switch.claim_1 (
  key text not null,
  fingerprint text not null,
  transaction uuid not null,
  epoch bigint,
  sequence bigint
);
create table switch.claim_rest (
  key uuid not null,
  transaction uuid not null,
  day integer not null,
  fingerprint text not null
) partition of switch.claim DEFAULT;
create table switch.claim_secret (
  is_only boolean not null default true,
  secret bytea not null
);
create table switch.claim_undated (
  key uuid not null,
  transaction uuid not null,
  day integer not null,
  fingerprint text not null
) partition of switch.claim FOR VALUES FROM (0) TO (1);
create table switch.degraded_mode_change (
  "position" bigint not null generated always as identity,
  at timestamp with time zone not null,
  mode text not null,
  node text,
  is_open boolean not null,
  changed_by text not null,
  why text not null
);
create table switch.follow_up_worker (
  pool text not null,
  renewed_at timestamp with time zone not null,
  node text not null default ''::text
);
create table switch.journal (
  transaction uuid not null,
  epoch bigint not null,
  sequence bigint not null,
  at timestamp with time zone not null,
  version integer not null,
  kind text not null,
  body json not null,
  link bytea,
  claims bytea
) partition by RANGE (transaction);
create table switch.journal_rest (
  transaction uuid not null,
  epoch bigint not null,
  sequence bigint not null,
  at timestamp with time zone not null,
  version integer not null,
  kind text not null,
  body json not null,
  link bytea,
  claims bytea
) partition of switch.journal DEFAULT;
create table switch.key_change (
  "position" bigint not null generated always as identity,
  at timestamp with time zone not null,
  node text not null,
  owner text not null,
  generation integer not null,
  state text not null,
  keys json not null,
  not_after timestamp with time zone,
  xid xid8 default pg_current_xact_id()
);
create table switch.lease (
  epoch bigint not null generated always as identity,
  node text not null,
  opened_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  writer integer not null default 0,
  low_water bigint not null default 1,
  settled_at timestamp with time zone,
  chain smallint,
  sealed_at timestamp with time zone,
  lease_ms double precision not null default 10000,
  steady_since timestamp with time zone not null default now(),
  timeline integer not null default switch.timeline_now()
);
create table switch.migration (
  number integer not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now()
);
create table switch.network_number (
  network text not null,
  next bigint not null
);
create table switch.node_clock (
  node text not null,
  ahead_ms double precision not null,
  measured_at timestamp with time zone not null default now()
);
create table switch.notice_delivery (
  id bigint not null generated always as identity,
  notice text not null,
  merchant text not null,
  transaction uuid not null,
  attempt integer not null,
  at timestamp with time zone not null,
  code integer,
  reason text
);
create table switch.open_hold (
  transaction uuid not null,
  until timestamp with time zone not null,
  due_at timestamp with time zone not null,
  claimed_until timestamp with time zone not null default '-infinity'::timestamp with time zone
);
create table switch.parked_follow_up (
  "position" bigint not null,
  transaction uuid not null,
  lane text not null,
  task text not null,
  attempt integer not null,
  reason text not null,
  parked_at timestamp with time zone not null default now()
);
create table switch.payment_session (
  session uuid not null,
  merchant text not null,
  name text not null,
  content text not null,
  amount bigint not null,
  currency text not null,
  details text not null,
  state text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  payment uuid,
  claimed_by text,
  claimed_at timestamp with time zone
);
create table switch.projected_batch (
  batch uuid not null,
  listener text not null,
  terminal text not null,
  merchant text not null,
  currency text not null,
  number text not null,
  ordinal bigint,
  is_balanced boolean not null,
  terminal_totals json not null,
  switch_totals json not null,
  differences json not null,
  business_date date not null,
  settled_at timestamp with time zone not null,
  acquirer text
);
create table switch.projected_batch_member (
  transaction uuid not null,
  batch uuid not null
);
create table switch.projected_movement (
  transaction uuid not null,
  version integer not null,
  account text not null,
  kind text not null,
  amount bigint not null,
  business_date date not null,
  moved_at timestamp with time zone not null
);
create table switch.projected_refund (
  refund uuid not null,
  original uuid not null,
  amount bigint not null
);
create table switch.projected_transaction (
  transaction uuid not null,
  version integer not null,
  kind text not null,
  state text not null,
  listener text not null,
  terminal text not null,
  merchant text not null,
  stan text not null,
  rrn text not null,
  transmitted_at text not null,
  masked_pan text not null,
  card_reference text not null,
  network text not null,
  network_state text not null,
  pop_state text not null,
  is_enrolled boolean not null,
  currency text not null,
  asked bigint not null,
  approved bigint not null,
  captured bigint not null,
  refunded bigint not null default 0,
  standing bigint not null,
  network_amount bigint not null,
  pop_amount bigint,
  response_code text,
  approval_code text,
  business_date date not null,
  opened_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  cases text[] not null,
  batch_side text,
  batch uuid,
  cash bigint not null default 0,
  network_rrn text not null default ''::text,
  acquirer text,
  settled bigint,
  settled_in uuid
) partition by RANGE (transaction);
create table switch.projected_transaction_rest (
  transaction uuid not null,
  version integer not null,
  kind text not null,
  state text not null,
  listener text not null,
  terminal text not null,
  merchant text not null,
  stan text not null,
  rrn text not null,
  transmitted_at text not null,
  masked_pan text not null,
  card_reference text not null,
  network text not null,
  network_state text not null,
  pop_state text not null,
  is_enrolled boolean not null,
  currency text not null,
  asked bigint not null,
  approved bigint not null,
  captured bigint not null,
  refunded bigint not null default 0,
  standing bigint not null,
  network_amount bigint not null,
  pop_amount bigint,
  response_code text,
  approval_code text,
  business_date date not null,
  opened_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  cases text[] not null,
  batch_side text,
  batch uuid,
  cash bigint not null default 0,
  network_rrn text not null default ''::text,
  acquirer text,
  settled bigint,
  settled_in uuid
) partition of switch.projected_transaction DEFAULT;
create table switch.projected_upload (
  upload uuid not null,
  listener text not null,
  terminal text not null,
  currency text not null,
  number text not null,
  original uuid,
  stan text not null,
  rrn text,
  amount bigint not null,
  uploaded_at timestamp with time zone not null,
  merchant text,
  acquirer text
);
create table switch.projection_cursor (
  epoch bigint not null,
  sequence bigint not null,
  is_finished boolean not null
);
create table switch.projection_setting (
  is_only boolean not null default true,
  cut_over_hour integer not null
);
create table switch.queued_payment (
  payment uuid not null,
  merchant text not null,
  name text not null,
  content text not null,
  network text not null,
  amount bigint not null,
  currency text not null,
  sealed text not null,
  state text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  claimed_at timestamp with time zone,
  became uuid
);
create table switch.recon_case (
  id bigint not null generated always as identity,
  kind text not null,
  subject text not null,
  transaction uuid,
  network text,
  business_date date,
  currency text,
  amount bigint,
  state text not null,
  suggested_action text not null,
  is_automatic boolean not null,
  action text,
  proposed_by text,
  evidence json not null,
  opened_at timestamp with time zone not null,
  version integer not null
);
create table switch.recon_case_event (
  id bigint not null,
  version integer not null,
  at timestamp with time zone not null,
  what text not null,
  by text not null,
  action text,
  note text,
  evidence json
);
create table switch.settings_follower (
  process text not null,
  version integer not null,
  seen_at timestamp with time zone not null default now(),
  problem text
);
create table switch.settings_version (
  version integer not null,
  content jsonb not null,
  fingerprint text not null,
  applied_at timestamp with time zone not null default now(),
  applied_by text not null,
  why text not null
);
create table switch.unread_transaction (
  transaction uuid not null,
  reason text not null,
  seen_at timestamp with time zone not null default now()
);
create table switch.vault_key (
  id integer not null generated always as identity,
  handle bytea not null,
  is_active boolean not null default true,
  created_at timestamp with time zone not null default now(),
  is_due boolean not null default false,
  retired_at timestamp with time zone
);

-- sequences

create sequence switch.alert_position_seq;
create sequence switch.degraded_mode_change_position_seq;
create sequence switch.follow_up_position;
create sequence switch.key_change_position_seq;
create sequence switch.lease_epoch_seq;
create sequence switch.notice_delivery_id_seq;
create sequence switch.recon_case_id_seq;
create sequence switch.vault_key_id_seq;

-- constraints

alter table switch.alert add constraint alert_acknowledged_by_check CHECK (((length(acknowledged_by) >= 1) AND (length(acknowledged_by) <= 64)));
alter table switch.alert add constraint alert_closed_by_check CHECK (((length(closed_by) >= 1) AND (length(closed_by) <= 64)));
alter table switch.alert add constraint alert_key_key UNIQUE (key);
alter table switch.alert add constraint alert_kind_check CHECK ((kind = ANY (ARRAY['degraded-mode'::text, 'follow-up-parked'::text, 'case'::text, 'late-work'::text, 'clock'::text, 'data-lost'::text, 'log-lost'::text, 'flood'::text, 'process-died'::text, 'fraud-blocks'::text])));
alter table switch.alert add constraint alert_note_check CHECK ((length(note) <= 500));
alter table switch.alert add constraint alert_pkey PRIMARY KEY ("position");
alter table switch.alert add constraint alert_scenario_check CHECK ((scenario = ANY (ARRAY['network-failure'::text, 'blockchain-failure'::text, 'timeout'::text, 'inconsistency'::text])));
alter table switch.alert_payment add constraint alert_payment_pkey PRIMARY KEY (alert, transaction);
alter table switch.allowance add constraint allowance_count_check CHECK ((count >= 0));
alter table switch.allowance add constraint allowance_minor_units_check CHECK ((minor_units >= 0));
alter table switch.allowance add constraint allowance_pkey PRIMARY KEY (key);
alter table switch.awaited_proof add constraint awaited_proof_pkey PRIMARY KEY (transaction);
alter table switch.business_calendar add constraint business_calendar_cut_over_hour_check CHECK (((cut_over_hour >= 0) AND (cut_over_hour <= 23)));
alter table switch.business_calendar add constraint business_calendar_pkey PRIMARY KEY (valid_from);
alter table switch.card_token add constraint card_token_card_reference_check CHECK ((card_reference ~ '^[0-9a-f]{64}$'::text));
alter table switch.card_token add constraint card_token_expiry_check CHECK ((expiry ~ '^[0-9]{4}$'::text));
alter table switch.card_token add constraint card_token_last_four_check CHECK ((last_four ~ '^[0-9]{4}$'::text));
alter table switch.card_token add constraint card_token_merchant_card_reference_key UNIQUE (merchant, card_reference);
alter table switch.card_token add constraint card_token_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 15)));
alter table switch.card_token add constraint card_token_pan_ciphertext_check CHECK (((length(pan_ciphertext) >= 1) AND (length(pan_ciphertext) <= 512)));
alter table switch.card_token add constraint card_token_pkey PRIMARY KEY (token);
alter table switch.card_token add constraint card_token_token_check CHECK ((token ~ '^tok_[A-Za-z0-9_-]{24}$'::text));
alter table switch.claim add constraint claim_pkey PRIMARY KEY (key, day);
alter table switch.claim_1 add constraint claim_1_pkey PRIMARY KEY (key);
alter table switch.claim_rest add constraint claim_rest_pkey PRIMARY KEY (key, day);
alter table switch.claim_secret add constraint claim_secret_is_only_check CHECK (is_only);
alter table switch.claim_secret add constraint claim_secret_pkey PRIMARY KEY (is_only);
alter table switch.claim_undated add constraint claim_undated_pkey PRIMARY KEY (key, day);
alter table switch.degraded_mode_change add constraint degraded_mode_change_changed_by_check CHECK (((length(changed_by) >= 1) AND (length(changed_by) <= 64)));
alter table switch.degraded_mode_change add constraint degraded_mode_change_mode_check CHECK ((mode ~ '^(network-degraded:[a-z0-9-]{1,32}|pop-degraded|journal-degraded|hsm-degraded)$'::text));
alter table switch.degraded_mode_change add constraint degraded_mode_change_node_check CHECK ((node ~ '^[A-Za-z0-9._-]{1,64}$'::text));
alter table switch.degraded_mode_change add constraint degraded_mode_change_pkey PRIMARY KEY ("position");
alter table switch.degraded_mode_change add constraint degraded_mode_change_why_check CHECK (((length(why) >= 1) AND (length(why) <= 500)));
alter table switch.follow_up_worker add constraint follow_up_worker_pkey PRIMARY KEY (pool);
alter table switch.journal add constraint journal_pkey PRIMARY KEY (transaction, version);
alter table switch.journal add constraint journal_version_check CHECK ((version >= 1));
alter table switch.journal_rest add constraint journal_rest_pkey PRIMARY KEY (transaction, version);
alter table switch.journal_rest add constraint journal_version_check CHECK ((version >= 1));
alter table switch.key_change add constraint key_change_generation_check CHECK ((generation >= 0));
alter table switch.key_change add constraint key_change_node_check CHECK ((node ~ '^[A-Za-z0-9._-]{1,64}$'::text));
alter table switch.key_change add constraint key_change_owner_check CHECK ((owner ~ '^(terminal|network)/[\x21-\x7e]{1,32}$'::text));
alter table switch.key_change add constraint key_change_owner_generation_state_key UNIQUE (owner, generation, state);
alter table switch.key_change add constraint key_change_pkey PRIMARY KEY ("position");
alter table switch.key_change add constraint key_change_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'expiring'::text, 'discarded'::text])));
alter table switch.lease add constraint lease_node_check CHECK ((node ~ '^[A-Za-z0-9._-]{1,64}$'::text));
alter table switch.lease add constraint lease_pkey PRIMARY KEY (epoch);
alter table switch.migration add constraint migration_pkey PRIMARY KEY (number);
alter table switch.network_number add constraint network_number_pkey PRIMARY KEY (network);
alter table switch.node_clock add constraint node_clock_node_check CHECK ((length(node) <= 64));
alter table switch.node_clock add constraint node_clock_pkey PRIMARY KEY (node);
alter table switch.notice_delivery add constraint notice_delivery_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 15)));
alter table switch.notice_delivery add constraint notice_delivery_notice_check CHECK (((length(notice) >= 1) AND (length(notice) <= 128)));
alter table switch.notice_delivery add constraint notice_delivery_pkey PRIMARY KEY (id);
alter table switch.notice_delivery add constraint notice_delivery_reason_check CHECK ((length(reason) <= 200));
alter table switch.open_hold add constraint open_hold_pkey PRIMARY KEY (transaction);
alter table switch.parked_follow_up add constraint parked_follow_up_pkey PRIMARY KEY ("position");
alter table switch.payment_session add constraint payment_session_amount_check CHECK ((amount > 0));
alter table switch.payment_session add constraint payment_session_check CHECK (((state = 'paid'::text) = (payment IS NOT NULL)));
alter table switch.payment_session add constraint payment_session_check1 CHECK (((claimed_by IS NULL) = (claimed_at IS NULL)));
alter table switch.payment_session add constraint payment_session_claimed_by_check CHECK (((length(claimed_by) >= 1) AND (length(claimed_by) <= 64)));
alter table switch.payment_session add constraint payment_session_content_check CHECK (((length(content) >= 1) AND (length(content) <= 64)));
alter table switch.payment_session add constraint payment_session_currency_check CHECK ((currency ~ '^[0-9]{3}$'::text));
alter table switch.payment_session add constraint payment_session_details_check CHECK (((length(details) >= 1) AND (length(details) <= 16384)));
alter table switch.payment_session add constraint payment_session_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 15)));
alter table switch.payment_session add constraint payment_session_merchant_name_key UNIQUE (merchant, name);
alter table switch.payment_session add constraint payment_session_name_check CHECK (((length(name) >= 1) AND (length(name) <= 64)));
alter table switch.payment_session add constraint payment_session_pkey PRIMARY KEY (session);
alter table switch.payment_session add constraint payment_session_state_check CHECK ((state = ANY (ARRAY['open'::text, 'paid'::text, 'expired'::text, 'cancelled'::text])));
alter table switch.projected_batch add constraint projected_batch_pkey PRIMARY KEY (batch);
alter table switch.projected_batch_member add constraint projected_batch_member_pkey PRIMARY KEY (transaction);
alter table switch.projected_movement add constraint projected_movement_pkey PRIMARY KEY (transaction, version, account);
alter table switch.projected_refund add constraint projected_refund_pkey PRIMARY KEY (refund);
alter table switch.projected_transaction add constraint projected_transaction_pkey PRIMARY KEY (transaction);
alter table switch.projected_transaction_rest add constraint projected_transaction_rest_pkey PRIMARY KEY (transaction);
alter table switch.projected_upload add constraint projected_upload_pkey PRIMARY KEY (upload);
alter table switch.projection_cursor add constraint projection_cursor_pkey PRIMARY KEY (epoch);
alter table switch.projection_setting add constraint projection_setting_is_only_check CHECK (is_only);
alter table switch.projection_setting add constraint projection_setting_pkey PRIMARY KEY (is_only);
alter table switch.queued_payment add constraint queued_payment_amount_check CHECK ((amount > 0));
alter table switch.queued_payment add constraint queued_payment_content_check CHECK (((length(content) >= 1) AND (length(content) <= 64)));
alter table switch.queued_payment add constraint queued_payment_currency_check CHECK ((currency ~ '^[0-9]{3}$'::text));
alter table switch.queued_payment add constraint queued_payment_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 15)));
alter table switch.queued_payment add constraint queued_payment_merchant_name_key UNIQUE (merchant, name);
alter table switch.queued_payment add constraint queued_payment_name_check CHECK (((length(name) >= 1) AND (length(name) <= 64)));
alter table switch.queued_payment add constraint queued_payment_network_check CHECK (((length(network) >= 1) AND (length(network) <= 32)));
alter table switch.queued_payment add constraint queued_payment_pkey PRIMARY KEY (payment);
alter table switch.queued_payment add constraint queued_payment_sealed_check CHECK (((length(sealed) >= 1) AND (length(sealed) <= 65536)));
alter table switch.queued_payment add constraint queued_payment_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'refused'::text, 'cancelled'::text])));
alter table switch.recon_case add constraint recon_case_kind_subject_key UNIQUE (kind, subject);
alter table switch.recon_case add constraint recon_case_pkey PRIMARY KEY (id);
alter table switch.recon_case add constraint recon_case_state_check CHECK ((state = ANY (ARRAY['open'::text, 'proposed'::text, 'approved'::text, 'resolved'::text])));
alter table switch.recon_case_event add constraint recon_case_event_id_fkey FOREIGN KEY (id) REFERENCES switch.recon_case(id);
alter table switch.recon_case_event add constraint recon_case_event_pkey PRIMARY KEY (id, version);
alter table switch.recon_case_event add constraint recon_case_event_what_check CHECK ((what = ANY (ARRAY['opened'::text, 'reopened'::text, 'proposed'::text, 'approved'::text, 'resolved'::text])));
alter table switch.settings_follower add constraint settings_follower_pkey PRIMARY KEY (process);
alter table switch.settings_follower add constraint settings_follower_problem_check CHECK ((length(problem) <= 2000));
alter table switch.settings_follower add constraint settings_follower_process_check CHECK (((length(process) >= 1) AND (length(process) <= 80)));
alter table switch.settings_version add constraint settings_version_applied_by_check CHECK (((length(applied_by) >= 1) AND (length(applied_by) <= 64)));
alter table switch.settings_version add constraint settings_version_pkey PRIMARY KEY (version);
alter table switch.settings_version add constraint settings_version_version_check CHECK ((version > 0));
alter table switch.settings_version add constraint settings_version_why_check CHECK ((length(why) <= 500));
alter table switch.unread_transaction add constraint unread_transaction_pkey PRIMARY KEY (transaction);
alter table switch.vault_key add constraint vault_key_handle_check CHECK (((length(handle) >= 1) AND (length(handle) <= 1024)));
alter table switch.vault_key add constraint vault_key_pkey PRIMARY KEY (id);
alter table switch.vault_key add constraint vault_key_retired CHECK ((is_active = (retired_at IS NULL)));

-- indexes

CREATE INDEX alert_of_subject ON switch.alert USING btree (kind, subject, "position");
CREATE INDEX alert_of_transaction ON switch.alert USING btree (transaction) WHERE (closed_at IS NULL);
CREATE INDEX awaited_proof_due ON switch.awaited_proof USING btree (due_at) WHERE (NOT is_handed_over);
CREATE INDEX claim_1_of_entry ON switch.claim_1 USING btree (epoch, sequence) WHERE (epoch IS NOT NULL);
CREATE INDEX claim_1_of_transaction ON switch.claim_1 USING btree (transaction);
CREATE INDEX degraded_mode_latest ON switch.degraded_mode_change USING btree (mode, node, "position" DESC);
CREATE INDEX follow_up_transaction ON graphile_worker._private_jobs USING btree (((payload ->> 'transaction'::text)));
CREATE INDEX journal_of_epoch ON ONLY switch.journal USING btree (epoch, sequence);
CREATE INDEX journal_rest_epoch_sequence_idx ON switch.journal_rest USING btree (epoch, sequence);
CREATE INDEX lease_unsealed ON switch.lease USING btree (epoch) WHERE ((chain IS NOT NULL) AND (sealed_at IS NULL));
CREATE INDEX lease_unsettled ON switch.lease USING btree (epoch) WHERE (settled_at IS NULL);
CREATE INDEX notice_delivery_of_merchant ON switch.notice_delivery USING btree (merchant, id);
CREATE INDEX open_hold_due ON switch.open_hold USING btree (due_at);
CREATE INDEX parked_follow_up_transaction ON switch.parked_follow_up USING btree (transaction);
CREATE INDEX payment_session_by_end ON switch.payment_session USING btree (expires_at);
CREATE INDEX projected_batch_by_date ON switch.projected_batch USING btree (business_date);
CREATE INDEX projected_movement_by_date ON switch.projected_movement USING btree (business_date, transaction);
CREATE INDEX projected_refund_original ON switch.projected_refund USING btree (original);
CREATE INDEX projected_transaction_business_date_transaction_idx ON ONLY switch.projected_transaction USING btree (business_date, transaction);
CREATE INDEX projected_transaction_by_network_rrn ON ONLY switch.projected_transaction USING btree (network_rrn);
CREATE INDEX projected_transaction_holds ON ONLY switch.projected_transaction USING btree (merchant, approval_code) WHERE (kind = 'pre-authorisation'::text);
CREATE INDEX projected_transaction_listener_terminal_currency_idx ON ONLY switch.projected_transaction USING btree (listener, terminal, currency) WHERE ((batch_side IS NOT NULL) AND (batch IS NULL));
CREATE INDEX projected_transaction_of_applications ON ONLY switch.projected_transaction USING btree (merchant, transaction) WHERE (listener = 'gateway'::text);
CREATE INDEX projected_transaction_rest_business_date_transaction_idx ON switch.projected_transaction_rest USING btree (business_date, transaction);
CREATE INDEX projected_transaction_rest_listener_terminal_currency_idx ON switch.projected_transaction_rest USING btree (listener, terminal, currency) WHERE ((batch_side IS NOT NULL) AND (batch IS NULL));
CREATE INDEX projected_transaction_rest_listener_terminal_currency_idx1 ON switch.projected_transaction_rest USING btree (listener, terminal, currency) WHERE (settled_in IS NOT NULL);
CREATE INDEX projected_transaction_rest_merchant_approval_code_idx ON switch.projected_transaction_rest USING btree (merchant, approval_code) WHERE (kind = 'pre-authorisation'::text);
CREATE INDEX projected_transaction_rest_merchant_transaction_idx ON switch.projected_transaction_rest USING btree (merchant, transaction) WHERE (listener = 'gateway'::text);
CREATE INDEX projected_transaction_rest_network_rrn_idx ON switch.projected_transaction_rest USING btree (network_rrn);
CREATE INDEX projected_transaction_rest_rrn_idx ON switch.projected_transaction_rest USING btree (rrn);
CREATE INDEX projected_transaction_rrn_idx ON ONLY switch.projected_transaction USING btree (rrn);
CREATE INDEX projected_transaction_settled_in_part ON ONLY switch.projected_transaction USING btree (listener, terminal, currency) WHERE (settled_in IS NOT NULL);
CREATE INDEX projected_upload_of_batch ON switch.projected_upload USING btree (listener, terminal, currency, number, uploaded_at);
CREATE INDEX projection_cursor_open ON switch.projection_cursor USING btree (epoch) WHERE (NOT is_finished);
CREATE INDEX queued_payment_due ON switch.queued_payment USING btree (created_at) WHERE (state = ANY (ARRAY['waiting'::text, 'sending'::text]));
CREATE INDEX recon_case_unresolved ON switch.recon_case USING btree (id) WHERE (state <> 'resolved'::text);
CREATE UNIQUE INDEX alert_open ON switch.alert USING btree (kind, subject) WHERE ((closed_at IS NULL) AND (kind = ANY (ARRAY['degraded-mode'::text, 'follow-up-parked'::text, 'late-work'::text, 'clock'::text, 'log-lost'::text, 'flood'::text, 'process-died'::text, 'fraud-blocks'::text])));
CREATE UNIQUE INDEX key_change_outcome ON switch.key_change USING btree (owner, generation) WHERE (state = ANY (ARRAY['active'::text, 'discarded'::text]));
CREATE UNIQUE INDEX lease_one_open_per_node ON switch.lease USING btree (node) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX projected_batch_ordinal ON switch.projected_batch USING btree (listener, merchant, terminal, currency, COALESCE(acquirer, ''::text), ordinal DESC) WHERE (ordinal IS NOT NULL);
CREATE UNIQUE INDEX vault_key_active ON switch.vault_key USING btree (is_active) WHERE is_active;

-- triggers

CREATE TRIGGER alert AFTER INSERT ON switch.degraded_mode_change FOR EACH ROW EXECUTE FUNCTION switch.alert_of_degraded_mode();
CREATE TRIGGER alert AFTER INSERT ON switch.parked_follow_up FOR EACH ROW EXECUTE FUNCTION switch.alert_of_parked_follow_up();
CREATE TRIGGER alert_of_opened AFTER INSERT ON switch.recon_case FOR EACH ROW WHEN ((new.kind <> ALL (ARRAY['pop-rejected'::text, 'pop-stands'::text, 'reversal-refused'::text, 'advice-refused'::text]))) EXECUTE FUNCTION switch.alert_of_case();
CREATE TRIGGER alert_of_reopened AFTER UPDATE OF state ON switch.recon_case FOR EACH ROW WHEN (((old.state = 'resolved'::text) AND (new.state = 'open'::text))) EXECUTE FUNCTION switch.alert_of_case();
CREATE TRIGGER close_alert AFTER DELETE ON switch.parked_follow_up REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION switch.close_alert_of_parked();
CREATE TRIGGER close_alert AFTER UPDATE OF state ON switch.recon_case FOR EACH ROW WHEN (((old.state <> 'resolved'::text) AND (new.state = 'resolved'::text))) EXECUTE FUNCTION switch.close_alert_of_case();

-- functions

CREATE OR REPLACE FUNCTION switch.alert_of_case()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'case:' || new.id || ':' || new.version,
      'case',
      'inconsistency',
      'case ' || new.kind,
      'case ' || new.id || case new.version when 1 then ' was opened' else ' was opened anew' end
        || coalesce(', network ' || new.network, ''),
      new.transaction
    );
  return null;
end $function$
;
CREATE OR REPLACE FUNCTION switch.alert_of_degraded_mode()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  v_node text := switch.node_of_process(new.node);
  v_subject text := new.mode || coalesce(' on ' || v_node, '');
begin
  if not new.is_open then
    update switch.alert set closed_at = now(), closed_by = new.changed_by
      where kind = 'degraded-mode' and subject = v_subject and closed_at is null
        and not exists (
          select from (
            select distinct on (c.node) c.is_open from switch.degraded_mode_change c
              where c.mode = new.mode and c.node <> new.node and switch.node_of_process(c.node) = v_node
              order by c.node, c.position desc
          ) other where other.is_open
        );
    return null;
  end if;
  if switch.reopen_alert('degraded-mode', v_subject) then
    return null;
  end if;
  insert into switch.alert (key, kind, scenario, subject, summary)
    values (
      'degraded-mode:' || new.position,
      'degraded-mode',
      case
        when new.mode like 'network-degraded:%' then 'network-failure'
        when new.mode = 'pop-degraded' then 'blockchain-failure'
      end,
      v_subject,
      'opened by ' || new.changed_by || ': ' || new.why
    )
    on conflict (kind, subject)
      where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost')
      do update set count = switch.alert.count + 1, last_at = now();
  return null;
end $function$
;
CREATE OR REPLACE FUNCTION switch.alert_of_parked_follow_up()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  v_alert bigint;
begin
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'parked:' || new.position || ':' || floor(extract(epoch from new.parked_at) * 1000),
      'follow-up-parked',
      'inconsistency',
      new.task || ' in lane ' || new.lane,
      new.reason,
      new.transaction
    )
    on conflict (kind, subject)
      where closed_at is null and kind in ('degraded-mode', 'follow-up-parked', 'late-work', 'clock', 'log-lost')
      do update set count = switch.alert.count + 1, last_at = now()
    returning position into v_alert;
  insert into switch.alert_payment (alert, transaction) values (v_alert, new.transaction) on conflict do nothing;
  return null;
end $function$
;
CREATE OR REPLACE FUNCTION switch.append(p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform switch.hold_lease(p_epoch, p_writer);
  insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
    select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body, e.link, e.claims
    from switch.entries_in(p_entry_lines) e;
  if p_claim_lines <> '' then
    insert into switch.claim (key, transaction, day, fingerprint)
      select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c;
  end if;
  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, '{}');
  end if;
end $function$
;
CREATE OR REPLACE FUNCTION switch.append_counted(p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea, p_take_lines text)
 RETURNS TABLE(sequence bigint, claim_name text, claimed_by uuid, fingerprint text, exhausted integer)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
  v_take record;
  v_of bigint := -1;                      -- the entry whose takes are at hand
  v_keys uuid[];                          -- what it has taken so far
  v_amounts bigint[];
  v_exhausted bigint[] := '{}';           -- sequences of entries
  v_refused bigint[] := '{}';
  v_row record;
begin
  perform from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;

  insert into switch.allowance (key, count, minor_units)
    select distinct t.key, 0, 0 from switch.takes_in(p_take_lines) t order by t.key
    on conflict do nothing;
  perform from switch.allowance a
    where a.key in (select t.key from switch.takes_in(p_take_lines) t) order by a.key for update;

  for v_take in select * from switch.takes_in(p_take_lines) t order by t.sequence, t.place loop
    if v_take.sequence <> v_of then
      v_of := v_take.sequence;
      v_keys := '{}';
      v_amounts := '{}';
    elsif v_of = any (v_exhausted) then
      continue;
    end if;
    update switch.allowance a
      set count = a.count + 1, minor_units = a.minor_units + v_take.minor_units, used_at = now()
      where a.key = v_take.key and a.count < v_take.max_count
        and a.minor_units + v_take.minor_units <= v_take.max_minor_units;
    if found then
      v_keys := v_keys || v_take.key;
      v_amounts := v_amounts || v_take.minor_units;
    else
      update switch.allowance a set count = a.count - 1, minor_units = a.minor_units - g.amount
        from unnest(v_keys, v_amounts) as g (key, amount) where a.key = g.key;
      v_exhausted := v_exhausted || v_of;
      return query select v_of, null::text, null::uuid, null::text, v_take.place;
    end if;
  end loop;

  for v_row in
    select * from switch.append_some(
      p_epoch, p_writer,
      switch.lines_without(p_entry_lines, 3, v_exhausted), switch.lines_without(p_claim_lines, 5, v_exhausted),
      switch.lines_without(p_follow_up_lines, 1, v_exhausted), p_link
    )
  loop
    if v_row.sequence is not null then
      v_refused := v_refused || v_row.sequence;
    end if;
    return query select v_row.sequence, v_row.claim_name, v_row.claimed_by, v_row.fingerprint, null::integer;
  end loop;

  if v_refused <> '{}' then
    update switch.allowance a set count = a.count - g.times, minor_units = a.minor_units - g.amount
      from (
        select t.key, count(*) as times, sum(t.minor_units) as amount
          from switch.takes_in(p_take_lines) t where t.sequence = any (v_refused) group by t.key
      ) g where a.key = g.key;
  end if;
end $function$
;
CREATE OR REPLACE FUNCTION switch.append_entries(p_epoch bigint, p_writer integer, p_sequences bigint[], p_transactions uuid[], p_versions integer[], p_kinds text[], p_bodies json[], p_times double precision[], p_claim_sequences bigint[], p_claim_transactions uuid[], p_claim_keys text[], p_claim_fingerprints text[], p_claim_unique boolean[], p_job_sequences bigint[], p_job_transactions uuid[], p_job_tasks text[], p_job_lanes text[], p_job_delays double precision[], p_job_attempts integer[], p_job_behind boolean[], p_link bytea)
 RETURNS TABLE(sequence bigint, claimed_key text, claimed_by uuid, fingerprint text)
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'a node of an earlier release writes no more' using errcode = 'SWFEN';
end $function$
;
CREATE OR REPLACE FUNCTION switch.append_some(p_epoch bigint, p_writer integer, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_link bytea)
 RETURNS TABLE(sequence bigint, claim_name text, claimed_by uuid, fingerprint text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_refused bigint[];                   -- sequences of entries
  v_owned text[];                       -- names of aliases that have an owner
  v_before integer := -1;
  v_first bigint;                       -- of the sequences that are appended
  v_wanted integer;
  v_inserted integer;
begin
  perform switch.hold_lease(p_epoch, p_writer);
  loop
    v_refused := array(
      select e.sequence
        from switch.entries_in(p_entry_lines) e
        join switch.journal j on j.transaction = e.transaction and j.version = e.version
      union
      select c.sequence
        from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
        where c.is_unique
    );
    v_owned := array(
      select switch.name_of_claim(c.day, c.key)
        from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
        where not c.is_unique
    );
    if cardinality(v_refused) + cardinality(v_owned) = v_before then
      raise exception 'two entries of one flush exclude each other' using errcode = '22023';
    end if;
    v_before := cardinality(v_refused) + cardinality(v_owned);
    select min(e.sequence), count(*) into v_first, v_wanted
      from switch.entries_in(p_entry_lines) e where e.sequence <> all (v_refused);
    begin
      insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
        select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body,
          case when e.sequence = v_first then p_link end,
          case when v_owned = '{}' then e.claims else switch.names_without(e.claims, v_owned) end
        from switch.entries_in(p_entry_lines) e
        where e.sequence <> all (v_refused)
        on conflict do nothing;
      get diagnostics v_inserted = row_count;
      if v_inserted < v_wanted then
        raise sqlstate 'SWTAK';
      end if;

      with wanted as materialized (
        select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c
          where c.sequence <> all (v_refused)
            and (v_owned = '{}' or switch.name_of_claim(c.day, c.key) <> all (v_owned))
      ), inserted as (
        insert into switch.claim (key, transaction, day, fingerprint)
          select w.key, w.transaction, w.day, w.fingerprint from wanted w
          on conflict do nothing
          returning 1
      )
      select (select count(*) from wanted), (select count(*) from inserted) into v_wanted, v_inserted;
      if v_inserted < v_wanted then
        raise sqlstate 'SWTAK';
      end if;
      exit;
    exception when sqlstate 'SWTAK' then null;
    end;
  end loop;

  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, v_refused);
  end if;

  return query select null::bigint, o.name, null::uuid, null::text from unnest(v_owned) as o (name);
  if v_refused = '{}' then
    return;
  end if;
  return query
    select r.sequence, taken.name, taken.transaction, taken.fingerprint
    from unnest(v_refused) as r (sequence)
    left join (
      select distinct on (c.sequence)
        c.sequence, switch.name_of_claim(c.day, c.key) as name, k.transaction, k.fingerprint
      from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
      where c.is_unique and c.sequence = any (v_refused)
      order by c.sequence, c.place
    ) taken on taken.sequence = r.sequence;
end $function$
;
CREATE OR REPLACE FUNCTION switch.attach_writer(p_epoch bigint, p_unsettled bigint[], OUT new_writer integer, OUT present bigint[], OUT claimed text[])
 RETURNS record
 LANGUAGE plpgsql
AS $function$
begin
  update switch.lease l set writer = l.writer + 1
    where l.epoch = p_epoch and l.ended_at is null
    returning l.writer into new_writer;
  perform switch.extend_lease(p_epoch);
  select coalesce(array_agg(j.sequence), '{}'), coalesce(array_agg(encode(j.claims, 'hex')) filter (where j.claims is not null), '{}')
    into present, claimed
    from switch.journal j where j.epoch = p_epoch and j.sequence = any (p_unsettled);
end $function$
;
CREATE OR REPLACE FUNCTION switch.case_of_lost(p_transaction uuid, p_evidence json)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with opened as (
    insert into switch.recon_case (kind, subject, transaction, suggested_action, is_automatic, evidence, state, opened_at, version)
      values ('answer-lost', p_transaction::text, p_transaction, 'by-hand', false, p_evidence, 'open', now(), 1)
      on conflict (kind, subject) do nothing
      returning id, evidence
  )
  insert into switch.recon_case_event (id, version, at, what, by, evidence)
    select id, 1, now(), 'opened', 'switch', evidence from opened;
$function$
;
CREATE OR REPLACE FUNCTION switch.claims_in(p_lines text)
 RETURNS TABLE(key uuid, transaction uuid, day integer, fingerprint text, sequence bigint, is_unique boolean, place integer)
 LANGUAGE sql
 STABLE
AS $function$
  select f[1]::uuid, f[2]::uuid, f[3]::integer, f[4], f[5]::bigint, f[6]::boolean, f[7]::integer
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) c;
$function$
;
CREATE OR REPLACE FUNCTION switch.close_alert_of_case()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update switch.alert set closed_at = now(), closed_by = 'the case is resolved'
    where kind = 'case' and closed_at is null and transaction = new.transaction and subject = 'case ' || new.kind;
  return null;
end $function$
;
CREATE OR REPLACE FUNCTION switch.close_alert_of_parked()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update switch.alert a set closed_at = now(), closed_by = 'nothing is parked any more'
    where a.kind = 'follow-up-parked' and a.closed_at is null
      and a.subject in (select g.task || ' in lane ' || g.lane from gone g)
      and not exists (select from switch.parked_follow_up p where p.task || ' in lane ' || p.lane = a.subject);
  return null;
end $function$
;
CREATE OR REPLACE FUNCTION switch.day_of(p_transaction uuid)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select (('x' || translate(left(p_transaction::text, 13), '-', ''))::bit(48)::bigint / 86400000)::integer;
$function$
;
CREATE OR REPLACE FUNCTION switch.entries_in(p_lines text)
 RETURNS TABLE(sequence bigint, transaction uuid, version integer, at timestamp with time zone, kind text, body json, claims bytea, link bytea)
 LANGUAGE sql
 STABLE
AS $function$
  select f[3]::bigint, f[1]::uuid, f[2]::integer, to_timestamp(f[4]::double precision / 1000), f[5], f[6]::json,
    case when f[7] <> '' then decode(f[7], 'hex') end, case when f[8] <> '' then decode(f[8], 'hex') end
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) e;
$function$
;
CREATE OR REPLACE FUNCTION switch.extend_lease(p_epoch bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
  update switch.lease set
      expires_at = clock_timestamp() + lease_ms * interval '1 millisecond',
      steady_since = case
        when expires_at < clock_timestamp() + lease_ms / 4 * interval '1 millisecond' then clock_timestamp()
        else steady_since
      end
    where epoch = p_epoch and ended_at is null;
$function$
;
CREATE OR REPLACE FUNCTION switch.first_of_day(p_day integer)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select rpad(lpad(to_hex(p_day::bigint * 86400000), 12, '0'), 32, '0')::uuid;
$function$
;
CREATE OR REPLACE FUNCTION switch.follow_up_before(p_transaction uuid, p_lane text, p_position bigint)
 RETURNS TABLE(before bigint, parked boolean, due_in_ms double precision)
 LANGUAGE sql
 STABLE
AS $function$
  select p.position, true, 0
    from switch.parked_follow_up p
    where p.transaction = p_transaction and p.lane = p_lane and p.position < p_position
  union all
  select (j.payload ->> 'position')::bigint, false,
      greatest(0, extract(epoch from j.run_at - now())::double precision * 1000)
    from graphile_worker._private_jobs j
    where j.payload ->> 'transaction' = p_transaction::text and j.payload ->> 'lane' = p_lane
      and (j.payload ->> 'position')::bigint < p_position
  order by 1
  limit 1;
$function$
;
CREATE OR REPLACE FUNCTION switch.follow_up_before(p_transaction uuid, p_lane text, p_position bigint, p_waits_for_all boolean, p_waits_for text[])
 RETURNS TABLE(before bigint, parked boolean, due_in_ms double precision)
 LANGUAGE sql
 STABLE
AS $function$
  select p.position, true, 0
    from switch.parked_follow_up p
    where p.transaction = p_transaction and p.lane = p_lane and p.position < p_position
      and (p_waits_for_all or p.task = any (p_waits_for))
  union all
  select (j.payload ->> 'position')::bigint, false,
      greatest(0, extract(epoch from j.run_at - now())::double precision * 1000)
    from graphile_worker._private_jobs j
    where j.payload ->> 'transaction' = p_transaction::text and j.payload ->> 'lane' = p_lane
      and (j.payload ->> 'position')::bigint < p_position
  order by 1
  limit 1;
$function$
;
CREATE OR REPLACE FUNCTION switch.follow_ups_in(p_lines text)
 RETURNS TABLE(sequence bigint, transaction uuid, lane text, task text, attempt integer, delay_ms double precision, behind boolean)
 LANGUAGE sql
 STABLE
AS $function$
  select f[1]::bigint, f[2]::uuid, f[3], f[4], f[5]::integer, f[6]::double precision, f[7]::boolean
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) j;
$function$
;
CREATE OR REPLACE FUNCTION switch.hand_over_proofs(p_transactions uuid[], p_task text, p_lane text)
 RETURNS uuid[]
 LANGUAGE plpgsql
AS $function$
declare
  v_taken uuid[];
begin
  with taken as (
    update switch.awaited_proof a set is_handed_over = true
      where a.transaction = any (p_transactions) and not a.is_handed_over
      returning a.transaction
  )
  select coalesce(array_agg(t.transaction), '{}') into v_taken from taken t;
  if v_taken = '{}' then
    return v_taken;
  end if;
  insert into graphile_worker._private_tasks (identifier)
    select p_task || '@' || p_lane
    where not exists (select from graphile_worker._private_tasks t where t.identifier = p_task || '@' || p_lane)
    on conflict do nothing;
  insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts)
    select t.id,
      json_build_object(
        'transaction', h.transaction, 'lane', p_lane, 'attempt', 1,
        'position', nextval('switch.follow_up_position'),
        'behind', exists (
            select from graphile_worker._private_jobs q
              where q.payload ->> 'transaction' = h.transaction::text and q.payload ->> 'lane' = p_lane
          ) or exists (
            select from switch.parked_follow_up p where p.transaction = h.transaction and p.lane = p_lane
          )
      ),
      now(), 32767
    from unnest(v_taken) as h (transaction)
    join graphile_worker._private_tasks t on t.identifier = p_task || '@' || p_lane;
  perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', cardinality(v_taken))::text);
  return v_taken;
end $function$
;
CREATE OR REPLACE FUNCTION switch.hash_of_claim(p_key text)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select encode(substring(sha256(convert_to(encode(s.secret, 'hex') || p_key, 'UTF8')) for 16), 'hex')::uuid
    from switch.claim_secret s;
$function$
;
CREATE OR REPLACE FUNCTION switch.hold_lease(p_epoch bigint, p_writer integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  v_left double precision;
begin
  select extract(epoch from l.expires_at - clock_timestamp()) * 1000 / l.lease_ms into v_left
    from switch.lease l
    where l.epoch = p_epoch and l.writer = p_writer and l.ended_at is null
    for no key update;
  if not found then
    raise exception 'the lease % is over, or has another writer than %', p_epoch, p_writer using errcode = 'SWFEN';
  end if;
  if v_left <= 0 then
    raise exception 'the lease % has expired', p_epoch using errcode = 'SWEXP';
  end if;
  if v_left < 0.5 then
    perform switch.extend_lease(p_epoch);
  end if;
end $function$
;
CREATE OR REPLACE FUNCTION switch.lines_without(p_lines text, p_field integer, p_sequences bigint[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when p_sequences = '{}' then p_lines else coalesce((
    select string_agg(l.line, E'\x1e' order by l.place)
      from string_to_table(p_lines, E'\x1e') with ordinality as l (line, place)
      where split_part(l.line, E'\x1f', p_field)::bigint <> all (p_sequences)
  ), '') end;
$function$
;
CREATE OR REPLACE FUNCTION switch.make_day(p_table text, p_column text, p_day integer, p_low text, p_high text)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  v_name text := p_table || to_char(date '1970-01-01' + p_day, '_YYYYMMDD');
  v_rest text := p_table || '_rest';
  -- A row of the projection is written again when its proof is final: with room beside it no index changes.
  v_with text := case p_table when 'projected_transaction' then ' with (fillfactor = 50)' else '' end;
begin
  if to_regclass('switch.' || v_name) is not null then -- also where it was detached
    return 0;
  end if;
  execute format(
    'create table switch.%I (like switch.%I including defaults including constraints including indexes)', v_name, p_table
  ) || v_with;
  execute format('lock table switch.%I in access exclusive mode', v_rest);
  execute format(
    'with early as (delete from switch.%I where %I >= %s and %I < %s returning *) insert into switch.%I select * from early',
    v_rest, p_column, p_low, p_column, p_high, v_name
  );
  execute format('alter table switch.%I attach partition switch.%I for values from (%s) to (%s)',
    p_table, v_name, p_low, p_high);
  return 1;
exception when invalid_object_definition then -- another partition has this day: what was there before there were days
  return 0;
end $function$
;
CREATE OR REPLACE FUNCTION switch.make_days(p_from integer, p_to integer, OUT made integer, OUT in_rest integer)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '50ms'
AS $function$
declare
  v_today integer := floor(extract(epoch from now()) / 86400)::integer;
begin
  if p_from < v_today - 1000 or p_to > v_today + 1000 or p_to - p_from > 400 then
    raise exception 'days from % to % are too many, or too far from today (%)', p_from, p_to, v_today
      using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtext('switch.make_days'));
  made := 0;
  for v_day in p_from..p_to loop
    made := made
      + switch.make_day('journal', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)))
      + switch.make_day('claim', 'day', v_day, v_day::text, (v_day + 1)::text)
      + switch.make_day('projected_transaction', 'transaction', v_day,
          quote_literal(switch.first_of_day(v_day)), quote_literal(switch.first_of_day(v_day + 1)));
  end loop;
  select count(*) into in_rest from (
    (select from switch.journal_rest limit 500) union all (select from switch.claim_rest limit 500)
      union all (select from switch.projected_transaction_rest limit 500)
  ) r;
  delete from switch.allowance a
    where a.key in (select o.key from switch.allowance o where o.used_at < now() - interval '40 days' limit 10000);
end $function$
;
CREATE OR REPLACE FUNCTION switch.name_of_claim(p_day integer, p_key uuid)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select lpad(to_hex(p_day), 8, '0') || replace(p_key::text, '-', '');
$function$
;
CREATE OR REPLACE FUNCTION switch.names_without(p_names bytea, p_names_left_out text[])
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select string_agg(n.name, '' order by n.at)
    from (select substr(p_names, i, 20) as name, i as at from generate_series(1, length(p_names), 20) as i) n
    where encode(n.name, 'hex') <> all (p_names_left_out);
$function$
;
CREATE OR REPLACE FUNCTION switch.node_of_process(v_process text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select regexp_replace(v_process, '\.worker(\..*)?$', '');
$function$
;
CREATE OR REPLACE FUNCTION switch.note_data_loss(p_node text, p_epoch bigint, p_sequence bigint, p_summary text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update switch.lease set timeline = -1 where settled_at is null;
  update switch.network_number set next = next + 50000
    where not exists (select from switch.alert where key = 'data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence);
  insert into switch.alert (key, kind, scenario, subject, summary)
    values ('data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence, 'data-lost', 'inconsistency', p_node, p_summary)
    on conflict do nothing;
end $function$
;
CREATE OR REPLACE FUNCTION switch.open_lease(p_node text, p_lease_ms double precision, p_chain smallint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v_epoch bigint;
begin
  if p_chain < 2 then
    raise exception 'a node of an earlier release writes no more' using errcode = 'SWFEN';
  end if;
  update switch.lease set ended_at = now() where node = p_node and ended_at is null;
  insert into switch.lease (node, expires_at, lease_ms, steady_since, chain)
    values (p_node, clock_timestamp() + p_lease_ms * interval '1 millisecond', p_lease_ms, clock_timestamp(), p_chain)
    returning epoch into v_epoch;
  return v_epoch;
end $function$
;
CREATE OR REPLACE FUNCTION switch.park_follow_up(p_job bigint, p_pool text, p_task text, p_reason text)
 RETURNS boolean
 LANGUAGE sql
AS $function$
  with gone as (
    delete from graphile_worker._private_jobs where id = p_job and locked_by = p_pool returning payload
  ), parked as (
    insert into switch.parked_follow_up (position, transaction, lane, task, attempt, reason)
      select (payload ->> 'position')::bigint, (payload ->> 'transaction')::uuid, payload ->> 'lane', p_task,
        (payload ->> 'attempt')::integer, p_reason
      from gone
      returning 1
  )
  select exists (select from parked);
$function$
;
CREATE OR REPLACE FUNCTION switch.queue_follow_ups(p_lines text, p_refused bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  insert into graphile_worker._private_tasks (identifier)
    select distinct j.task || '@' || j.lane
    from switch.follow_ups_in(p_lines) j
    where not exists (select from graphile_worker._private_tasks t where t.identifier = j.task || '@' || j.lane)
    on conflict do nothing;
  insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts)
    select t.id,
      json_build_object(
        'transaction', j.transaction, 'lane', j.lane, 'attempt', j.attempt,
        'position', nextval('switch.follow_up_position'),
        'behind', j.behind
          or coalesce((
            select true from graphile_worker._private_jobs q
              where q.payload ->> 'transaction' = j.transaction::text and q.payload ->> 'lane' = j.lane limit 1
          ), false)
          or coalesce((
            select true from switch.parked_follow_up p where p.transaction = j.transaction and p.lane = j.lane limit 1
          ), false)
      ),
      now() + j.delay_ms * interval '1 millisecond', 32767
    from switch.follow_ups_in(p_lines) with ordinality
        as j (sequence, transaction, lane, task, attempt, delay_ms, behind, place)
      join graphile_worker._private_tasks t on t.identifier = j.task || '@' || j.lane
    where j.sequence <> all (p_refused)
    order by j.place;
  -- The rest is found when it is due: who is told now would look for nothing.
  if exists (select from switch.follow_ups_in(p_lines) j where j.delay_ms = 0) then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 1)::text);
  end if;
end $function$
;
CREATE OR REPLACE FUNCTION switch.renew_lease(p_epoch bigint, p_lease_ms double precision, p_low_water bigint)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  update switch.lease set low_water = p_low_water where epoch = p_epoch and ended_at is null;
  if not found then
    return false;
  end if;
  perform switch.extend_lease(p_epoch);
  return true;
end $function$
;
CREATE OR REPLACE FUNCTION switch.renew_workers(p_node text, p_pools text[], p_is_first boolean, p_lease_ms double precision)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  v_silence interval := p_lease_ms * interval '1 millisecond';
  v_dead text[];
begin
  insert into switch.follow_up_worker (pool, node, renewed_at) select unnest(p_pools), p_node, now()
    on conflict (pool) do update set renewed_at = excluded.renewed_at;
  with dead as (
    delete from switch.follow_up_worker
      where renewed_at < now() - v_silence or (p_is_first and node = p_node and pool <> all (p_pools))
      returning pool
  )
  select coalesce(array_agg(pool), '{}') into v_dead from dead;
  update graphile_worker._private_jobs j set locked_at = null, locked_by = null
    where j.locked_by = any (v_dead)
      or j.locked_at < now() - v_silence
        and not exists (select from switch.follow_up_worker w where w.pool = j.locked_by);
end $function$
;
CREATE OR REPLACE FUNCTION switch.reopen_alert(v_kind text, v_subject text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  update switch.alert set closed_at = null, closed_by = null, count = count + 1, last_at = now()
    where position = (select max(a.position) from switch.alert a where a.kind = v_kind and a.subject = v_subject)
      and closed_at > now() - interval '2 minutes';
  return found;
end $function$
;
CREATE OR REPLACE FUNCTION switch.replay_follow_up(p_position bigint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v_queued bigint;
begin
  with gone as (
    delete from switch.parked_follow_up p
      using switch.parked_follow_up first
      where first.position = p_position and p.transaction = first.transaction and p.lane = first.lane
        and p.position >= first.position
      returning p.*
  )
  insert into graphile_worker._private_jobs (task_id, payload, max_attempts)
    select t.id,
      json_build_object(
        'transaction', g.transaction, 'lane', g.lane, 'attempt', least(g.attempt, 2), 'position', g.position,
        'behind', true
      ),
      32767
    from gone g join graphile_worker._private_tasks t on t.identifier = g.task || '@' || g.lane
    order by g.position;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', v_queued)::text);
  end if;
  return v_queued;
end $function$
;
CREATE OR REPLACE FUNCTION switch.replay_parked(p_before timestamp with time zone, p_lane text, p_task text, p_reason text, p_limit integer, p_apart_ms double precision, p_begun bigint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v_queued bigint;
begin
  with first as (
    select p.transaction, p.lane, min(p.position) as position
      from (
        select w.transaction, w.lane, w.position from switch.parked_follow_up w
          where w.parked_at <= p_before
            and (p_lane is null or w.lane = p_lane) and (p_task is null or w.task = p_task)
            and (p_reason is null or position(p_reason in w.reason) > 0)
          order by w.position limit p_limit
      ) p
      group by p.transaction, p.lane
  ), gone as (
    delete from switch.parked_follow_up p using first f
      where p.transaction = f.transaction and p.lane = f.lane and p.position >= f.position
      returning p.*
  ), numbered as (
    select g.*, row_number() over (order by g.position) + p_begun - 1 as before_it from gone g
  )
  insert into graphile_worker._private_jobs (task_id, payload, max_attempts, run_at)
    select t.id,
      json_build_object(
        'transaction', g.transaction, 'lane', g.lane, 'attempt', least(g.attempt, 2), 'position', g.position,
        'behind', true
      ),
      32767, now() + g.before_it * p_apart_ms * interval '1 millisecond'
    from numbered g join graphile_worker._private_tasks t on t.identifier = g.task || '@' || g.lane
    order by g.position;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', v_queued)::text);
  end if;
  return v_queued;
end $function$
;
CREATE OR REPLACE FUNCTION switch.reserve_numbers(p_network text, p_count integer)
 RETURNS bigint
 LANGUAGE sql
AS $function$
  insert into switch.network_number as n (network, next) values (p_network, 1 + p_count)
    on conflict (network) do update set next = n.next + p_count
    returning n.next - p_count;
$function$
;
CREATE OR REPLACE FUNCTION switch.retire_workers(p_pools text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  delete from switch.follow_up_worker where pool = any (p_pools);
  perform graphile_worker.force_unlock_workers(p_pools);
end $function$
;
CREATE OR REPLACE FUNCTION switch.takes_in(p_lines text)
 RETURNS TABLE(sequence bigint, place integer, key uuid, minor_units bigint, max_count bigint, max_minor_units bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select f[1]::bigint, f[2]::integer, f[3]::uuid, f[4]::bigint, f[5]::bigint, f[6]::bigint
  from (select string_to_array(l, E'\x1f') as f from string_to_table(p_lines, E'\x1e') l offset 0) t;
$function$
;
CREATE OR REPLACE FUNCTION switch.timeline_now()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
begin
  return ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
exception when others then
  return 0;
end $function$
;
CREATE OR REPLACE FUNCTION switch.told_of_loss(p_node text, p_epoch bigint, p_sequence bigint, p_note text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update switch.alert set note = p_note, last_at = now()
    where key = 'data-lost|' || p_node || '|' || p_epoch || '|' || p_sequence;
$function$
;
CREATE OR REPLACE FUNCTION switch.undecided(p_epoch bigint, p_limit integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
AS $function$
declare
  v_lease record;
  v_found uuid[] := '{}';
  v_of_lease uuid[];
  v_steady_ms double precision;
  v_timeline integer := switch.timeline_now();
begin
  select extract(epoch from clock_timestamp() - own.steady_since) * 1000 into v_steady_ms
    from switch.lease own
    where own.epoch = p_epoch and own.ended_at is null
      and own.expires_at > clock_timestamp() + own.lease_ms / 4 * interval '1 millisecond';
  update switch.lease set ended_at = now()
    where ended_at is null and epoch <> p_epoch and expires_at < now() and lease_ms <= v_steady_ms;
  for v_lease in
    select epoch, node, low_water, timeline from switch.lease
      where settled_at is null and ended_at is not null order by epoch
  loop
    exit when cardinality(v_found) >= p_limit;
    v_of_lease := array(
      select j.transaction from switch.journal j
        where j.epoch = v_lease.epoch and j.sequence >= v_lease.low_water
          and j.version = 1 and j.kind = 'intended'
          and not exists (select from switch.journal later where later.transaction = j.transaction and later.version = 2)
        order by j.sequence
        limit p_limit - cardinality(v_found)
    );
    if cardinality(v_of_lease) = 0 then
      update switch.lease set settled_at = now() where epoch = v_lease.epoch;
    elsif v_lease.timeline <> v_timeline then
      perform switch.case_of_lost(u.transaction, json_build_object(
          'why', 'after a fail-over the database holds no decision, and its node has not said whether it had answered',
          'node', v_lease.node, 'epoch', v_lease.epoch
        )) from unnest(v_of_lease) as u (transaction);
      continue;
    end if;
    v_found := v_found || v_of_lease;
  end loop;
  return v_found;
end $function$
;
CREATE OR REPLACE FUNCTION switch.vouch_for(p_node text, p_from_epoch bigint)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update switch.lease set timeline = switch.timeline_now()
    where node = p_node and epoch >= p_from_epoch and settled_at is null and timeline <> switch.timeline_now();
$function$
;
CREATE OR REPLACE FUNCTION switch.write_again(p_node text, p_epoch bigint, p_entry_lines text, p_claim_lines text, p_follow_up_lines text, p_take_lines text, p_owned text[], OUT written integer, OUT conflicts integer)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
declare
  v_node text;
  v_there bigint[];
  v_first bigint;
begin
  written := 0;
  conflicts := 0;
  select l.node into v_node from switch.lease l where l.epoch = p_epoch for no key update;
  if not found then
    insert into switch.lease (epoch, node, expires_at, ended_at, lease_ms, steady_since, chain, timeline)
      overriding system value values (p_epoch, p_node, now(), now(), 0, now(), 2, -1);
    perform setval(pg_get_serial_sequence('switch.lease', 'epoch'), greatest(p_epoch, max(l.epoch))) from switch.lease l;
    v_node := p_node;
  end if;
  if v_node <> p_node then -- its number was given again before its node came back
    perform switch.case_of_lost(e.transaction, json_build_object(
        'why', 'its epoch is another node''s now', 'node', p_node, 'epoch', p_epoch, 'version', e.version, 'kind', e.kind, 'at', e.at,
        'body', e.body
      )) from switch.entries_in(p_entry_lines) e;
    select count(*) into conflicts from switch.entries_in(p_entry_lines) e;
    return;
  end if;

  v_there := array(
    select e.sequence from switch.entries_in(p_entry_lines) e
      join switch.journal j on j.transaction = e.transaction and j.version = e.version
  );
  with other as (
    select switch.case_of_lost(e.transaction, json_build_object(
        'why', 'something else was written in its place', 'node', p_node, 'epoch', p_epoch, 'version', e.version, 'kind', e.kind,
        'at', e.at, 'body', e.body, 'there', j.kind, 'thereEpoch', j.epoch
      ))
      from switch.entries_in(p_entry_lines) e join switch.journal j on j.transaction = e.transaction and j.version = e.version
      where j.kind <> e.kind or j.body::text <> e.body::text
  ), taken as (
    select switch.case_of_lost(c.transaction, json_build_object(
        'why', 'another transaction has its key since', 'node', p_node, 'epoch', p_epoch, 'other', k.transaction
      ))
      from switch.claims_in(p_claim_lines) c join switch.claim k on k.key = c.key and k.day = c.day
      where c.is_unique and k.transaction <> c.transaction
  )
  select (select count(*) from other) + (select count(*) from taken) into conflicts;

  insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link, claims)
    select e.transaction, p_epoch, e.sequence, e.at, e.version, e.kind, e.body, e.link,
      case when p_owned = '{}' then e.claims else switch.names_without(e.claims, p_owned) end
    from switch.entries_in(p_entry_lines) e where e.sequence <> all (v_there);
  get diagnostics written = row_count;
  if written = 0 then
    return;
  end if;
  insert into switch.claim (key, transaction, day, fingerprint)
    select c.key, c.transaction, c.day, c.fingerprint from switch.claims_in(p_claim_lines) c
    where c.sequence <> all (v_there) and switch.name_of_claim(c.day, c.key) <> all (p_owned)
    on conflict do nothing;
  if p_take_lines <> '' then
    insert into switch.allowance as a (key, count, minor_units)
      select t.key, count(*), sum(t.minor_units) from switch.takes_in(p_take_lines) t
        where t.sequence <> all (v_there) group by t.key
      on conflict (key) do update
        set count = a.count + excluded.count, minor_units = a.minor_units + excluded.minor_units, used_at = now();
  end if;
  if p_follow_up_lines <> '' then
    perform switch.queue_follow_ups(p_follow_up_lines, v_there);
  end if;

  -- Whoever had read this epoch to its end reads on from before the first of them.
  select min(e.sequence) into v_first from switch.entries_in(p_entry_lines) e;
  update switch.lease set settled_at = null, sealed_at = null, low_water = least(low_water, v_first) where epoch = p_epoch;
  insert into switch.projection_cursor as c (epoch, sequence, is_finished) values (p_epoch, -1, false)
    on conflict (epoch) do update set sequence = least(c.sequence, v_first) - 1, is_finished = false;
end $function$
;

-- policies

create policy etika_switch on graphile_worker._private_job_queues for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_jobs for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_known_crontabs for all to etika_switch using (true) with check (true);
create policy etika_switch on graphile_worker._private_tasks for all to etika_switch using (true) with check (true);

-- roles

create role etika_auditor nologin;
create role etika_projector nologin;
create role etika_reconciler nologin;
create role etika_settings nologin;
create role etika_switch nologin;

-- rights

grant delete, insert, select on table switch.card_token to etika_switch;
grant delete, insert, select on table switch.notice_delivery to etika_switch;
grant delete, insert, select on table switch.open_hold to etika_switch;
grant delete, insert, select on table switch.parked_follow_up to etika_switch;
grant delete, insert, select on table switch.payment_session to etika_switch;
grant delete, insert, select on table switch.queued_payment to etika_switch;
grant delete, insert, select on table switch.unread_transaction to etika_projector;
grant delete, insert, select on table switch.vault_key to etika_switch;
grant delete, insert, select, truncate, update on table switch.awaited_proof to etika_projector;
grant delete, insert, select, truncate, update on table switch.open_hold to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_batch to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_batch_member to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_movement to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_refund to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_transaction to etika_projector;
grant delete, insert, select, truncate, update on table switch.projected_upload to etika_projector;
grant delete, insert, select, truncate, update on table switch.projection_cursor to etika_projector;
grant delete, insert, select, truncate, update on table switch.projection_setting to etika_projector;
grant delete, insert, select, update on table graphile_worker._private_job_queues to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_jobs to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_known_crontabs to etika_switch;
grant delete, insert, select, update on table graphile_worker._private_tasks to etika_switch;
grant delete, insert, select, update on table switch.follow_up_worker to etika_switch;
grant insert, select on table switch.alert to etika_projector;
grant insert, select on table switch.alert to etika_reconciler;
grant insert, select on table switch.alert to etika_switch;
grant insert, select on table switch.alert_payment to etika_switch;
grant insert, select on table switch.business_calendar to etika_projector;
grant insert, select on table switch.claim to etika_switch;
grant insert, select on table switch.degraded_mode_change to etika_switch;
grant insert, select on table switch.journal to etika_switch;
grant insert, select on table switch.key_change to etika_switch;
grant insert, select on table switch.lease to etika_switch;
grant insert, select on table switch.recon_case to etika_projector;
grant insert, select on table switch.recon_case to etika_reconciler;
grant insert, select on table switch.recon_case_event to etika_projector;
grant insert, select on table switch.recon_case_event to etika_reconciler;
grant insert, select on table switch.settings_version to etika_settings;
grant insert, select, update on table switch.allowance to etika_switch;
grant insert, select, update on table switch.network_number to etika_switch;
grant insert, select, update on table switch.node_clock to etika_switch;
grant insert, select, update on table switch.settings_follower to etika_switch;
grant select on table graphile_worker.jobs to etika_switch;
grant select on table graphile_worker.migrations to etika_switch;
grant select on table switch.allowance to etika_auditor;
grant select on table switch.awaited_proof to etika_switch;
grant select on table switch.business_calendar to etika_reconciler;
grant select on table switch.business_calendar to etika_switch;
grant select on table switch.claim to etika_auditor;
grant select on table switch.claim_1 to etika_auditor;
grant select on table switch.claim_1 to etika_switch;
grant select on table switch.claim_secret to etika_switch;
grant select on table switch.journal to etika_auditor;
grant select on table switch.journal to etika_projector;
grant select on table switch.journal to etika_reconciler;
grant select on table switch.lease to etika_auditor;
grant select on table switch.lease to etika_projector;
grant select on table switch.lease to etika_reconciler;
grant select on table switch.migration to etika_auditor;
grant select on table switch.projected_batch to etika_reconciler;
grant select on table switch.projected_batch to etika_switch;
grant select on table switch.projected_batch_member to etika_reconciler;
grant select on table switch.projected_batch_member to etika_switch;
grant select on table switch.projected_movement to etika_reconciler;
grant select on table switch.projected_movement to etika_switch;
grant select on table switch.projected_refund to etika_reconciler;
grant select on table switch.projected_refund to etika_switch;
grant select on table switch.projected_transaction to etika_reconciler;
grant select on table switch.projected_transaction to etika_switch;
grant select on table switch.projected_upload to etika_reconciler;
grant select on table switch.projected_upload to etika_switch;
grant select on table switch.projection_cursor to etika_reconciler;
grant select on table switch.projection_cursor to etika_switch;
grant select on table switch.projection_setting to etika_reconciler;
grant select on table switch.projection_setting to etika_switch;
grant select on table switch.recon_case to etika_switch;
grant select on table switch.recon_case_event to etika_switch;
grant select on table switch.settings_follower to etika_auditor;
grant select on table switch.settings_follower to etika_settings;
grant select on table switch.settings_version to etika_auditor;
grant select on table switch.settings_version to etika_switch;
grant select on table switch.unread_transaction to etika_switch;
grant usage on schema graphile_worker to etika_switch;
grant usage on schema switch to etika_auditor;
grant usage on schema switch to etika_projector;
grant usage on schema switch to etika_reconciler;
grant usage on schema switch to etika_settings;
grant usage on schema switch to etika_switch;
grant usage on sequence graphile_worker.job_queues_id_seq to etika_switch;
grant usage on sequence graphile_worker.jobs_id_seq1 to etika_switch;
grant usage on sequence graphile_worker.tasks_id_seq to etika_switch;
grant usage on sequence switch.follow_up_position to etika_switch;
