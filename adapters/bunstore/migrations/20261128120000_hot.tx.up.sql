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
