drop table canned_replies;
