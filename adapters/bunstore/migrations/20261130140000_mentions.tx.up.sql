-- Whom notes name, and who has seen that. What is not seen is counted on every page
-- of the inbox; there is little of it.
create table mentions (
  workspace_id {{.ID}} not null,
  note_id      {{.ID}} not null,
  member_id    {{.ID}} not null,
  seen_at      bigint,
  primary key (workspace_id, note_id, member_id),
  foreign key (workspace_id, note_id) references notes (workspace_id, id)
) {{.Clustered}};
create index mentions_member on mentions (workspace_id, member_id, note_id desc);
create index mentions_unseen on mentions (workspace_id, member_id, note_id desc) where seen_at is null;

{{if .Postgres}}
alter table mentions enable row level security;
alter table mentions force row level security;
create policy workspaces on mentions using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
