-- The part of a webhook request that is this installation's, as JSON; null is
-- all of it.
alter table deliveries add column share text;
