drop table queues;
drop index conversations_queued;
alter table conversations drop column routed_for;
alter table conversations drop column routed_at;
drop table turns;
alter table members drop column away;
alter table members drop column capacity;
alter table members drop column skills;
