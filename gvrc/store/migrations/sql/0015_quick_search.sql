-- Search and counts that do not slow down with the registry: what is searched and counted of each place in one narrow row, how many places there are of
-- each sort, and every word of their names once. All three are kept by triggers, in the transaction of the change, whoever makes it.

set local search_path = public;

drop index ix_facilities_aliases_trgm;
drop function alias_text(text[]);

-- The words of a name, as they are searched: small letters without accents or apostrophes, each once, in their order. A personal value inside a name
-- is not searched.
create function search_words(name text) returns text[] language sql stable parallel safe set search_path = public as $$
    select coalesce(array_agg(word order by place), '{}') from (
        select left(word, 60) as word, min(place) as place from regexp_split_to_table(
            lower(unaccent(regexp_replace(name, 'vault:[0-9a-f-]{36}|[''’`]', '', 'g'))), '[^a-z0-9\u0080-\U0010FFFF]+') with ordinality as split (word, place)
        where word <> '' group by 1 order by 2 limit 60
    ) found
$$;

create function quality_band(quality_score double precision) returns text language sql immutable parallel safe
return case when quality_score >= 85 then 'high' when quality_score >= 70 then 'good' when quality_score >= 50 then 'fair'
    when quality_score is null then 'unknown' else 'low' end;

create table facility_search (
    facility_id bigint not null,
    words text[] not null,
    named smallint not null,
    visibility varchar(20) not null,
    is_active boolean not null,
    county_id integer,
    constituency_id integer,
    ward_id integer,
    facility_type varchar(50),
    operational_status_id integer,
    quality_band varchar(10) not null,
    services text[] not null,
    constraint pk_facility_search primary key (facility_id) include (is_active, visibility, county_id)
);
create table facility_counts (
    visibility varchar(20) not null,
    is_active boolean not null,
    county_id integer,
    facility_type varchar(50),
    operational_status_id integer,
    quality_band varchar(10) not null,
    service varchar(50),
    n integer not null
);
create table registry_words (
    word text not null,
    open_n integer not null,
    withheld_n integer not null,
    constraint pk_registry_words primary key (word)
);

-- What is searched and counted of places.
create function search_row_of(places bigint[]) returns setof facility_search language sql stable set search_path = public, pg_temp as $$
    select f.facility_id, case when cardinality(f.aliases) = 0 then w.words else search_words(f.facility_name || ' ' || array_to_string(f.aliases, ' ')) end,
        cardinality(w.words)::smallint, f.visibility, f.is_active, f.county_id, f.constituency_id, f.ward_id, f.facility_type, f.operational_status_id,
        quality_band(f.quality_score), coalesce((select array_agg(s.service::text order by s.service) from facility_services s where s.facility_id = f.facility_id), '{}')
    from facilities f cross join lateral (select search_words(f.facility_name) as words offset 0) w
    where f.facility_id = any (places)
$$;

create function keep_search_of(places bigint[]) returns void language sql set search_path = public, pg_temp as $$
    insert into facility_search as s select * from search_row_of(places)
    on conflict (facility_id) do update set words = excluded.words, named = excluded.named, visibility = excluded.visibility, is_active = excluded.is_active,
        county_id = excluded.county_id, constituency_id = excluded.constituency_id, ward_id = excluded.ward_id, facility_type = excluded.facility_type,
        operational_status_id = excluded.operational_status_id, quality_band = excluded.quality_band, services = excluded.services
    where s is distinct from excluded
$$;

create function search_keeps_up() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_table_name = 'facilities' then
        if tg_op = 'INSERT' then
            perform public.keep_search_of((select array_agg(facility_id) from new_rows));
        elsif tg_op = 'DELETE' then
            delete from public.facility_search where facility_id in (select facility_id from old_rows);
        else
            delete from public.facility_search where facility_id in (select facility_id from old_rows except select facility_id from new_rows);
            perform public.keep_search_of((
                select array_agg(n.facility_id) from new_rows n left join old_rows o using (facility_id)
                where (o.facility_name, o.aliases, o.visibility, o.is_active, o.county_id, o.constituency_id, o.ward_id, o.facility_type, o.operational_status_id, o.quality_score)
                    is distinct from (n.facility_name, n.aliases, n.visibility, n.is_active, n.county_id, n.constituency_id, n.ward_id, n.facility_type, n.operational_status_id, n.quality_score)));
        end if;
    elsif tg_op = 'INSERT' then
        perform public.keep_search_of((select array_agg(distinct facility_id) from new_rows));
    elsif tg_op = 'DELETE' then
        perform public.keep_search_of((select array_agg(distinct facility_id) from old_rows));
    else
        perform public.keep_search_of((select array_agg(distinct facility_id) from (select facility_id from old_rows union all select facility_id from new_rows) touched));
    end if;
    return null;
end
$$;

-- Changes as they are counted: +1 for a row that came, -1 for one that went.
create function counts_keep_up() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    changes constant text := case tg_op
        when 'INSERT' then 'select r.*, 1 as d from new_rows r'
        when 'DELETE' then 'select r.*, -1 as d from old_rows r'
        else 'select r.*, 1 as d from new_rows r union all select r.*, -1 as d from old_rows r' end;
begin
    execute 'insert into public.facility_counts as c (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service, n)
        select visibility, is_active, county_id, facility_type, operational_status_id, quality_band, s.service, sum(d)
        from (' || changes || ') r cross join lateral (select null::text as service union all select unnest(r.services)) s
        group by 1, 2, 3, 4, 5, 6, 7 having sum(d) <> 0
        on conflict (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service) do update set n = c.n + excluded.n';
    execute 'insert into public.registry_words as w (word, open_n, withheld_n)
        select word, coalesce(sum(d) filter (where r.visibility <> ''withheld''), 0), coalesce(sum(d) filter (where r.visibility = ''withheld''), 0)
        from (' || changes || ') r cross join lateral unnest(r.words) as word
        group by word having bool_or(r.visibility = ''withheld'') or sum(d) <> 0
        on conflict (word) do update set open_n = w.open_n + excluded.open_n, withheld_n = w.withheld_n + excluded.withheld_n
        where (excluded.open_n, excluded.withheld_n) <> (0, 0)';
    return null;
end
$$;
revoke execute on function search_keeps_up(), counts_keep_up(), keep_search_of(bigint[]), search_row_of(bigint[]) from public;

-- Everything anew, from the places themselves: what is there now, and what a bulk load past the triggers left behind.
create function count_search_anew() returns void language plpgsql set search_path = public, pg_temp as $$
begin
    alter table facility_search disable trigger user;
    truncate facility_search, facility_counts, registry_words;
    insert into facility_search select * from search_row_of(array(select facility_id from facilities order by facility_id));
    insert into facility_counts (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service, n)
        select visibility, is_active, county_id, facility_type, operational_status_id, quality_band, s.service, count(*)
        from facility_search r cross join lateral (select null::text as service union all select unnest(r.services)) s group by 1, 2, 3, 4, 5, 6, 7;
    insert into registry_words select word, count(*) filter (where visibility <> 'withheld'), count(*) filter (where visibility = 'withheld')
        from facility_search cross join lateral unnest(words) as word group by word;
    alter table facility_search enable trigger user;
end
$$;
revoke execute on function count_search_anew() from public;

create trigger counts_insert after insert on facility_search referencing new table as new_rows for each statement execute function counts_keep_up();
create trigger counts_update after update on facility_search referencing old table as old_rows new table as new_rows for each statement execute function counts_keep_up();
create trigger counts_delete after delete on facility_search referencing old table as old_rows for each statement execute function counts_keep_up();
create trigger search_insert after insert on facilities referencing new table as new_rows for each statement execute function search_keeps_up();
create trigger search_update after update on facilities referencing old table as old_rows new table as new_rows for each statement execute function search_keeps_up();
create trigger search_delete after delete on facilities referencing old table as old_rows for each statement execute function search_keeps_up();
create trigger search_insert after insert on facility_services referencing new table as new_rows for each statement execute function search_keeps_up();
create trigger search_update after update on facility_services referencing old table as old_rows new table as new_rows for each statement execute function search_keeps_up();
create trigger search_delete after delete on facility_services referencing old table as old_rows for each statement execute function search_keeps_up();

select count_search_anew();

create index ix_facility_search_words on facility_search using gin (words);
create index ix_facility_search_county on facility_search (county_id, facility_id);
create index ix_facility_search_area on facility_search (county_id, constituency_id, ward_id, facility_id) include (visibility, is_active, facility_type);
create index ix_facility_search_sorts on facility_search (facility_type, operational_status_id, quality_band, facility_id);
create index ix_facility_search_hidden on facility_search (visibility, facility_id) where visibility <> 'public';
create unique index uq_facility_counts on facility_counts
    (visibility, is_active, county_id, facility_type, operational_status_id, quality_band, service) nulls not distinct;
create index ix_registry_words_trgm on registry_words using gin (word gin_trgm_ops);
analyze facility_search, facility_counts, registry_words;
