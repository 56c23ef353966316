-- What the application's role may do. It owns nothing; nothing is given that the application does not need. Run at every upgrade.

set local search_path = public;

grant usage on schema public, staging, ops, warehouse to :app_role;
grant select on all tables in schema public, staging, ops, warehouse to :app_role;

grant insert, update, delete on
    facility_contacts, facility_services, facility_coordinates, facility_owners, facility_infrastructure, facility_gbv_categories,
    facility_relations, facility_sources, commits, api_tokens, user_sessions, setup_codes
to :app_role;

-- Facilities, redirects, people, vocabularies and personal values are never deleted: they are retired, merged, closed, erased.
grant insert, update on
    facilities, facility_redirects, change_requests, users, vault, vault_keys,
    operational_statuses, contact_types, service_categories, owner_types, gbv_categories, infrastructure_types, condition_statuses, facility_types
to :app_role;

-- What a facility said after a commit is written once.
grant insert on facility_versions to :app_role;

grant insert, update, delete on all tables in schema staging, ops to :app_role;
grant usage on all sequences in schema staging to :app_role;

-- Answers and thresholds are only ever added (a new one marks the old as replaced), and so is the list of who looked at what.
do $$
begin
    if :app_role_text <> current_user then
        revoke delete on staging.decisions from :app_role;
        revoke update, delete on ops.access_log from :app_role;
        revoke update, delete on ops.subject_requests from :app_role;
        revoke update, delete on ops.thresholds from :app_role;
        grant update (replaced_at) on ops.thresholds to :app_role;
        revoke update, delete on ops.scorers from :app_role;
        grant update (replaced_at) on ops.scorers to :app_role;
        revoke delete on staging.corrections from :app_role;
    end if;
end
$$;
