-- The hash of an audit row without a call: bodies parsed once, when they are made, need no search path of their own, and so the planner puts them into
-- the statement that writes the rows. They answer what the former ones answered: rows that were written before verify as before.

set local search_path = public;

create or replace function audit_row_hash(
    audit_id bigint, table_name text, record_id text, operation text, old_values jsonb, new_values jsonb,
    changed_by text, changed_at timestamptz, session_id text, run_id bigint, reason text, facility_id bigint
) returns bytea language sql stable parallel safe
return pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
    audit_id, table_name, record_id, operation, old_values, new_values, changed_by,
    (extract(epoch from changed_at) operator(pg_catalog.*) 1000000)::bigint, session_id, run_id, reason, facility_id
)::text, 'UTF8'));
alter function audit_row_hash(bigint, text, text, text, jsonb, jsonb, text, timestamptz, text, bigint, text, bigint) reset search_path;

create or replace function audit_values(row_values jsonb, concealed text[]) returns jsonb language sql immutable parallel safe
return case
    when row_values operator(pg_catalog.?|) concealed then row_values operator(pg_catalog.||) coalesce(
        (select pg_catalog.jsonb_object_agg(name, 'concealed') from pg_catalog.unnest(concealed) name
            where pg_catalog.jsonb_typeof(row_values operator(pg_catalog.->) name) operator(pg_catalog.<>) 'null'), '{}')
    else row_values
end;
alter function audit_values(jsonb, text[]) reset search_path;

-- Each of these is the beginning of a unique index that stands beside it.
drop index ix_facility_contacts_facility_id;
drop index ix_facility_coordinates_facility_id;
drop index ix_facility_gbv_categories_facility_id;
drop index ix_facility_infrastructure_facility_id;
drop index ix_facility_owners_facility_id;
drop index ix_facility_services_facility_id;
