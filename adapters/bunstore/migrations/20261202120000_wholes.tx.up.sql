-- On PostgreSQL the fives of names are kept as one workspace's own; the program makes
-- them anew of the contacts that are there.
{{if .Postgres}}
select set_config('my21staff.workspaces', coalesce((select string_agg(distinct workspace_id::text, ',') from contacts), ''), true);
{{else}}
select 1;
{{end}}
