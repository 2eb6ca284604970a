{{if .Postgres}}
-- A search goes through the index of tokens alone. Asked with an operator of an
-- index, the workspace was looked up as well: a list of everything it has, made
-- anew for every search.
alter policy readers on search_index using (
  array[workspace_id] <@ (select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])
  and tokens @@ (select current_setting('my21staff.search', true))::tsquery);
{{else}}
select 1;
{{end}}
