-- The lead database. What a custom field's value is compared by stands beside
-- the contact, folded and as a whole number, so that a filter is an index range
-- on both databases; texts are in the order of their bytes on both.
create table contact_fields (
  workspace_id {{.ID}} not null,
  contact_id   {{.ID}} not null,
  field        text not null,
  words        text {{if .Postgres}}collate "C"{{end}} not null,
  ordinal      bigint,
  primary key (workspace_id, contact_id, field),
  foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
) {{.Clustered}};
create index contact_fields_words on contact_fields (workspace_id, field, words, contact_id);
create index contact_fields_ordinal on contact_fields (workspace_id, field, ordinal, contact_id) where ordinal is not null;

-- The rows of contact_fields for the contacts that are there, the program adds.
alter table contacts add column source_kind text not null default '';
alter table contacts add column sort_name text {{if .Postgres}}collate "C"{{end}} not null default '';
{{if .Postgres}}
update contacts set source_kind = coalesce(source::json ->> 'kind', ''), sort_name = split_part(folded, E'\n', 1);
{{else}}
update contacts set source_kind = coalesce(source ->> 'kind', ''), sort_name = substr(folded, 1, instr(folded || char(10), char(10)) - 1);
{{end}}
create index contacts_created on contacts (workspace_id, created_at desc, id desc);
create index contacts_name on contacts (workspace_id, sort_name, id);

create table fields (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  key          text not null,
  label        text not null,
  type         text not null,
  choices      text not null,
  position     bigint not null,
  archived_at  bigint,
  created_at   bigint not null,
  primary key (workspace_id, id),
  unique (workspace_id, key)
);

create table pipelines (
  workspace_id {{.ID}} not null primary key,
  stages       text not null,
  updated_at   bigint not null
);

create table views (
  workspace_id {{.ID}} not null,
  id           {{.ID}} not null,
  name         text not null,
  owner_id     {{.ID}} not null,
  filter       text not null,
  sort         text not null,
  created_at   bigint not null,
  updated_at   bigint not null,
  primary key (workspace_id, id)
);

{{if .Postgres}}
do $$
declare tenant text;
begin
  foreach tenant in array array['contact_fields', 'fields', 'pipelines', 'views']
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
