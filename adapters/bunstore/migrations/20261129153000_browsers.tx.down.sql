alter table sessions drop column began_at;
alter table sessions drop column browser;
