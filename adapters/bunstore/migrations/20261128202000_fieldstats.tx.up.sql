{{if .Postgres}}
-- Which words a field has depends on the field: how many contacts a filter finds
-- decides whether they are gathered or met in the order of the list.
create statistics contact_fields_of_field (mcv, ndistinct, dependencies) on field, words from contact_fields;
{{else}}
select 1;
{{end}}
