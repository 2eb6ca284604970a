-- Changes to all contacts that fit a filter, made in the background. Claims go
-- through every workspace's that run, in the order in which their leases end.
create table bulks (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  author_kind  text not null,
  author_id    text not null,
  change       text not null,
  state        text not null,
  reason       text not null,
  after_id     {{.ID}} not null,
  seen         bigint not null,
  changed      bigint not null,
  failed       bigint not null,
  due_at       bigint,
  created_at   bigint not null,
  ended_at     bigint,
  primary key (workspace_id, id)
);
create index bulks_due on bulks (due_at) where due_at is not null;

{{if .Postgres}}
alter table bulks enable row level security;
alter table bulks force row level security;
create policy workspaces on bulks using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
