-- Contacts that were made one, and what it takes to part them.
create table merges (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  kept_id      {{.ID}} not null,
  gone_id      {{.ID}} not null,
  record       text not null,
  actor_kind   text not null,
  actor_id     text not null,
  at           bigint not null,
  undone_at    bigint,
  primary key (workspace_id, id)
);

{{if .Postgres}}
alter table merges enable row level security;
alter table merges force row level security;
create policy workspaces on merges using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
