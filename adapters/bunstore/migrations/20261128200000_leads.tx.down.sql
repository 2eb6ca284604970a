drop table views;
drop table pipelines;
drop table fields;
drop index contacts_name;
drop index contacts_created;
alter table contacts drop column sort_name;
alter table contacts drop column source_kind;
drop table contact_fields;
