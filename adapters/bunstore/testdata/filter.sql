('
' || folded || '
') <> replace('
' || folded || '
', ?, '');
('
' || folded) <> replace('
' || folded, ?, '');
(created_at >= ? and created_at < ?);
(exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? and last_message_at < ? limit 1 offset 0) and not exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? limit 1 offset 0));
(id in (select contact_id from conversations where workspace_id = ? and last_message_at >= ? and last_message_at < ?) and not exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? limit 1 offset 0));
(updated_at >= ? and updated_at < ?);
blocked_at is not null;
created_at >= 0;
exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and ('
' || words) <> replace('
' || words, ?, '') limit 1 offset 0);
exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and ordinal >= ? and ordinal < ? limit 1 offset 0);
exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and words <> replace(words, ?, '') limit 1 offset 0);
exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and words = ? limit 1 offset 0);
exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? limit 1 offset 0);
exists (select 1 from contact_tags where workspace_id = ? and tag_id = ? and contact_id = contacts.id limit 1 offset 0);
exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and assignee_id <> ? limit 1 offset 0);
exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and assignee_id = ? limit 1 offset 0);
exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= 0 limit 1 offset 0);
exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and status = ? limit 1 offset 0);
exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id limit 1 offset 0);
exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? and ('
' || value) <> replace('
' || value, ?, '') limit 1 offset 0);
exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? and value <> replace(value, ?, '') limit 1 offset 0);
exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? limit 1 offset 0);
exists (select 1 from identities where workspace_id = ? and kind = ? and value = ? and contact_id = contacts.id limit 1 offset 0);
folded <> '';
folded <> replace(folded, ?, '');
id in (select contact_id from contact_fields where workspace_id = ? and field = ? and ordinal >= ? and ordinal < ?);
id in (select contact_id from contact_fields where workspace_id = ? and field = ? and words = ?);
id in (select contact_id from contact_tags where workspace_id = ? and tag_id = ?);
id in (select contact_id from conversations where workspace_id = ? and assignee_id = ?);
id in (select contact_id from conversations where workspace_id = ? and status = ?);
id in (select contact_id from identities where workspace_id = ? and kind = ? and value = ?);
lead_status <> '';
lead_status = ?;
opted_out;
source_kind <> '';
source_kind = ?;
tags <> '';
temperature <> '';
temperature = ?;
updated_at >= 0;
