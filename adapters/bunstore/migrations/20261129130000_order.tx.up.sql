-- The contacts' lists by how likely they are to buy. A lead's total stands at the
-- contact too, where the rest of what a list is sorted and filtered by is. A
-- score falls while nothing happens: due_at is when a lead is looked at again.
alter table contacts add column score bigint not null default 0;
update contacts set score = coalesce((select total from leads where leads.workspace_id = contacts.workspace_id and leads.contact_id = contacts.id), 0);
create index contacts_score on contacts (workspace_id, score desc, id desc);
create index contacts_lead_score on contacts (workspace_id, lead_status, score desc, id desc);
create index contacts_temperature on contacts (workspace_id, temperature, updated_at desc, id desc);
create index contacts_temperature_score on contacts (workspace_id, temperature, score desc, id desc);

alter table leads add column due_at bigint;
update leads set due_at = scored_at;
create index leads_due on leads (due_at) where due_at is not null;

-- Most are cold, and found by going through all; an index that has only the
-- others is not moved in by every message.
create index conversations_temperature on conversations (workspace_id, temperature, last_message_at desc, id desc) where temperature in ('hot', 'warm');
