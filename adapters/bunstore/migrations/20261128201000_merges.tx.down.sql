drop table merges;
