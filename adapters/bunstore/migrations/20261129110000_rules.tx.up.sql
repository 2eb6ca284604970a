-- How a workspace scores its contacts: every version that anybody wrote, of which
-- the newest is in force. Its number stands in the counter too, in which the
-- transactions of a workspace stand in a row: so each sees there, asking nothing
-- more, whether what it scored by was in force until it commits.
create table lead_rules (
  workspace_id {{.ID}} not null,
  version      bigint not null,
  document     text not null,
  author_kind  text not null,
  author_id    text not null,
  created_at   bigint not null,
  primary key (workspace_id, version)
);

alter table counters add column rules bigint not null default 1;

{{if .Postgres}}
alter table lead_rules enable row level security;
alter table lead_rules force row level security;
create policy workspaces on lead_rules using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
