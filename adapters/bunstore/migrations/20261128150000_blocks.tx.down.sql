-- Store.Rollback gives every body a row of its own before this, in the same
-- transaction. By hand this would lose those that share one.
delete from delivery_bodies where exists (
  select 1 from deliveries d where d.workspace_id = delivery_bodies.workspace_id and d.block_id = delivery_bodies.id
);
alter table deliveries drop column block_at;
alter table deliveries drop column block_id;
