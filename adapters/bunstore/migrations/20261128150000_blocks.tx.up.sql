-- Bodies that were taken in together are packed together, in one row of
-- delivery_bodies. A delivery says in which row its body is, none being its own,
-- and where it begins there once that is unpacked.
alter table deliveries add column block_id {{.ID}};
alter table deliveries add column block_at bigint not null default 0;
