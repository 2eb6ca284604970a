{{if .Postgres}}
alter policy readers on search_index using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  and tokens @@ (select current_setting('my21staff.search', true))::tsquery);
{{else}}
select 1;
{{end}}
