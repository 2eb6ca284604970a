alter table counters drop column rules;
drop table lead_rules;
