drop index deliveries_problems;
create index deliveries_verdict on deliveries (workspace_id, verdict, id desc);
create index conversations_channel on conversations (workspace_id, channel_id, last_message_at desc, id desc);
alter table conversations drop column profile_at;
