-- The bodies of the journal stand apart from what became of them: packed (the
-- first byte says how; 0 is as it came), and on PostgreSQL in parts by month,
-- which are dropped whole. An id begins with the time it was made, so a month is
-- a range of ids. The months themselves are made by the program, ahead; what
-- falls into none of them goes to the default part.
create table delivery_bodies (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  body         {{.Bytes}} not null,
  primary key (workspace_id, id)
){{if .Postgres}} partition by range (id){{end}};

-- How large the body is that is kept of a delivery; null is that none is. A size
-- without a body is one that retention took.
alter table deliveries add column size bigint;

{{if .Postgres}}
create table delivery_bodies_default partition of delivery_bodies default;
-- What is packed is not worth packing again.
alter table delivery_bodies alter column body set storage external;
alter table delivery_bodies_default alter column body set storage external;

insert into delivery_bodies (workspace_id, id, body)
select workspace_id, id, '\x00'::bytea || body from deliveries where body is not null;
{{else}}
insert into delivery_bodies (workspace_id, id, body)
select workspace_id, id, cast(x'00' || body as blob) from deliveries where body is not null;
{{end}}
-- The column stays, empty, for a program of the version before that still runs
-- beside this one: what it writes there is read there. A later migration drops
-- it.
update deliveries set size = length(body), body = null where body is not null;

{{if .Postgres}}
do $$
declare tenant text;
begin
  foreach tenant in array array['delivery_bodies', 'delivery_bodies_default']
  loop
    execute format('alter table %I enable row level security', tenant);
    execute format('alter table %I force row level security', tenant);
    execute format($policy$
      create policy workspaces on %I using (
        workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[])
        or (select current_setting('my21staff.scope', true)) = 'installation')
      $policy$, tenant);
  end loop;
end $$;
{{end}}
