-- Store.Rollback unpacks every body before this, in the same transaction: each
-- begins with a 0 here, which SQL can take off. By hand this would leave packed
-- bodies that the program before cannot read.
{{if .Postgres}}
update deliveries set body = substring(b.body from 2) from delivery_bodies b
where b.workspace_id = deliveries.workspace_id and b.id = deliveries.id;
{{else}}
update deliveries set body = substr(b.body, 2) from delivery_bodies b
where b.workspace_id = deliveries.workspace_id and b.id = deliveries.id;
{{end}}
drop table delivery_bodies;
alter table deliveries drop column size;
