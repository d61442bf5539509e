-- The schema after all migrations. Written by tests/database/migrations.test.ts; not to be edited.

create table active (
  ti_id bigint not null
  try_number integer not null
  dag_run_id bigint not null
  host text not null
  epoch bigint not null
  units text not null -- JSON
  constraint active_pkey PRIMARY KEY (ti_id, try_number)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);
CREATE UNIQUE INDEX active_pkey ON active USING btree (ti_id, try_number);

create table api_token (
  id bigint not null generated always as identity
  name text not null
  token_hash text not null -- SHA-256 of the token
  role text not null
  owner text not null -- a user, or `cli`
  created_at timestamp(6) with time zone not null
  expires_at timestamp(6) with time zone
  revoked_at timestamp(6) with time zone
  last_used_at timestamp(6) with time zone
  constraint api_token_pkey PRIMARY KEY (id)
  constraint api_token_role CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
  constraint api_token_token_hash_unique UNIQUE (token_hash)
);
CREATE UNIQUE INDEX api_token_pkey ON api_token USING btree (id);
CREATE UNIQUE INDEX api_token_token_hash_unique ON api_token USING btree (token_hash);

create table app_user (
  name text not null
  password_hash text not null -- scrypt, with its parameters
  role text not null
  is_disabled boolean not null default false
  created_at timestamp(6) with time zone not null
  password_changed_at timestamp(6) with time zone not null
  constraint app_user_pkey PRIMARY KEY (name)
  constraint app_user_role CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
);
CREATE UNIQUE INDEX app_user_pkey ON app_user USING btree (name);

create table bundle (
  hash text not null
  format text not null
  code bytea not null storage external -- gzip
  source_map bytea storage external -- gzip
  manifest text -- JSON
  created_at timestamp(6) with time zone not null default now()
  constraint bundle_pkey PRIMARY KEY (hash)
);
CREATE UNIQUE INDEX bundle_pkey ON bundle USING btree (hash);

create table command (
  id bigint not null generated always as identity
  request text not null -- JSON
  actor text not null
  created_at timestamp(6) with time zone not null
  not_after timestamp(6) with time zone
  idempotency_key text
  answer text -- JSON
  answered_at timestamp(6) with time zone
  last_event_id bigint
  constraint command_idempotency_key_unique UNIQUE (idempotency_key)
  constraint command_pkey PRIMARY KEY (id)
);
CREATE INDEX command_open ON command USING btree (id) WHERE (answer IS NULL);
CREATE UNIQUE INDEX command_idempotency_key_unique ON command USING btree (idempotency_key);
CREATE UNIQUE INDEX command_pkey ON command USING btree (id);

create table compensation (
  ti_id bigint not null
  forward_try integer not null -- the try that is undone
  dag_run_id bigint not null
  forward_state text not null
  state text not null
  scope text -- saga (group) id; null: the whole run
  first_try integer -- tries that undid it
  last_try integer
  planned_at timestamp(6) with time zone not null
  ended_at timestamp(6) with time zone
  actor text not null
  failed_task text
  error text
  constraint compensation_forward_state CHECK ((forward_state = ANY (ARRAY['success'::text, 'failed'::text])))
  constraint compensation_pkey PRIMARY KEY (ti_id, forward_try)
  constraint compensation_state CHECK ((state = ANY (ARRAY['compensating'::text, 'compensated'::text, 'compensation_failed'::text, 'withdrawn'::text])))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=1000);
CREATE INDEX compensation_dag_run_id_ti_id_forward_try_index ON compensation USING btree (dag_run_id, ti_id, forward_try);
CREATE UNIQUE INDEX compensation_pkey ON compensation USING btree (ti_id, forward_try);

create table connection (
  id text not null
  type text not null
  description text
  host text
  schema text
  login text
  password text -- encrypted
  port integer
  extra text -- encrypted JSON
  updated_at timestamp(6) with time zone not null
  constraint connection_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX connection_pkey ON connection USING btree (id);

create table dag (
  dag_id text not null
  file text not null
  is_paused boolean not null
  is_active boolean not null
  version_id bigint not null
  last_logical_date timestamp(6) with time zone
  last_interval_end timestamp(6) with time zone
  schedule_since timestamp(6) with time zone not null
  next_run_after timestamp(6) with time zone
  next_logical_date timestamp(6) with time zone
  constraint dag_pkey PRIMARY KEY (dag_id)
);
CREATE UNIQUE INDEX dag_pkey ON dag USING btree (dag_id);

create table dag_run (
  id bigint not null
  dag_id text not null
  run_id text not null
  run_type text not null
  state text not null
  version_id bigint not null
  logical_date timestamp(6) with time zone
  data_interval_start timestamp(6) with time zone
  data_interval_end timestamp(6) with time zone
  run_after timestamp(6) with time zone not null
  queued_at timestamp(6) with time zone not null
  start_date timestamp(6) with time zone
  end_date timestamp(6) with time zone
  conf text not null -- JSON
  note text
  triggered_by text not null
  correlation_id text
  trigger_key text
  constraint dag_run_dag_id_run_id_unique UNIQUE (dag_id, run_id)
  constraint dag_run_pkey PRIMARY KEY (id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.05);
CREATE INDEX dag_run_correlation_id_index ON dag_run USING btree (correlation_id text_pattern_ops, id) WHERE (correlation_id IS NOT NULL);
CREATE INDEX dag_run_dag_id_id_index ON dag_run USING btree (dag_id, id);
CREATE INDEX dag_run_version_id_index ON dag_run USING btree (version_id);
CREATE UNIQUE INDEX dag_run_dag_id_logical_date_unique ON dag_run USING btree (dag_id, logical_date) WHERE (logical_date IS NOT NULL);
CREATE UNIQUE INDEX dag_run_dag_id_run_id_unique ON dag_run USING btree (dag_id, run_id);
CREATE UNIQUE INDEX dag_run_dag_id_trigger_key_unique ON dag_run USING btree (dag_id, trigger_key) WHERE (trigger_key IS NOT NULL);
CREATE UNIQUE INDEX dag_run_pkey ON dag_run USING btree (id);

create table dag_version (
  version_id bigint not null
  dag_id text not null
  version_number integer not null
  content_hash text not null
  bundle_hash text not null
  serialized text not null
  created_at timestamp(6) with time zone not null
  constraint dag_version_dag_id_version_number_unique UNIQUE (dag_id, version_number)
  constraint dag_version_pkey PRIMARY KEY (version_id)
);
CREATE UNIQUE INDEX dag_version_dag_id_version_number_unique ON dag_version USING btree (dag_id, version_number);
CREATE UNIQUE INDEX dag_version_pkey ON dag_version USING btree (version_id);

create table dead_letter (
  ti_id bigint not null
  try_number integer not null
  dag_run_id bigint not null
  dag_id text not null
  task_id text not null
  map_index integer not null
  version_id bigint not null
  kind text not null
  strategy text not null
  fingerprint text not null
  cause_kind text not null
  message text not null
  at timestamp(6) with time zone not null
  status text not null default 'open'::text
  reason text -- of its outcome
  actor text -- of its outcome
  settled_at timestamp(6) with time zone
  constraint dead_letter_kind CHECK ((kind = ANY (ARRAY['task'::text, 'compensation'::text])))
  constraint dead_letter_pkey PRIMARY KEY (ti_id, try_number)
  constraint dead_letter_status CHECK (((status = ANY (ARRAY['open'::text, 'redriven'::text, 'discarded'::text])) AND ((status = 'open'::text) = (settled_at IS NULL))))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=1000);
CREATE INDEX dead_letter_dag_run_id_at_ti_id_try_number_index ON dead_letter USING btree (dag_run_id, at, ti_id, try_number);
CREATE INDEX dead_letter_group_index ON dead_letter USING btree (status, dag_id, fingerprint, at, ti_id, try_number);
CREATE INDEX dead_letter_settled_at_index ON dead_letter USING btree (settled_at) WHERE (settled_at IS NOT NULL);
CREATE INDEX dead_letter_status_at_ti_id_try_number_index ON dead_letter USING btree (status, at, ti_id, try_number);
CREATE INDEX dead_letter_status_dag_id_at_ti_id_try_number_index ON dead_letter USING btree (status, dag_id, at, ti_id, try_number);
CREATE INDEX dead_letter_status_fingerprint_at_ti_id_try_number_index ON dead_letter USING btree (status, fingerprint, at, ti_id, try_number);
CREATE UNIQUE INDEX dead_letter_pkey ON dead_letter USING btree (ti_id, try_number);

create table event (
  id bigint not null
  at timestamp with time zone not null
  dag_run_id bigint
  dag_id text
  ti_id bigint
  try_number integer
  kind text not null
  actor text not null
  cause text
  data text -- JSON
) partition by RANGE (id);
CREATE INDEX event_dag_run_id_id_index ON ONLY event USING btree (dag_run_id, id);
CREATE INDEX event_id_brin ON ONLY event USING brin (id) WITH (pages_per_range='8');

create table heartbeat (
  component text not null
  holder text not null
  at timestamp(6) with time zone not null
  constraint heartbeat_pkey PRIMARY KEY (component)
) with (fillfactor=20);
CREATE UNIQUE INDEX heartbeat_pkey ON heartbeat USING btree (component);

create table id_floor (
  name text not null
  last_id bigint not null -- highest id that was deleted
  constraint id_floor_pkey PRIMARY KEY (name)
);
CREATE UNIQUE INDEX id_floor_pkey ON id_floor USING btree (name);

create table import_error (
  file text not null
  problems text not null -- JSON
  at timestamp(6) with time zone not null
  constraint import_error_pkey PRIMARY KEY (file)
);
CREATE UNIQUE INDEX import_error_pkey ON import_error USING btree (file);

create table lease (
  name text not null
  epoch bigint not null
  holder text
  token text
  backend_pid integer
  backend_start timestamp(6) with time zone
  renewed_at timestamp(6) with time zone
  expires_at timestamp(6) with time zone not null
  constraint lease_pkey PRIMARY KEY (name)
) with (fillfactor=20);
CREATE UNIQUE INDEX lease_pkey ON lease USING btree (name);

create table open_run (
  dag_run_id bigint not null
  constraint open_run_pkey PRIMARY KEY (dag_run_id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);
CREATE UNIQUE INDEX open_run_pkey ON open_run USING btree (dag_run_id);

create table platform_state (
  is_only_row boolean not null default true
  draining boolean not null
  constraint platform_state_only_row CHECK (is_only_row)
  constraint platform_state_pkey PRIMARY KEY (is_only_row)
);
CREATE UNIQUE INDEX platform_state_pkey ON platform_state USING btree (is_only_row);

create table pool (
  name text not null
  slots integer not null
  description text
  constraint pool_pkey PRIMARY KEY (name)
);
CREATE UNIQUE INDEX pool_pkey ON pool USING btree (name);

create table schema_migration (
  version integer not null
  name text not null
  applied_at timestamp with time zone not null default now()
  constraint schema_migration_pkey PRIMARY KEY (version)
);
CREATE UNIQUE INDEX schema_migration_pkey ON schema_migration USING btree (version);

create table secret_access (
  id bigint not null generated always as identity
  at timestamp(6) with time zone not null
  ti_id bigint not null
  try_number integer not null
  action text not null
  kind text not null
  name text not null
  constraint secret_access_pkey PRIMARY KEY (id)
);
CREATE INDEX secret_access_ti_id_try_number_index ON secret_access USING btree (ti_id, try_number);
CREATE UNIQUE INDEX secret_access_pkey ON secret_access USING btree (id);

create table session (
  id_hash text not null -- SHA-256 of what the cookie holds
  user_name text not null
  created_at timestamp(6) with time zone not null
  expires_at timestamp(6) with time zone not null -- whatever happens
  seen_at timestamp(6) with time zone not null
  constraint session_pkey PRIMARY KEY (id_hash)
);
CREATE INDEX session_user_name_index ON session USING btree (user_name);
CREATE UNIQUE INDEX session_pkey ON session USING btree (id_hash);

create table task_instance (
  id bigint not null
  dag_run_id bigint not null
  task_id text not null
  map_index integer not null
  state text not null
  try_number integer not null
  max_tries integer not null
  failures integer not null
  losses integer not null
  retry_at timestamp(6) with time zone
  start_date timestamp(6) with time zone
  end_date timestamp(6) with time zone
  branch_skips text -- JSON
  constraint task_instance_dag_run_id_task_id_map_index_unique UNIQUE (dag_run_id, task_id, map_index)
  constraint task_instance_pkey PRIMARY KEY (id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.05);
CREATE UNIQUE INDEX task_instance_dag_run_id_task_id_map_index_unique ON task_instance USING btree (dag_run_id, task_id, map_index);
CREATE UNIQUE INDEX task_instance_pkey ON task_instance USING btree (id);

create table task_note (
  ti_id bigint not null
  note text not null
  constraint task_note_pkey PRIMARY KEY (ti_id)
);
CREATE UNIQUE INDEX task_note_pkey ON task_note USING btree (ti_id);

create table ti_override (
  ti_id bigint not null
  dag_run_id bigint not null
  life integer not null
  inputs text -- JSON
  constraint ti_override_pkey PRIMARY KEY (ti_id)
);
CREATE INDEX ti_override_dag_run_id_index ON ti_override USING btree (dag_run_id);
CREATE UNIQUE INDEX ti_override_pkey ON ti_override USING btree (ti_id);

create table try (
  ti_id bigint not null
  try_number integer not null
  dag_run_id bigint not null
  queued_at timestamp(6) with time zone not null
  start_date timestamp(6) with time zone
  end_date timestamp(6) with time zone
  state text not null
  host text
  pid integer
  cause text -- JSON
  constraint try_pkey PRIMARY KEY (ti_id, try_number)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.05);
CREATE UNIQUE INDEX try_pkey ON try USING btree (ti_id, try_number);

create table variable (
  key text not null
  value text not null -- encrypted when is_secret
  is_secret boolean not null
  description text
  updated_at timestamp(6) with time zone not null
  constraint variable_pkey PRIMARY KEY (key)
);
CREATE UNIQUE INDEX variable_pkey ON variable USING btree (key);

create table xcom (
  ti_id bigint not null
  try_number integer not null
  key text not null
  dag_run_id bigint not null
  "json" text not null
  constraint xcom_pkey PRIMARY KEY (ti_id, try_number, key)
);
CREATE UNIQUE INDEX xcom_pkey ON xcom USING btree (ti_id, try_number, key);
