drop index sessions_member;
alter table sessions drop column by_link;
drop table passwords;
