alter table conversations drop column waiting_since;
drop table figures;
