drop table routings;
