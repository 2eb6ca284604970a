-- Names and numbers are found by every five characters too; the program makes these
-- tokens of the contacts that are there. It may write to the index what is of
-- workspaces that are named.
{{if .Postgres}}
select set_config('my21staff.workspaces', coalesce((select string_agg(distinct workspace_id::text, ',') from contacts), ''), true);
{{else}}
select 1;
{{end}}
