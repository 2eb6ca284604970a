alter table members drop column joined_at;
