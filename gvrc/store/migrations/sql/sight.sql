-- What a reader may see of the registry, in the database itself: behind the read models (gvrc/views) stands row-level security, so that a query
-- that forgets them still tells nothing. Laid anew whenever this file changes, after the migrations; a column that readers need is added to the view here.
--
-- The store says in every transaction, until its end, for whom it reads (gvrc/store/session.py):
--   gvrc.sight     whole (the program's own work), all, trace, or nothing of what is sensitive (anything else, and when nothing was said)
--   gvrc.counties  codes that limit `all`, joined by commas; empty: everywhere
--
-- `(select ...)` around what the settings say makes the planner ask once for a query and not once for each row.

set local search_path = public;

do $$
declare
    policy record;
begin
    for policy in select schemaname, tablename, policyname from pg_policies where policyname = 'in_sight' loop
        execute format('drop policy in_sight on %I.%I', policy.schemaname, policy.tablename);
    end loop;
end
$$;
drop view if exists search_in_sight, search_in_full, search_in_part, counts_in_sight, words_in_sight;
drop view if exists facilities_in_sight, facilities_in_full, facilities_in_part, facilities_out_of_sight;
drop function if exists sight_level(), sight_counties();

create function sight_level() returns text language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('gvrc.sight', true), ''), 'nothing')
$$;

-- The counties that limit a reader, by id; null: everywhere.
create function sight_counties() returns int[] language sql stable parallel safe as $$
    select case when coalesce(current_setting('gvrc.counties', true), '') <> '' then (
        select coalesce(array_agg(c.county_id), '{}') from public.counties c
        where c.county_code = any (string_to_array(current_setting('gvrc.counties', true), ','))
    ) end
$$;

drop index if exists ix_facilities_sensitive;
create index if not exists ix_facilities_hidden on facilities (facility_id) include (visibility, county_id) where visibility <> 'public';

-- Places of which the reader does not see all, with how much there is to see: area, line, trace, nothing.
create view facilities_out_of_sight as
select f.facility_id, case f.visibility
    when 'ward_only' then 'area' when 'office_line' then 'line'
    else case when (select sight_level()) in ('all', 'trace') then 'trace' else 'nothing' end
end as sight
from facilities f
where f.visibility <> 'public' and (select sight_level()) <> 'whole' and ((select sight_level()) <> 'all' or (select sight_counties()) is not null) and not coalesce(
    (select sight_level()) = 'all' and ((select sight_counties()) is null or f.county_id = any ((select sight_counties())::int[])), false);

-- Places as the read models take them: whole rows where the reader sees all, rows with nothing but what the tier lets through where not.
-- Not security barriers: the indexes on names stay usable. What the matrix forbids is null already. Each half alone is in the order of an index.
create view facilities_in_full as
select f.facility_id, f.facility_code, f.registration_number, f.facility_name, f.facility_type, f.operational_status_id, f.county_id, f.constituency_id,
    f.ward_id, f.mfl_code, f.fid_code, f.keph_level, f.address, f.officer_in_charge, f.opening_hours, f.description, f.aliases, f.visibility,
    f.quality_score, f.quality_parts, f.last_verified_at, f.last_verified_by, f.origins, f.version, f.is_active, f.created_at, f.updated_at
from facilities f
where f.visibility = 'public' or (select sight_level()) = 'whole' or coalesce(
    (select sight_level()) = 'all' and ((select sight_counties()) is null or f.county_id = any ((select sight_counties())::int[])), false);

create view facilities_in_part as
select f.facility_id, f.facility_code, null::varchar as registration_number, case when o.sight <> 'trace' then f.facility_name end as facility_name,
    case when o.sight <> 'line' then f.facility_type end as facility_type, null::int as operational_status_id, f.county_id,
    case when o.sight = 'area' then f.constituency_id end as constituency_id, case when o.sight = 'area' then f.ward_id end as ward_id,
    null::varchar as mfl_code, null::varchar as fid_code, null::varchar as keph_level, null::uuid as address, null::uuid as officer_in_charge,
    null::text as opening_hours, null::text as description, '{}'::text[] as aliases, f.visibility, null::float as quality_score, '[]'::jsonb as quality_parts,
    null::date as last_verified_at, null::text as last_verified_by, '{}'::jsonb as origins, f.version, f.is_active, f.created_at, f.updated_at
from facilities f join facilities_out_of_sight o using (facility_id)
where f.visibility <> 'public' and o.sight <> 'nothing';

create view facilities_in_sight as select * from facilities_in_full union all select * from facilities_in_part;

-- The same of what is searched and counted: what the matrix forbids can neither be found nor counted.
create view search_in_full as
select s.facility_id, s.words, s.named, s.visibility, s.is_active, s.county_id, s.constituency_id, s.ward_id, s.facility_type, s.operational_status_id,
    s.quality_band, s.services, 'all' as sight
from facility_search s
where s.visibility = 'public' or (select sight_level()) = 'whole' or coalesce(
    (select sight_level()) = 'all' and ((select sight_counties()) is null or s.county_id = any ((select sight_counties())::int[])), false);

create view search_in_part as
select s.facility_id, s.words[1:s.named] as words, s.named, s.visibility, s.is_active, s.county_id,
    case when s.visibility = 'ward_only' then s.constituency_id end as constituency_id, case when s.visibility = 'ward_only' then s.ward_id end as ward_id,
    case when s.visibility = 'ward_only' then s.facility_type end as facility_type, null::int as operational_status_id, 'unknown'::varchar as quality_band,
    case when s.visibility = 'ward_only' then s.services else '{}' end as services, case when s.visibility = 'ward_only' then 'area' else 'line' end as sight
from facility_search s
where s.visibility in ('ward_only', 'office_line') and (select sight_level()) <> 'whole' and ((select sight_level()) <> 'all' or (select sight_counties()) is not null)
    and not coalesce((select sight_level()) = 'all' and s.county_id = any ((select sight_counties())::int[]), false)
union all
select s.facility_id, '{}'::text[], s.named, s.visibility, s.is_active, s.county_id, null::int, null::int, s.facility_type, null::int, 'unknown'::varchar, '{}'::text[],
    'trace'
from facility_search s
where s.visibility = 'withheld' and (select sight_level()) in ('all', 'trace') and ((select sight_level()) <> 'all' or (select sight_counties()) is not null)
    and not coalesce((select sight_level()) = 'all' and s.county_id = any ((select sight_counties())::int[]), false);

create view search_in_sight as select * from search_in_full union all select * from search_in_part;

create view counts_in_sight as
select c.visibility, c.is_active, c.county_id, c.facility_type, c.operational_status_id, c.quality_band, c.service, c.n, 'all' as sight
from facility_counts c
where c.visibility = 'public' or (select sight_level()) = 'whole' or coalesce(
    (select sight_level()) = 'all' and ((select sight_counties()) is null or c.county_id = any ((select sight_counties())::int[])), false)
union all
select c.visibility, c.is_active, c.county_id, case when c.sight <> 'line' then c.facility_type end, null::int, 'unknown', c.service, c.n, c.sight
from (
    select f.*, case f.visibility when 'ward_only' then 'area' when 'office_line' then 'line'
        else case when (select sight_level()) in ('all', 'trace') then 'trace' else 'nothing' end end as sight
    from facility_counts f
    where f.visibility <> 'public' and (select sight_level()) <> 'whole' and ((select sight_level()) <> 'all' or (select sight_counties()) is not null) and not coalesce(
        (select sight_level()) = 'all' and ((select sight_counties()) is null or f.county_id = any ((select sight_counties())::int[])), false)
) c
where c.sight <> 'nothing' and (c.service is null or c.sight = 'area');

-- Words of names; those that only withheld places have, for who sees all of these everywhere.
create view words_in_sight as
select w.word, w.open_n + case when (select sight_level()) = 'whole' or ((select sight_level()) = 'all' and (select sight_counties()) is null) then w.withheld_n else 0 end as n
from registry_words w
where w.open_n > 0 or (select sight_level()) = 'whole' or ((select sight_level()) = 'all' and (select sight_counties()) is null);

do $$
declare
    child record;
begin
    -- the parts of a place, and what a reader of the tier named beside it sees of it
    for child in select * from (values
        ('facility_contacts', 'line'), ('facility_services', 'area'), ('facility_coordinates', ''), ('facility_owners', ''), ('facility_infrastructure', ''),
        ('facility_gbv_categories', ''), ('facility_sources', ''), ('audit_trail', '')
    ) as listed (name, tier) loop
        execute format('alter table %I enable row level security', child.name);
        execute format(
            'create policy in_sight on %1$I using ((select sight_level()) = ''whole'' or facility_id is null
                or not exists (select 1 from facilities_out_of_sight o where o.facility_id = %1$I.facility_id and o.sight <> %2$L))', child.name, child.tier);
    end loop;
end
$$;
alter table facility_redirects enable row level security;
create policy in_sight on facility_redirects using ((select sight_level()) = 'whole' or (
    from_facility_id not in (select o.facility_id from facilities_out_of_sight o) and to_facility_id not in (select o.facility_id from facilities_out_of_sight o)));
alter table facility_relations enable row level security;
create policy in_sight on facility_relations using ((select sight_level()) = 'whole' or (
    facility_id not in (select o.facility_id from facilities_out_of_sight o) and related_facility_id not in (select o.facility_id from facilities_out_of_sight o)));
alter table facilities enable row level security;
create policy in_sight on facilities using (visibility = 'public' or (select sight_level()) = 'whole' or coalesce(
    (select sight_level()) = 'all' and ((select sight_counties()) is null or county_id = any ((select sight_counties())::int[])), false));

do $$
declare
    kept record;
begin
    -- what is kept for searching and counting, closed like the places themselves
    for kept in select * from (values ('facility_search'), ('facility_counts')) as listed (name) loop
        execute format('alter table %I enable row level security', kept.name);
        execute format('create policy in_sight on %I using (visibility = ''public'' or (select sight_level()) = ''whole'' or coalesce(
            (select sight_level()) = ''all'' and ((select sight_counties()) is null or county_id = any ((select sight_counties())::int[])), false))', kept.name);
    end loop;
end
$$;
alter table registry_words enable row level security;
create policy in_sight on registry_words using ((select sight_level()) = 'whole' or ((select sight_level()) = 'all' and (select sight_counties()) is null));

alter view staging.normalized_data set (security_invoker = true);
