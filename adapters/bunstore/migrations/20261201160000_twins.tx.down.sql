drop table twins;
