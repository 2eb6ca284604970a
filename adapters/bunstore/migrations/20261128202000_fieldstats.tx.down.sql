{{if .Postgres}}
drop statistics contact_fields_of_field;
{{else}}
select 1;
{{end}}
