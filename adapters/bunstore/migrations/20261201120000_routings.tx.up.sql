-- What the rules of assignment decided about conversations, as it stands among their
-- messages.
create table routings (
  workspace_id    {{.ID}} not null,
  conversation_id {{.ID}} not null,
  at              bigint not null,
  assignee_id     {{.ID}} not null,
  reason          text not null,
  primary key (workspace_id, conversation_id, at),
  foreign key (workspace_id, conversation_id) references conversations (workspace_id, id)
) {{.Clustered}};

{{if .Postgres}}
alter table routings enable row level security;
alter table routings force row level security;
create policy workspaces on routings using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}

-- Of what was decided before, the conversation knows the latest.
insert into routings (workspace_id, conversation_id, at, assignee_id, reason)
select workspace_id, id, routed_at, assignee_id, routed_for from conversations where routed_at is not null;
