-- The program has FTS5 merge what it adds, a little with each addition.
{{if .Postgres}}
select 1;
{{else}}
insert into search_index (search_index, rank) values ('automerge', 0);
{{end}}
