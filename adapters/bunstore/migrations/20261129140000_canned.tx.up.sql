-- Answers that a team keeps for questions that come again and again.
create table canned_replies (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  shortcut     text not null,
  body         text not null,
  created_at   bigint not null,
  updated_at   bigint not null,
  primary key (workspace_id, id),
  unique (workspace_id, shortcut)
);

{{if .Postgres}}
alter table canned_replies enable row level security;
alter table canned_replies force row level security;
create policy workspaces on canned_replies using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
