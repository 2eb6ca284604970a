drop table import_chunks;
drop table imports;
