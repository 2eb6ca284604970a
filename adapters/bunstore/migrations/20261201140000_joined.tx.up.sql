-- When a member signed in for the first time. Whoever has a password or a session has.
alter table members add column joined_at bigint;
update members set joined_at = created_at
where exists (select 1 from sessions where sessions.workspace_id = members.workspace_id and sessions.member_id = members.id and not sessions.link)
   or exists (select 1 from passwords where passwords.workspace_id = members.workspace_id and passwords.member_id = members.id);
