-- Contacts whose personal data are taken away. A row without due_at has ended;
-- what is left in it are counts.
create table erasures (
  workspace_id {{.ID}} not null,
  contact_id   {{.ID}} not null,
  actor_kind   text not null,
  actor_id     text not null,
  begun_at     bigint not null,
  stage        text not null,
  after        {{.Bytes}},
  traces       {{.Bytes}},
  erased       text not null,
  leased_until bigint,
  due_at       bigint,
  ended_at     bigint,
  primary key (workspace_id, contact_id)
);
create index erasures_due on erasures (due_at) where due_at is not null;

{{if .Postgres}}
alter table erasures enable row level security;
alter table erasures force row level security;
create policy workspaces on erasures using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
