-- How far the work is of scoring a workspace's contacts again. Claims go through
-- every workspace's that run, in the order in which their leases end.
create table rescores (
  workspace_id  {{.ID}} not null primary key,
  id            {{.ID}} not null,
  version       bigint not null,
  state         text not null,
  reason        text not null,
  author_kind   text not null,
  author_id     text not null,
  contacts      bigint not null,
  seen          bigint not null,
  changed       bigint not null,
  after_contact {{.ID}} not null,
  attempt       bigint not null,
  leased_until  bigint,
  due_at        bigint,
  started_at    bigint not null,
  ended_at      bigint
);
create index rescores_due on rescores (due_at) where due_at is not null;

{{if .Postgres}}
alter table rescores enable row level security;
alter table rescores force row level security;
create policy workspaces on rescores using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
