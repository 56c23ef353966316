-- The language a person chose for their screens.

set local search_path = public;

alter table users add column language varchar(2);
