-- Other names of a place are searched by an index, as its name is.

set local search_path = public;

create function alias_text(aliases text[]) returns text language sql immutable strict parallel safe
return (select pg_catalog.string_agg(alias, E'\n') from pg_catalog.unnest(aliases) alias);

create index ix_facilities_aliases_trgm on facilities using gin (alias_text(aliases) gin_trgm_ops);
