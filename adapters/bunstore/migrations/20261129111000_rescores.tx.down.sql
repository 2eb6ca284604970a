drop table rescores;
