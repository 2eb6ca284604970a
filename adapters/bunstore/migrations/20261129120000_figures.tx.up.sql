-- What is counted as it happens, so that nobody counts it afterwards: of a day of
-- the workspace's time zone, or, under the day before all days, how things stand.
-- A channel or member of zeros is none. Few rows are written often, and nothing
-- but the primary key finds them: room beside them keeps their new versions close.
create table figures (
  workspace_id {{.ID}} not null,
  day          bigint not null,
  channel_id   {{.ID}} not null,
  member_id    {{.ID}} not null,
  measure      text not null,
  value        bigint not null,
  primary key (workspace_id, day, channel_id, member_id, measure)
) {{if .Postgres}}with (fillfactor = 60){{else}}{{.Clustered}}{{end}};

-- Since when a customer waits for an answer. Who wrote last and is not done with
-- is taken to wait since then.
alter table conversations add column waiting_since bigint;
update conversations set waiting_since = last_inbound
where last_direction = 'inbound' and status <> 'resolved' and last_inbound is not null;

{{if .Postgres}}
alter table figures enable row level security;
alter table figures force row level security;
create policy workspaces on figures using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
