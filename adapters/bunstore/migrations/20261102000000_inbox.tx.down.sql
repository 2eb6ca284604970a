drop table member_emails;
drop table session_hashes;
drop table api_key_hashes;
drop table channel_numbers;
drop table search_index;
{{if not .Postgres}}
-- SQLite 3.54 forgets this part of the table above.
drop table if exists search_index_content;
{{end}}
drop table facts;
drop table counters;
drop table answers;
drop table jobs;
drop table templates;
drop table tasks;
drop table notes;
drop table deliveries;
drop table amendments;
drop table statuses;
drop table messages;
drop table conversations;
drop table contact_tags;
drop table identities;
drop table contacts;
drop table tags;
drop table channels;
drop table sessions;
drop table api_keys;
drop table members;
drop table workspaces;
