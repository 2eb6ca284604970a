drop table bulks;
