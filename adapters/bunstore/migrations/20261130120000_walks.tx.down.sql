drop index contact_fields_range;
drop index contact_fields_list;
create index contact_fields_words on contact_fields (workspace_id, field, words, contact_id);
drop index contact_tags_score;
drop index contact_tags_list;
alter table contact_fields drop column updated_at;
alter table contact_tags drop column score;
alter table contact_tags drop column updated_at;
