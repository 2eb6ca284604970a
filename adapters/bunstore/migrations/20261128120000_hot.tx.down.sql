drop index deliveries_problems;
create index deliveries_verdict on deliveries (workspace_id, verdict, id desc);
create index conversations_channel on conversations (workspace_id, channel_id, last_message_at desc, id desc);
alter table conversations drop column profile_at;

{{if .Postgres}}
do $$
declare tenant text;
begin
  for tenant in
    select tablename from pg_policies where schemaname = current_schema() and policyname = 'workspaces'
  loop
    execute format($policy$
      alter policy workspaces on %I using (
        workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[])
        or (select current_setting('my21staff.scope', true)) = 'installation')
      $policy$, tenant);
  end loop;
end $$;
alter policy readers on search_index using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[])
  and tokens @@ (select current_setting('my21staff.search', true))::tsquery);
alter policy writers on search_index with check (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[]));
alter policy cleaners on search_index using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ','))::uuid[]));
{{end}}
