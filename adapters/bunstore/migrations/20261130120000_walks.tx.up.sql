-- Who has a tag, or a word in a field of their own, is met in the order of a list:
-- what lists are sorted by stands beside the tag and the word as it does at the
-- contact. Without that a tag that few have was found by going through everybody,
-- or by gathering all who have it, and both grow with the workspace.
alter table contact_tags add column updated_at bigint not null default 0;
alter table contact_tags add column score bigint not null default 0;
alter table contact_fields add column updated_at bigint not null default 0;
update contact_tags set
  updated_at = (select c.updated_at from contacts as c where c.workspace_id = contact_tags.workspace_id and c.id = contact_tags.contact_id),
  score = (select c.score from contacts as c where c.workspace_id = contact_tags.workspace_id and c.id = contact_tags.contact_id);
update contact_fields set
  updated_at = (select c.updated_at from contacts as c where c.workspace_id = contact_fields.workspace_id and c.id = contact_fields.contact_id);
create index contact_tags_list on contact_tags (workspace_id, tag_id, updated_at desc, contact_id desc);
create index contact_tags_score on contact_tags (workspace_id, tag_id, score desc, contact_id desc);
drop index contact_fields_words;
create index contact_fields_list on contact_fields (workspace_id, field, words, updated_at desc, contact_id desc);
-- A range is tried on the numbers that stand in the index of its field.
create index contact_fields_range on contact_fields (workspace_id, field, updated_at desc, contact_id desc, ordinal) where ordinal is not null;
