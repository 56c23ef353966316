-- What is kept for searching is worked out by a plan that fits the size of the registry at that moment.

set local search_path = public;

-- A body parsed when it is made needs no search path of its own, so that the planner puts it into the statement.
create or replace function search_row_of(places bigint[]) returns setof facility_search language sql stable
begin atomic
    select f.facility_id, case when cardinality(f.aliases) = 0 then w.words else search_words(f.facility_name || ' ' || array_to_string(f.aliases, ' ')) end,
        cardinality(w.words)::smallint, f.visibility, f.is_active, f.county_id, f.constituency_id, f.ward_id, f.facility_type, f.operational_status_id,
        quality_band(f.quality_score)::varchar, coalesce((select array_agg(s.service::text order by s.service) from facility_services s where s.facility_id = f.facility_id), '{}')
    from facilities f cross join lateral (select search_words(f.facility_name) as words offset 0) w
    where f.facility_id = any (places);
end;

-- Planned anew each time: a plan that was kept since the registry was small would read all of it for each place.
create or replace function keep_search_of(places bigint[]) returns void language plpgsql set search_path = public, pg_temp as $$
begin
    if cardinality(places) > 0 then
        execute 'insert into facility_search as s select * from search_row_of($1)
            on conflict (facility_id) do update set words = excluded.words, named = excluded.named, visibility = excluded.visibility, is_active = excluded.is_active,
                county_id = excluded.county_id, constituency_id = excluded.constituency_id, ward_id = excluded.ward_id, facility_type = excluded.facility_type,
                operational_status_id = excluded.operational_status_id, quality_band = excluded.quality_band, services = excluded.services
            where s is distinct from excluded' using places;
    end if;
end
$$;

revoke execute on function keep_search_of(bigint[]), search_row_of(bigint[]) from public;
