-- What is committed, one row per source record and the facility it feeds.

create view staging.normalized_data as
select
    s.facility_source_id as id,
    s.source,
    coalesce(s.source_id, s.record_key) as source_id,
    f.facility_name as name,
    f.facility_code as value,
    f.description,
    s.first_seen as created_at,
    f.updated_at,
    f.facility_id
from public.facility_sources s
join public.facilities f using (facility_id);
