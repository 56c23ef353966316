-- Alerts that are delivered once per cool-down and acknowledged; the schedule of sources; what costly checks saw last.

set local search_path = public;

alter table ops.alerts
    add column subject text default '' not null,
    add column tries integer default 0 not null,
    add column delivered_at timestamp with time zone,
    add column acknowledged_at timestamp with time zone,
    add column acknowledged_by text;
create index ix_alerts_rule on ops.alerts (rule, subject, created_at);

create table ops.schedules (
    source text not null,
    cron varchar(100) not null,
    is_enabled boolean default true not null,
    next_run_at timestamp with time zone,
    last_started_at timestamp with time zone,
    last_ended_at timestamp with time zone,
    last_outcome varchar(20),
    last_detail text,
    last_run_id bigint,
    updated_by text not null,
    updated_at timestamp with time zone default now() not null,
    constraint pk_schedules primary key (source),
    constraint ck_schedules_outcome check (last_outcome in ('running', 'done', 'failed', 'busy'))
);

create table ops.observations (
    name varchar(50) not null,
    status varchar(10) not null,
    detail text not null,
    hint text not null,
    observed_at timestamp with time zone default now() not null,
    constraint pk_observations primary key (name),
    constraint ck_observations_status check (status in ('ok', 'warning', 'failed'))
);

create index ix_facility_sources_source on facility_sources (source, facility_id);
