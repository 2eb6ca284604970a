-- Where a member is signed in: what the browser calls itself, and since when.
alter table sessions add column browser text not null default '';
alter table sessions add column began_at bigint not null default 0;
update sessions set began_at = created_at;
