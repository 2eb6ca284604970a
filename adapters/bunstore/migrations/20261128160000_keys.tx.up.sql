-- A message looks at its conversation in the transaction that writes it, and has it
-- locked there; that it is there was looked up again for each, which was a sixth of
-- what PostgreSQL did for a message. The conversations of a contact are found by
-- the key, whose columns stand in that order now, and not by one more index that
-- each message moves them in.
{{if .Postgres}}
alter table messages drop constraint messages_workspace_id_conversation_id_fkey;
alter table conversations
  drop constraint conversations_workspace_id_channel_id_contact_id_key,
  add unique (workspace_id, contact_id, channel_id);
drop index conversations_contact;
{{else}}
-- SQLite changes a table's keys by making the table anew.
create table messages_anew (
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
  unique (workspace_id, channel_id, provider_id)
);
insert into messages_anew (
  workspace_id, id, conversation_id, channel_id, contact_id, direction, author_kind, author_id,
  kind, content, provider_id, status, error, reply_to, forwarded, provider_time, ingest, edited_at,
  revoked_at, created_at
) select
  workspace_id, id, conversation_id, channel_id, contact_id, direction, author_kind, author_id,
  kind, content, provider_id, status, error, reply_to, forwarded, provider_time, ingest, edited_at,
  revoked_at, created_at
from messages;
drop table messages;
alter table messages_anew rename to messages;
create index messages_page on messages (workspace_id, conversation_id, provider_time desc, ingest desc);
create index messages_pending on messages (workspace_id, conversation_id) where provider_id is null;

create table conversations_anew (
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
  profile_at      bigint,
  primary key (workspace_id, id),
  unique (workspace_id, contact_id, channel_id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
);
insert into conversations_anew (
  workspace_id, id, channel_id, contact_id, status, snoozed_until, assignee_id, mode, unread,
  last_inbound, created_at, updated_at, contact_name, contact_handle, temperature, last_message_id,
  last_message_at, last_ingest, last_direction, last_status, last_preview, profile_at
) select
  workspace_id, id, channel_id, contact_id, status, snoozed_until, assignee_id, mode, unread,
  last_inbound, created_at, updated_at, contact_name, contact_handle, temperature, last_message_id,
  last_message_at, last_ingest, last_direction, last_status, last_preview, profile_at
from conversations;
drop table conversations;
alter table conversations_anew rename to conversations;
create index conversations_all on conversations (workspace_id, last_message_at desc, id desc);
create index conversations_status on conversations (workspace_id, status, last_message_at desc, id desc);
create index conversations_assignee on conversations (workspace_id, assignee_id, last_message_at desc, id desc);
create index conversations_snoozed on conversations (snoozed_until) where status = 'snoozed';
{{end}}
