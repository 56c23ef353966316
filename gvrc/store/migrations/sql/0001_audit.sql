-- The audit: written by triggers for every statement that changes the registry, chained by hash, never changed.
--
-- `offset 0` keeps the planner from computing a row's JSON again for every key it is asked for.
--
-- audit_change() runs once per statement, with security definer, so that the application's role needs no right on the trail. Its arguments:
--   0  the table's key columns
--   1  the column that names the facility, or ''
--   2  columns that are not recorded: a change of these alone is no change
--   3  columns whose change is recorded and whose value is not

set local search_path = public;

create function audit_row_hash(
    audit_id bigint, table_name text, record_id text, operation text, old_values jsonb, new_values jsonb,
    changed_by text, changed_at timestamptz, session_id text, run_id bigint, reason text, facility_id bigint
) returns bytea language sql stable parallel safe set search_path = pg_catalog as $$
    select sha256(convert_to(jsonb_build_array(
        $1, $2, $3, $4, $5, $6, $7, (extract(epoch from $8) * 1000000)::bigint, $9, $10, $11, $12
    )::text, 'UTF8'))
$$;

create function audit_chain_hash(previous_hash bytea, rows_hash bytea, first_audit_id bigint, last_audit_id bigint, row_count bigint, created_at timestamptz)
returns bytea language sql stable parallel safe set search_path = pg_catalog as $$
    select sha256($1 || $2 || convert_to(format('%s,%s,%s,%s', $3, $4, $5, (extract(epoch from $6) * 1000000)::bigint), 'UTF8'))
$$;

create function audit_values(row_values jsonb, concealed text[]) returns jsonb language sql immutable parallel safe set search_path = pg_catalog as $$
    select case
        when row_values ?| concealed then row_values || coalesce(
            (select jsonb_object_agg(name, 'concealed') from unnest(concealed) name where jsonb_typeof(row_values -> name) <> 'null'), '{}')
        else row_values
    end
$$;

-- Writers of the registry line up here before they lock rows, so that two of them never wait for each other crosswise.
create function audit_line_up() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock(7203450001);
    return null;
end
$$;

create function audit_change() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    key_columns constant text[] := tg_argv[0];
    facility_column constant text := tg_argv[1];
    ignored constant text[] := tg_argv[2];
    concealed constant text[] := tg_argv[3];
    said_run constant text := nullif(current_setting('gvrc.run', true), '');
    changes text;
    something boolean;
    first_id bigint;
    last_id bigint;
    counted bigint;
    hashed bytea;
    previous bytea;
    linked_at timestamptz;
begin
    if tg_op = 'UPDATE' then
        execute 'select exists (select 1 from old_rows o full join new_rows n on ' || (
            select string_agg(format('o.%1$I = n.%1$I', k), ' and ') from unnest(key_columns) k
        ) || ' where to_jsonb(o) - $1 is distinct from to_jsonb(n) - $1)' into something using ignored;
        changes := 'select key, case when o.row is null then ''INSERT'' when n.row is null then ''DELETE'' else ''UPDATE'' end as operation,
                case when o.row is null or n.row is null then o.row else d.olds end as olds,
                case when o.row is null or n.row is null then n.row else d.news end as news, coalesce(n.row, o.row) as whole
            from (select ' || audit_key(key_columns) || ' as key, to_jsonb(r) - $1 as row from old_rows r offset 0) o
            full join (select ' || audit_key(key_columns) || ' as key, to_jsonb(r) - $1 as row from new_rows r offset 0) n using (key)
            left join lateral (
                select jsonb_object_agg(name, o.row -> name) as olds, jsonb_object_agg(name, n.row -> name) as news
                from jsonb_object_keys(n.row) name where o.row -> name is distinct from n.row -> name
            ) d on true
            where o.row is distinct from n.row';
    elsif tg_op = 'INSERT' then
        something := exists (select 1 from new_rows);
        changes := 'select ' || audit_key(key_columns) || ' as key, ''INSERT'' as operation, null::jsonb as olds, v.row as news, v.row as whole
            from new_rows r cross join lateral (select to_jsonb(r) - $1 as row offset 0) v';
    else
        something := exists (select 1 from old_rows);
        changes := 'select ' || audit_key(key_columns) || ' as key, ''DELETE'' as operation, v.row as olds, null::jsonb as news, v.row as whole
            from old_rows r cross join lateral (select to_jsonb(r) - $1 as row offset 0) v';
    end if;
    if not something then
        return null;
    end if;

    -- Under an older snapshot the end of the chain would not be seen and the chain would fork.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'the registry is written at isolation level read committed only' using errcode = 'invalid_transaction_state';
    end if;
    perform pg_advisory_xact_lock(7203450001);
    execute 'with changes as (' || changes || '), numbered as materialized (
            select nextval(''public.audit_trail_audit_id_seq'') as audit_id, key, operation, audit_values(olds, $2) as olds, audit_values(news, $2) as news,
                coalesce(nullif(current_setting(''gvrc.user'', true), ''''), session_user::text) as changed_by, clock_timestamp() as changed_at,
                nullif(current_setting(''gvrc.session'', true), '''') as session_id, $3 as run_id,
                nullif(current_setting(''gvrc.reason'', true), '''') as reason, (whole ->> nullif($4, ''''))::bigint as facility_id
            from changes
        ), written as (
            insert into public.audit_trail (audit_id, table_name, record_id, operation, old_values, new_values,
                changed_by, changed_at, session_id, run_id, reason, facility_id, row_hash)
            select audit_id, $5, key, operation, olds, news, changed_by, changed_at, session_id, run_id, reason, facility_id,
                public.audit_row_hash(audit_id, $5, key, operation, olds, news, changed_by, changed_at, session_id, run_id, reason, facility_id)
            from numbered
            returning audit_id, row_hash
        )
        select min(audit_id), max(audit_id), count(*), sha256(string_agg(row_hash, ''''::bytea order by audit_id)) from written'
    into first_id, last_id, counted, hashed
    using ignored, concealed, said_run::bigint, facility_column, tg_table_name::text;

    select chain_hash into previous from public.audit_chain order by chain_id desc limit 1;
    previous := coalesce(previous, decode(repeat('00', 32), 'hex'));
    linked_at := clock_timestamp();
    insert into public.audit_chain (first_audit_id, last_audit_id, row_count, rows_hash, previous_hash, chain_hash, created_at)
    values (first_id, last_id, counted, hashed, previous, public.audit_chain_hash(previous, hashed, first_id, last_id, counted, linked_at), linked_at);
    return null;
end
$$;

-- The text of an expression that names a row: its key, or its keys joined by a stroke.
create function audit_key(key_columns text[]) returns text language sql immutable parallel safe set search_path = pg_catalog as $$
    select 'concat_ws(''/'', ' || string_agg(format('r.%I', k), ', ' order by n) || ')' from unnest(key_columns) with ordinality as listed (k, n)
$$;

create function audit_only_grows() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    raise exception 'the audit is only ever added to' using errcode = 'insufficient_privilege';
end
$$;

create function audit_no_truncate() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    raise exception 'tables of the registry are not truncated: the audit could not tell what was in them' using errcode = 'insufficient_privilege';
end
$$;

-- Without the right to execute it nobody can hang this function on a table of his own and so write what never happened.
revoke execute on function audit_change(), audit_line_up() from public;

create trigger audit_only_grows before update or delete or truncate on audit_trail for each statement execute function audit_only_grows();
create trigger audit_only_grows before update or delete or truncate on audit_chain for each statement execute function audit_only_grows();

do $$
declare
    audited record;
begin
    for audited in
        select * from (values
            ('facilities',              '{facility_id}',               'facility_id',      '{}',                                             '{}',                       true),
            ('facility_contacts',       '{contact_id}',                'facility_id',      '{}',                                             '{}',                       true),
            ('facility_services',       '{facility_service_id}',       'facility_id',      '{}',                                             '{}',                       true),
            ('facility_coordinates',    '{coordinate_id}',             'facility_id',      '{}',                                             '{}',                       true),
            ('facility_owners',         '{facility_owner_id}',         'facility_id',      '{}',                                             '{}',                       true),
            ('facility_infrastructure', '{facility_infrastructure_id}','facility_id',      '{}',                                             '{}',                       true),
            ('facility_gbv_categories', '{facility_gbv_category_id}',  'facility_id',      '{}',                                             '{}',                       true),
            ('facility_redirects',      '{redirect_id}',               'from_facility_id', '{}',                                             '{}',                       true),
            ('facility_relations',      '{relation_id}',               'facility_id',      '{}',                                             '{}',                       true),
            ('facility_sources',        '{facility_source_id}',        'facility_id',      '{last_seen}',                                    '{}',                       true),
            ('commits',                 '{commit_id}',                 '',                 '{counts,status,ended_at}',                       '{}',                       false),
            ('users',                   '{user_id}',                   '',                 '{failed_sign_ins,last_sign_in_at,updated_at}',   '{password_hash,email}',    false),
            ('roles',                   '{role}',                      '',                 '{}',                                             '{}',                       false),
            ('role_permissions',        '{role,permission}',           '',                 '{}',                                             '{}',                       false),
            ('api_tokens',              '{token_id}',                  '',                 '{last_used_at}',                                 '{token_hash}',             false),
            ('counties',                '{county_id}',                 '',                 '{}',                                             '{}',                       false),
            ('constituencies',          '{constituency_id}',           '',                 '{}',                                             '{}',                       false),
            ('wards',                   '{ward_id}',                   '',                 '{}',                                             '{}',                       false),
            ('operational_statuses',    '{operational_status_id}',     '',                 '{}',                                             '{}',                       false),
            ('contact_types',           '{contact_type_id}',           '',                 '{}',                                             '{}',                       false),
            ('service_categories',      '{service_category_id}',       '',                 '{}',                                             '{}',                       false),
            ('owner_types',             '{owner_type_id}',             '',                 '{}',                                             '{}',                       false),
            ('gbv_categories',          '{gbv_category_id}',           '',                 '{}',                                             '{}',                       false),
            ('infrastructure_types',    '{infrastructure_type_id}',    '',                 '{}',                                             '{}',                       false),
            ('condition_statuses',      '{condition_status_id}',       '',                 '{}',                                             '{}',                       false),
            ('facility_types',          '{facility_type_id}',          '',                 '{last_number}',                                  '{}',                       false),
            -- A vault row that nothing refers to is inert, and what refers to it is audited: insertions stay fast. New wrapping is rotation.
            ('vault',                   '{vault_id}',                  '',                 '{wrapped_key,key_id}',                           '{ciphertext,blind_index}', false)
        ) as listed (name, keys, facility, ignored, concealed, lines_up)
    loop
        if audited.name <> 'vault' then
            execute format('create trigger audit_insert after insert on %I referencing new table as new_rows for each statement execute function audit_change(%L, %L, %L, %L)',
                audited.name, audited.keys, audited.facility, audited.ignored, audited.concealed);
        end if;
        execute format('create trigger audit_update after update on %I referencing old table as old_rows new table as new_rows for each statement execute function audit_change(%L, %L, %L, %L)',
            audited.name, audited.keys, audited.facility, audited.ignored, audited.concealed);
        execute format('create trigger audit_delete after delete on %I referencing old table as old_rows for each statement execute function audit_change(%L, %L, %L, %L)',
            audited.name, audited.keys, audited.facility, audited.ignored, audited.concealed);
        execute format('create trigger audit_truncate before truncate on %I for each statement execute function audit_no_truncate()', audited.name);
        if audited.lines_up then
            execute format('create trigger audit_line_up before insert or update or delete on %I for each statement execute function audit_line_up()', audited.name);
        end if;
    end loop;
end
$$;
