-- The whole slice from a webhook to a reply. Every row carries workspace_id and
-- every key begins with it; the four reference tables at the end are the
-- exception. Times are milliseconds since 1970, UTC. Foreign keys stand where a
-- row means nothing without the other, and tell the planner how rows relate.

create table workspaces (
  workspace_id {{.ID}} not null primary key,
  name         text not null,
  time_zone    text not null,
  locale       text not null,
  region       text not null,
  created_at   bigint not null
);

create table members (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  name         text not null,
  email        text,
  role         text not null,
  created_at   bigint not null,
  disabled_at  bigint,
  primary key (workspace_id, id),
  unique (workspace_id, email)
);

create table api_keys (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  name         text not null,
  prefix       text not null,
  hash         {{.Bytes}} not null,
  scopes       text not null,
  created_at   bigint not null,
  expires_at   bigint,
  revoked_at   bigint,
  last_used_at bigint,
  primary key (workspace_id, id)
);

create table sessions (
  workspace_id {{.ID}} not null,
  hash         {{.Bytes}} not null,
  member_id    {{.ID}} not null,
  link         boolean not null,
  created_at   bigint not null,
  expires_at   bigint not null,
  primary key (workspace_id, hash)
);
create index sessions_expiry on sessions (workspace_id, expires_at);

create table channels (
  workspace_id        {{.ID}} not null,
  id                  {{.ID}} not null,
  provider            text not null,
  phone_number_id     text not null,
  business_account_id text not null,
  display_number      text not null,
  name                text not null,
  base_url            text not null,
  credentials         {{.Bytes}},
  created_at          bigint not null,
  disabled_at         bigint,
  paused_reason       text not null,
  primary key (workspace_id, id)
);
create index channels_paused on channels (workspace_id, id) where paused_reason <> '';

create table tags (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  name         text not null,
  folded       text not null,
  color        text not null,
  created_at   bigint not null,
  primary key (workspace_id, id),
  unique (workspace_id, folded)
);

create table contacts (
  workspace_id   {{.ID}} not null,
  id             {{.ID}} not null,
  name           text not null,
  profile_name   text not null,
  profile_at     bigint,
  username       text not null,
  identities     text not null,
  tags           text not null,
  fields         text not null,
  lead_status    text not null,
  temperature    text not null,
  source         text not null,
  opted_out      boolean not null,
  opt_out_at     bigint,
  opt_out_reason text not null,
  blocked_at     bigint,
  created_at     bigint not null,
  updated_at     bigint not null,
  folded         text not null,
  primary key (workspace_id, id)
);
create index contacts_list on contacts (workspace_id, updated_at desc, id desc);
create index contacts_lead on contacts (workspace_id, lead_status, updated_at desc, id desc);

create table identities (
  workspace_id {{.ID}} not null,
  kind         text not null,
  value        text not null,
  contact_id   {{.ID}} not null,
  primary key (workspace_id, kind, value),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
) {{.Clustered}};
create index identities_contact on identities (workspace_id, contact_id);

create table contact_tags (
  workspace_id {{.ID}} not null,
  tag_id       {{.ID}} not null,
  contact_id   {{.ID}} not null,
  primary key (workspace_id, tag_id, contact_id),
  foreign key (workspace_id, tag_id) references tags (workspace_id, id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
) {{.Clustered}};
create index contact_tags_contact on contact_tags (workspace_id, contact_id, tag_id);

create table conversations (
  workspace_id    {{.ID}} not null,
  id              {{.ID}} not null,
  channel_id      {{.ID}} not null,
  contact_id      {{.ID}} not null,
  status          text not null,
  snoozed_until   bigint,
  assignee_id     {{.ID}} not null,
  mode            text not null,
  unread          bigint not null,
  last_inbound    bigint,
  created_at      bigint not null,
  updated_at      bigint not null,
  contact_name    text not null,
  contact_handle  text not null,
  temperature     text not null,
  last_message_id {{.ID}},
  last_message_at bigint not null,
  last_ingest     bigint not null,
  last_direction  text not null,
  last_status     text not null,
  last_preview    text not null,
  primary key (workspace_id, id),
  unique (workspace_id, channel_id, contact_id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
);
create index conversations_all on conversations (workspace_id, last_message_at desc, id desc);
create index conversations_status on conversations (workspace_id, status, last_message_at desc, id desc);
create index conversations_assignee on conversations (workspace_id, assignee_id, last_message_at desc, id desc);
create index conversations_channel on conversations (workspace_id, channel_id, last_message_at desc, id desc);
create index conversations_contact on conversations (workspace_id, contact_id, last_message_at desc, id desc);
create index conversations_snoozed on conversations (snoozed_until) where status = 'snoozed';

create table messages (
  workspace_id    {{.ID}} not null,
  id              {{.ID}} not null,
  conversation_id {{.ID}} not null,
  channel_id      {{.ID}} not null,
  contact_id      {{.ID}} not null,
  direction       text not null,
  author_kind     text not null,
  author_id       text not null,
  kind            text not null,
  content         text not null,
  provider_id     text,
  status          text not null,
  error           text,
  reply_to        text not null,
  forwarded       boolean not null,
  provider_time   bigint not null,
  ingest          bigint not null,
  edited_at       bigint,
  revoked_at      bigint,
  created_at      bigint not null,
  primary key (workspace_id, id),
  unique (workspace_id, channel_id, provider_id),
  foreign key (workspace_id, conversation_id) references conversations (workspace_id, id)
);
create index messages_page on messages (workspace_id, conversation_id, provider_time desc, ingest desc);
create index messages_pending on messages (workspace_id, conversation_id) where provider_id is null;

create table statuses (
  workspace_id {{.ID}} not null,
  channel_id   {{.ID}} not null,
  provider_id  text not null,
  status       text not null,
  message_id   {{.ID}},
  at           bigint not null,
  error        text,
  pricing      text,
  primary key (workspace_id, channel_id, provider_id, status)
) {{.Clustered}};

create table amendments (
  workspace_id {{.ID}} not null,
  channel_id   {{.ID}} not null,
  provider_id  text not null,
  source_id    text not null,
  kind         text,
  content      text not null,
  at           bigint not null,
  primary key (workspace_id, channel_id, provider_id, source_id)
) {{.Clustered}};

create table deliveries (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  key          {{.Bytes}} not null,
  provider     text not null,
  event        text not null,
  signer       text not null,
  verdict      text not null,
  facts        bigint not null,
  applied      bigint not null,
  reason       text not null,
  received_at  bigint not null,
  seen         bigint not null,
  body         {{.Bytes}},
  primary key (workspace_id, id),
  unique (workspace_id, key)
);
create index deliveries_verdict on deliveries (workspace_id, verdict, id desc);

create table notes (
  workspace_id    {{.ID}} not null,
  id              {{.ID}} not null,
  contact_id      {{.ID}} not null,
  conversation_id {{.ID}},
  author_kind     text not null,
  author_id       text not null,
  body            text not null,
  created_at      bigint not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
);
create index notes_contact on notes (workspace_id, contact_id, id desc);

create table tasks (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  contact_id   {{.ID}} not null,
  assignee_id  {{.ID}},
  title        text not null,
  due_at       bigint,
  done_at      bigint,
  author_kind  text not null,
  author_id    text not null,
  created_at   bigint not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
);
create index tasks_contact on tasks (workspace_id, contact_id, id desc);
create index tasks_assignee on tasks (workspace_id, assignee_id, id desc);

create table templates (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  channel_id   {{.ID}} not null,
  provider_id  text not null,
  name         text not null,
  language     text not null,
  category     text not null,
  status       text not null,
  body         text not null,
  components   {{.Bytes}},
  updated_at   bigint not null,
  primary key (workspace_id, id),
  unique (workspace_id, channel_id, name, language)
);

-- Claims go through every workspace's jobs in the order they fall due.
create table jobs (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  kind         text not null,
  lane         {{.ID}} not null,
  throttle     {{.ID}} not null,
  subject      {{.ID}} not null,
  run_at       bigint not null,
  attempt      bigint not null,
  locked_until bigint,
  due_at       bigint not null,
  last_error   text not null,
  created_at   bigint not null,
  primary key (workspace_id, id)
);
create index jobs_due on jobs (kind, due_at);
create index jobs_lane on jobs (workspace_id, lane, id);

create table answers (
  workspace_id {{.ID}} not null,
  key          text not null,
  request      {{.Bytes}} not null,
  message_id   {{.ID}} not null,
  at           bigint not null,
  primary key (workspace_id, key)
) {{.Clustered}};

create table counters (
  workspace_id {{.ID}} not null primary key,
  seq          bigint not null,
  ingest       bigint not null
);

create table facts (
  workspace_id    {{.ID}} not null,
  seq             bigint not null,
  kind            text not null,
  at              bigint not null,
  actor_kind      text not null,
  actor_id        text not null,
  conversation_id {{.ID}},
  contact_id      {{.ID}},
  message_id      {{.ID}},
  data            {{.Bytes}},
  primary key (workspace_id, seq)
) {{.Clustered}};

-- What messages and contacts are found by; written and asked by the dialect.
{{if .Postgres}}
create table search_index (
  workspace_id {{.ID}} not null,
  subject_id   {{.ID}} not null,
  found_id     {{.ID}} not null,
  tokens       tsvector not null,
  primary key (workspace_id, subject_id)
);
create index search_index_tokens on search_index using gin (tokens);
{{else}}
create virtual table search_index using fts5 (
  workspace, tokens, found_id unindexed,
  content='', contentless_delete=1, contentless_unindexed=1, tokenize='unicode61 remove_diacritics 0'
);
{{end}}

-- Reference tables: which workspace is meant when a request does not say.
create table channel_numbers (
  provider        text not null,
  phone_number_id text not null,
  workspace_id    {{.ID}} not null,
  channel_id      {{.ID}} not null,
  primary key (provider, phone_number_id)
);
create index channel_numbers_channel on channel_numbers (workspace_id, channel_id);

create table api_key_hashes (
  hash         {{.Bytes}} not null primary key,
  workspace_id {{.ID}} not null,
  key_id       {{.ID}} not null
);
create index api_key_hashes_key on api_key_hashes (workspace_id, key_id);

create table session_hashes (
  hash         {{.Bytes}} not null primary key,
  workspace_id {{.ID}} not null
);

create table member_emails (
  email        text not null,
  workspace_id {{.ID}} not null,
  member_id    {{.ID}} not null,
  primary key (email, workspace_id)
);
create index member_emails_member on member_emails (workspace_id, member_id);

{{if .Postgres}}
-- Row-level security is the backstop: whatever a statement says, it sees and
-- writes rows of the workspaces of its call only (my21staff.workspaces, ids
-- separated by commas) unless the call spans the installation (my21staff.scope).
-- The settings are read once a statement, in the subselects. Without a setting
-- there are no rows.
do $$
declare tenant text;
begin
  for tenant in
    select distinct table_name from information_schema.columns
    where table_schema = current_schema() and column_name = 'workspace_id'
  loop
    execute format('alter table %I enable row level security', tenant);
    execute format('alter table %I force row level security', tenant);
    if tenant <> 'search_index' then
      execute format($policy$
        create policy workspaces on %I using (
          workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[])
          or (select current_setting('my21staff.scope', true)) = 'installation')
        $policy$, tenant);
    end if;
  end loop;
end $$;

-- What is searched for (my21staff.search) is part of the policy and not of the
-- query: below a policy PostgreSQL uses an index only for operators that are
-- leakproof, and @@ is not, so a query's own condition would be tried on every
-- row of the workspace. A row is deleted by searching for its own token.
create policy readers on search_index for select using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[])
  and tokens @@ (select current_setting('my21staff.search', true))::tsquery);
create policy writers on search_index for insert with check (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[]));
create policy cleaners on search_index for delete using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[]));
{{end}}
