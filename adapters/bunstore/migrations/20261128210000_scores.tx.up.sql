-- How likely each contact is to buy: the evidence, and what it came to when it
-- was last scored. It stands beside the contact because a message changes it and
-- mostly leaves the contact as it is.
create table leads (
  workspace_id {{.ID}} not null,
  contact_id   {{.ID}} not null,
  profile      {{.Bytes}} not null,
  rules        bigint not null,
  total        bigint not null,
  temperature  text not null,
  scored_at    bigint not null,
  primary key (workspace_id, contact_id),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id) on delete cascade
);

{{if .Postgres}}
alter table leads enable row level security;
alter table leads force row level security;
create policy workspaces on leads using (
  workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
  or (select current_setting('my21staff.scope', true)) = 'installation');
{{end}}
