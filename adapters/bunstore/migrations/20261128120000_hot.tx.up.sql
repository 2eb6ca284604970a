-- What every message writes is what ingestion costs. The profile's time stands in
-- the conversation, which every message writes anyway, so that the contact is
-- written only when something about it changes. The list of one channel's
-- conversations is read through conversations_all: a workspace has few channels,
-- and an index of its own was one more to be moved in by every message. The
-- journal is asked for its problems, which are few.
alter table conversations add column profile_at bigint;
drop index conversations_channel;
drop index deliveries_verdict;
create index deliveries_problems on deliveries (workspace_id, verdict, id desc) where verdict <> 'applied';

{{if .Postgres}}
-- The list of workspaces is read once a statement only with its cast inside the
-- subselect. Outside, every row that a policy was asked about parsed it anew,
-- which was a fifth of the server's time.
do $$
declare tenant text;
begin
  for tenant in
    select tablename from pg_policies where schemaname = current_schema() and policyname = 'workspaces'
  loop
    execute format($policy$
      alter policy workspaces on %I using (
        workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
        or (select current_setting('my21staff.scope', true)) = 'installation')
      $policy$, tenant);
  end loop;
end $$;
alter policy readers on search_index using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  and tokens @@ (select current_setting('my21staff.search', true))::tsquery);
alter policy writers on search_index with check (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[]));
alter policy cleaners on search_index using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[]));
{{end}}
