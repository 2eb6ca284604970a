drop index conversations_temperature;
drop index leads_due;
alter table leads drop column due_at;
drop index contacts_temperature_score;
drop index contacts_temperature;
drop index contacts_lead_score;
drop index contacts_score;
alter table contacts drop column score;
