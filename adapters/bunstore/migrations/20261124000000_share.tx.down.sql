alter table deliveries drop column share;
