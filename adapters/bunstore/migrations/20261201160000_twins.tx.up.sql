-- Contacts that turned out to be one person, because something came that names both.
create table twins (
  workspace_id {{.ID}} not null,
  contact_id   {{.ID}} not null, -- the smaller of the two
  other_id     {{.ID}} not null,
  at           bigint not null,
  primary key (workspace_id, contact_id, other_id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id),
  foreign key (workspace_id, other_id) references contacts (workspace_id, id)
) {{.Clustered}};
create index twins_other on twins (workspace_id, other_id);

{{if .Postgres}}
alter table twins enable row level security;
alter table twins force row level security;
create policy workspaces on twins using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
