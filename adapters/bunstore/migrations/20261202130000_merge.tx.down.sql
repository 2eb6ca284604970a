{{if .Postgres}}
select 1;
{{else}}
insert into search_index (search_index, rank) values ('automerge', 4);
{{end}}
