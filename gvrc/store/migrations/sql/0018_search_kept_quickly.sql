-- What is searched and counted is kept with less work: each statement touches a place's row once, works its words out only when its names changed, and its
-- plan is made once for a connection. Every table but those of the statement itself is read by an index, whatever size it had when the plan was made.

set local search_path = public;

-- The same words as before. A body parsed when it is made needs no search path of its own, so that the planner puts it into the statement.
create or replace function search_words(name text) returns text[] language sql stable parallel safe
return (
    select coalesce(array_agg(word order by place), '{}') from (
        select left(word, 60) as word, min(place) as place from regexp_split_to_table(
            lower(unaccent(regexp_replace(name, 'vault:[0-9a-f-]{36}|[''’`]', '', 'g'))), '[^a-z0-9\u0080-\U0010FFFF]+') with ordinality as split (word, place)
        where word <> '' group by 1 order by 2 limit 60
    ) found
);
alter function search_words(text) reset search_path;

-- Of what it calls, one function is stable: said so here too, the planner puts it into the statement that writes the audit.
alter function audit_values(jsonb, text[]) stable;

drop trigger search_insert on facilities;
drop trigger search_update on facilities;
drop trigger search_delete on facilities;
drop trigger search_insert on facility_services;
drop trigger search_update on facility_services;
drop trigger search_delete on facility_services;
drop trigger counts_insert on facility_search;
drop trigger counts_update on facility_search;
drop trigger counts_delete on facility_search;
drop function search_keeps_up(), keep_search_of(bigint[]), counts_keep_up();

-- A trigger's function of its own per act, for its statements name the rows of that act: what is `{touched}` differs, the rest is the same.
do $$
declare
    head constant text := ' returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $body$ begin ';
    tail constant text := ' return null; end $body$';
    searched constant text := 'select facility_id, facility_name, aliases, visibility, is_active, county_id, constituency_id, ward_id, facility_type,
            operational_status_id, quality_score from ';
    of_places constant text := '
        insert into facility_search as s
        select f.facility_id, case when cardinality(f.aliases) = 0 then w.words else search_words(f.facility_name || '' '' || array_to_string(f.aliases, '' '')) end,
            cardinality(w.words), f.visibility, f.is_active, f.county_id, f.constituency_id, f.ward_id, f.facility_type, f.operational_status_id,
            quality_band(f.quality_score), coalesce((select array_agg(x.service::text order by x.service) from facility_services x where x.facility_id = f.facility_id), ''{}'')
        from ({touched}) f cross join lateral (select search_words(f.facility_name) as words offset 0) w
        on conflict (facility_id) do update set words = excluded.words, named = excluded.named, visibility = excluded.visibility, is_active = excluded.is_active,
            county_id = excluded.county_id, constituency_id = excluded.constituency_id, ward_id = excluded.ward_id, facility_type = excluded.facility_type,
            operational_status_id = excluded.operational_status_id, quality_band = excluded.quality_band, services = excluded.services
        where s is distinct from excluded;';
    gone constant text := '
        delete from facility_search where facility_id = any (array({touched}));';
    -- A row as it stands is put in again with its services: so it is found by its key, and the conflict changes the one column.
    of_services constant text := '
        insert into facility_search as s
        select s.facility_id, s.words, s.named, s.visibility, s.is_active, s.county_id, s.constituency_id, s.ward_id, s.facility_type, s.operational_status_id,
            s.quality_band, coalesce((select array_agg(x.service::text order by x.service) from facility_services x where x.facility_id = t.facility_id), ''{}'')
        from ({touched}) t cross join lateral (select * from facility_search s where s.facility_id = t.facility_id offset 0) s
        on conflict (facility_id) do update set services = excluded.services where s.services <> excluded.services;';
    -- +1 for a row that came, -1 for one that went.
    of_counts constant text := '
        insert into facility_counts as c (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service, n)
        select visibility, is_active, county_id, facility_type, operational_status_id, quality_band, x.service, sum(d)
        from ({touched}) r cross join lateral (select null::text as service union all select unnest(r.services)) x
        group by 1, 2, 3, 4, 5, 6, 7 having sum(d) <> 0
        on conflict (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service) do update set n = c.n + excluded.n;';
    of_words constant text := '
        insert into registry_words as w (word, open_n, withheld_n)
        select word, coalesce(sum(d) filter (where r.visibility <> ''withheld''), 0), coalesce(sum(d) filter (where r.visibility = ''withheld''), 0)
        from ({touched}) r cross join lateral unnest(r.words) as word
        group by word having bool_or(r.visibility = ''withheld'') or sum(d) <> 0
        on conflict (word) do update set open_n = w.open_n + excluded.open_n, withheld_n = w.withheld_n + excluded.withheld_n
        where (excluded.open_n, excluded.withheld_n) <> (0, 0);';
    counted constant text := 'facility_id, visibility, is_active, county_id, facility_type, operational_status_id, quality_band, services';
    worded constant text := 'facility_id, visibility, words';
    both_ways constant text := 'select *, 1 as d from (select {columns} from new_rows except select {columns} from old_rows) came
        union all select *, -1 from (select {columns} from old_rows except select {columns} from new_rows) went';
begin
    execute 'create function search_of_new_places()' || head || replace(of_places, '{touched}', searched || 'new_rows') || tail;
    execute 'create function search_of_changed_places()' || head
        || replace(gone, '{touched}', 'select facility_id from old_rows except select facility_id from new_rows')
        || replace(of_places, '{touched}', searched || 'new_rows except ' || searched || 'old_rows') || tail;
    execute 'create function search_of_gone_places()' || head || replace(gone, '{touched}', 'select facility_id from old_rows') || tail;
    execute 'create function search_of_new_services()' || head || replace(of_services, '{touched}', 'select distinct facility_id from new_rows') || tail;
    execute 'create function search_of_changed_services()' || head
        || replace(of_services, '{touched}', 'select facility_id from old_rows union select facility_id from new_rows') || tail;
    execute 'create function search_of_gone_services()' || head || replace(of_services, '{touched}', 'select distinct facility_id from old_rows') || tail;
    execute 'create function count_new_rows()' || head || replace(of_counts, '{touched}', 'select *, 1 as d from new_rows')
        || replace(of_words, '{touched}', 'select *, 1 as d from new_rows') || tail;
    execute 'create function count_changed_rows()' || head || replace(of_counts, '{touched}', replace(both_ways, '{columns}', counted))
        || replace(of_words, '{touched}', replace(both_ways, '{columns}', worded)) || tail;
    execute 'create function count_gone_rows()' || head || replace(of_counts, '{touched}', 'select *, -1 as d from old_rows')
        || replace(of_words, '{touched}', 'select *, -1 as d from old_rows') || tail;
end
$$;
revoke execute on function search_of_new_places(), search_of_changed_places(), search_of_gone_places(), search_of_new_services(), search_of_changed_services(),
    search_of_gone_services(), count_new_rows(), count_changed_rows(), count_gone_rows() from public;

create trigger search_insert after insert on facilities referencing new table as new_rows for each statement execute function search_of_new_places();
create trigger search_update after update on facilities referencing old table as old_rows new table as new_rows for each statement execute function search_of_changed_places();
create trigger search_delete after delete on facilities referencing old table as old_rows for each statement execute function search_of_gone_places();
create trigger search_insert after insert on facility_services referencing new table as new_rows for each statement execute function search_of_new_services();
create trigger search_update after update on facility_services referencing old table as old_rows new table as new_rows for each statement execute function search_of_changed_services();
create trigger search_delete after delete on facility_services referencing old table as old_rows for each statement execute function search_of_gone_services();
create trigger counts_insert after insert on facility_search referencing new table as new_rows for each statement execute function count_new_rows();
create trigger counts_update after update on facility_search referencing old table as old_rows new table as new_rows for each statement execute function count_changed_rows();
create trigger counts_delete after delete on facility_search referencing old table as old_rows for each statement execute function count_gone_rows();
