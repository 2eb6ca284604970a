-- What members sign in with beside links: a slow hash, never the password.
create table passwords (
  workspace_id {{.ID}} not null,
  member_id    {{.ID}} not null,
  hash         text not null,
  set_at       bigint not null,
  primary key (workspace_id, member_id),
  foreign key (workspace_id, member_id) references members (workspace_id, id)
);
alter table sessions add column by_link boolean not null default false;
create index sessions_member on sessions (workspace_id, member_id);

{{if .Postgres}}
alter table passwords enable row level security;
alter table passwords force row level security;
create policy workspaces on passwords using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
