-- Files of contacts on their way in. The file stands beside the import in packed
-- chunks, because whichever host works on it must find it, and goes when the
-- import ends; so does, in time, the file of errors. Claims go through every
-- workspace's imports that run, in the order in which their leases end.
create table imports (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  author_kind  text not null,
  author_id    text not null,
  filename     text not null,
  size         bigint not null,
  state        text not null,
  reason       text not null,
  encoding     text not null,
  delimiter    text not null,
  header       boolean not null,
  columns      text not null,
  mapping      text not null,
  region       text not null,
  policy       text not null,
  dry_run      boolean not null,
  make_tags    boolean not null,
  rows_found   bigint not null,
  progress     text not null,
  attempt      bigint not null,
  leased_until bigint,
  due_at       bigint,
  created_at   bigint not null,
  started_at   bigint,
  ended_at     bigint,
  primary key (workspace_id, id)
);
create index imports_due on imports (due_at) where due_at is not null;

create table import_chunks (
  workspace_id {{.ID}} not null,
  import_id    {{.ID}} not null,
  part_of      text not null,
  n            bigint not null,
  body         {{.Bytes}} not null,
  primary key (workspace_id, import_id, part_of, n),
  foreign key (workspace_id, import_id) references imports (workspace_id, id)
);

{{if .Postgres}}
-- What is packed is not worth packing again.
alter table import_chunks alter column body set storage external;

do $$
declare tenant text;
begin
  foreach tenant in array array['imports', 'import_chunks']
  loop
    execute format('alter table %I enable row level security', tenant);
    execute format('alter table %I force row level security', tenant);
    execute format($policy$
      create policy workspaces on %I using (
        workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
        or (select current_setting('my21staff.scope', true)) = 'installation')
      $policy$, tenant);
  end loop;
end $$;
{{end}}
