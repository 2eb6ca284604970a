-- Whom conversations are given to by the rules of assignment: what a member takes,
-- and when it was last given one. A number grows with each that is given in a
-- workspace.
alter table members add column skills text not null default '[]';
alter table members add column capacity bigint not null default 0;
alter table members add column away boolean not null default false;
create table turns (
  workspace_id {{.ID}} not null,
  member_id    {{.ID}} not null,
  number       bigint not null,
  primary key (workspace_id, member_id)
) {{.Clustered}};

-- Why a conversation is somebody's by these rules, or nobody's, and since when. Few
-- wait; the index has only those, in the order in which they get somebody. When a
-- workspace's are looked at again stands in one row for all of them.
alter table conversations add column routed_at bigint;
alter table conversations add column routed_for text not null default '';
create index conversations_queued on conversations (workspace_id, routed_at, id) where routed_for in ('off_hours', 'nobody_in', 'all_full');
create table queues (
  workspace_id {{.ID}} not null primary key,
  due_at       bigint
);
create index queues_due on queues (due_at) where due_at is not null;

{{if .Postgres}}
alter table turns enable row level security;
alter table turns force row level security;
create policy workspaces on turns using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
alter table queues enable row level security;
alter table queues force row level security;
create policy workspaces on queues using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
