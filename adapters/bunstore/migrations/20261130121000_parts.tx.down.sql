-- What an older program does not look for does not mislead it.
select 1;
