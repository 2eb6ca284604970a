-- Whom notes name, and who has seen that. What is not seen is counted on every page
-- of the inbox; there is little of it.
create table mentions (
  workspace_id {{.ID}} not null,
  note_id      {{.ID}} not null,
  member_id    {{.ID}} not null,
  seen_at      bigint,
  primary key (workspace_id, member_id, note_id),
  foreign key (workspace_id, note_id) references notes (workspace_id, id)
) {{.Clustered}};
create index mentions_note on mentions (workspace_id, note_id);
{{if .Postgres}}
create index mentions_unseen on mentions (workspace_id, member_id, note_id desc) where seen_at is null;
{{else}}
create index mentions_unseen on mentions (workspace_id, member_id, seen_at, note_id desc); -- one "where" is no reason for it to leave the key
{{end}}

{{if .Postgres}}
alter table mentions enable row level security;
alter table mentions force row level security;
create policy workspaces on mentions using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
