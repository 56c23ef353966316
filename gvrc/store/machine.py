"""How the machine is doing, as the database knows it: runs and what they came to, observations, queues, slow queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from gvrc.store.runs import INTERRUPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatistics:
    """What all runs came to. Times are those at which a run ended; seconds are those spent in stages."""

    total_records_processed: int
    total_duration_seconds: float
    last_success: datetime | None
    last_failure: datetime | None
    last_failure_reason: str | None
    run_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen at some time, and kept because looking costs much: `status` is ok, warning or failed."""

    status: str
    detail: str
    hint: str
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowQuery:
    """One statement without its values: how often it ran, how long it took (milliseconds on average and at most, seconds altogether), its rows."""

    query: str
    calls: int
    mean_ms: float
    max_ms: float
    total_seconds: float
    rows: int


def run_statistics(conn: Connection, silent_seconds: float) -> RunStatistics:
    """Over every run that began. A run that goes on counts with what it has done so far; one that says so and has been silent for longer than this is a
    failure, whether or not anybody has noticed it yet. A failure stays the last one when its run was resumed since and came to a good end."""
    row = conn.execute(text("""
        SELECT coalesce(sum(CASE WHEN r.status = 'done' THEN r.records_processed ELSE greatest(r.records_processed, coalesce(s.processed, 0)) END), 0)::bigint
                AS total_records_processed,
            coalesce(sum(s.seconds), 0)::float8 AS total_duration_seconds, max(r.ended_at) FILTER (WHERE r.status = 'done') AS last_success, count(*) AS run_count
        FROM ops.etl_runs r LEFT JOIN (
            SELECT run_id, sum(seconds) AS seconds, max(rows_in) FILTER (WHERE stage = 'validate') AS processed FROM ops.stage_reports GROUP BY run_id) s USING (run_id)
        WHERE r.started_at IS NOT NULL
    """)).one()
    failed = conn.execute(_LAST_FAILURE, {"silent": silent_seconds, "silence": " ".join(INTERRUPTED)}).one_or_none()
    return RunStatistics(**row._mapping, last_failure=failed.at if failed else None, last_failure_reason=(failed.reason or None) if failed else None)


_IS_SILENT = "status IN ('running', 'stopping') AND heartbeat_at < clock_timestamp() - make_interval(secs => :silent)"
_LAST_FAILURE = text(f"""
    SELECT CASE WHEN {_IS_SILENT} THEN heartbeat_at ELSE failed_at END AS at, CASE WHEN {_IS_SILENT} THEN :silence ELSE failure END AS reason
    FROM ops.etl_runs WHERE (failed_at IS NOT NULL OR {_IS_SILENT}) AND started_at IS NOT NULL ORDER BY 1 DESC LIMIT 1
""")  # noqa: S608 (text of ours)


def last_run(conn: Connection, silent_seconds: float) -> Row[Any] | None:
    """The run that moved last: run_id, status, at, error, is_silent (it says that it lives and has been silent for longer than this)."""
    query = text(f"""
        SELECT run_id, status, coalesce(ended_at, heartbeat_at, started_at, created_at) AS at, error, coalesce({_IS_SILENT}, false) AS is_silent FROM ops.etl_runs
        ORDER BY coalesce(ended_at, heartbeat_at, started_at, created_at) DESC LIMIT 1
    """)  # noqa: S608 (text of ours)
    return conn.execute(query, {"silent": silent_seconds}).one_or_none()


def keep_observation(conn: Connection, name: str, status: str, detail: str, hint: str = "") -> None:
    """Replaces what was observed under this name before."""
    conn.execute(
        text("""
            INSERT INTO ops.observations (name, status, detail, hint, observed_at) VALUES (:name, :status, :detail, :hint, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET status = excluded.status, detail = excluded.detail, hint = excluded.hint, observed_at = excluded.observed_at
        """),
        {"name": name, "status": status, "detail": detail, "hint": hint},
    )


def observation(conn: Connection, name: str) -> Observation | None:
    """What was observed last under this name."""
    row = conn.execute(text("SELECT status, detail, hint, observed_at FROM ops.observations WHERE name = :name"), {"name": name}).one_or_none()
    return Observation(**row._mapping) if row else None


def count_more(conn: Connection, name: str, number: int) -> None:
    """Adds to what all processes count together under this name."""
    conn.execute(
        text("INSERT INTO ops.counters (name, total) VALUES (:name, :number) ON CONFLICT (name) DO UPDATE SET total = counters.total + excluded.total"),
        {"name": name, "number": number},
    )


def last_backup(conn: Connection) -> tuple[datetime | None, bool]:
    """When the last backup was made, and whether anything is committed that a backup should hold."""
    row = conn.execute(text("SELECT (SELECT max(created_at) FROM ops.backups) AS made_at, EXISTS (SELECT 1 FROM facilities) AS is_needed")).one()
    return row.made_at, bool(row.is_needed)


RETRIES = "database retries"

MEASURES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "gvrc_stage_rows_total": ("Rows that went into and came out of each stage, over all runs", ("stage", "direction"), """
        SELECT stage, direction, sum(n)::float8 FROM ops.stage_reports CROSS JOIN LATERAL (VALUES ('in', rows_in), ('out', rows_out)) AS v (direction, n) GROUP BY 1, 2"""),
    "gvrc_stage_seconds_total": ("Seconds spent in each stage, over all runs", ("stage",), """
        SELECT stage, sum(seconds)::float8 FROM ops.stage_reports GROUP BY 1"""),
    "gvrc_run_records_total": ("Records by what became of them, as each run's receipt counted them", ("outcome",), """
        SELECT outcome, sum(coalesce((summary ->> outcome)::bigint, 0))::float8 FROM ops.etl_runs
        CROSS JOIN unnest(ARRAY['ready', 'to_review', 'held', 'dead_letters', 'waiting', 'rejected']) AS outcome GROUP BY 1"""),
    "gvrc_runs": ("Runs by state", ("status",), "SELECT status, count(*)::float8 FROM ops.etl_runs GROUP BY 1"),
    "gvrc_run_peak_memory_megabytes": ("Largest memory of a worker among the last ten runs", (), """
        SELECT coalesce(max(peak_memory_mb), 0)::float8 FROM (SELECT peak_memory_mb FROM ops.etl_runs ORDER BY run_id DESC LIMIT 10) AS newest"""),
    "gvrc_queue_length": ("What waits: for a person, for a replay, for a worker", ("queue",), """
        SELECT 'duplicates', count(*)::float8 FROM staging.match_results WHERE is_open
        UNION ALL SELECT 'issues', count(*)::float8 FROM staging.issues WHERE asks AND state = 'open'
        UNION ALL SELECT 'dead_letters', count(*)::float8 FROM staging.dead_letters WHERE state = 'open'
        UNION ALL SELECT 'runs', count(*)::float8 FROM ops.etl_runs WHERE status = 'queued'"""),
    "gvrc_decisions_total": ("Answers of stewards", ("kind", "answer"), "SELECT kind, answer, count(*)::float8 FROM staging.decisions GROUP BY 1, 2"),
    "gvrc_database_retries_total": ("Times that work on the database was done again after a lost connection, a deadlock or the like, and then succeeded", (), """
        SELECT coalesce(sum(total), 0)::float8 FROM ops.counters WHERE name = 'database retries'"""),
    "gvrc_commits_total": ("Commits by how they ended", ("status",), "SELECT status, count(*)::float8 FROM commits GROUP BY 1"),
    "gvrc_commit_batches_total": ("Batches that commits wrote", (), "SELECT coalesce(sum((counts ->> 'batches')::bigint), 0)::float8 FROM commits"),
    "gvrc_commit_facilities_total": ("Facilities that commits wrote", ("outcome",), """
        SELECT outcome, sum(coalesce((counts ->> outcome)::bigint, 0))::float8 FROM commits
        CROSS JOIN unnest(ARRAY['added', 'changed', 'merged', 'unchanged']) AS outcome GROUP BY 1"""),
    "gvrc_facilities": ("Facilities in the registry, about", (), "SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'public.facilities'::regclass"),
    "gvrc_quality_score": ("Mean quality score of each source in its last run", ("source",), """
        SELECT DISTINCT ON (scope_key) scope_key, (dimensions ->> 'total')::float8 FROM ops.quality_snapshots
        WHERE scope = 'source' AND dimensions ? 'total' ORDER BY scope_key, run_id DESC"""),
    "gvrc_alerts_total": ("Alerts by rule", ("rule",), "SELECT rule, count(*)::float8 FROM ops.alerts GROUP BY 1"),
    "gvrc_alerts_undelivered": ("Alerts that could not be delivered yet", (), "SELECT count(*)::float8 FROM ops.alerts WHERE delivered_at IS NULL AND tries > 0"),
    "gvrc_schedule_last_run_timestamp_seconds": ("When each scheduled source was pulled last", ("source",), """
        SELECT source, extract(epoch FROM last_started_at)::float8 FROM ops.schedules WHERE last_started_at IS NOT NULL"""),
    "gvrc_observation_age_seconds": ("Age of what the scheduler and the doctor saw last", ("name",), """
        SELECT name, extract(epoch FROM clock_timestamp() - observed_at)::float8 FROM ops.observations"""),
    "gvrc_observation_ok": ("1 when it was in order", ("name",), "SELECT name, (status = 'ok')::int::float8 FROM ops.observations"),
    "gvrc_backup_age_seconds": ("Age of the last backup; absent while there is none", (), """
        SELECT extract(epoch FROM clock_timestamp() - max(created_at))::float8 FROM ops.backups HAVING max(created_at) IS NOT NULL"""),
    "gvrc_refused_access_total": ("Refused attempts on record", (), "SELECT count(*)::float8 FROM ops.access_log WHERE result = 'refused'"),
}
"""Metric → what it tells, its labels, and the query whose rows are the labels and the value."""


def measure(conn: Connection) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    """Every measure with its values by label."""
    found = {}
    for name, (_help, _labels, query) in MEASURES.items():
        found[name] = [(tuple(str(part) for part in row[:-1]), float(row[-1] or 0.0)) for row in conn.execute(text(query))]
    return found


def slow_queries(conn: Connection, limit: int = 20) -> list[SlowQuery] | None:
    """The statements of this database that took most time since the server's statistics began. Only those whose values the server replaces by
    placeholders: a utility statement may hold a password. None when pg_stat_statements is not there or not loaded."""
    if not conn.execute(text("SELECT to_regclass('pg_stat_statements') IS NOT NULL AND to_regclass('pg_stat_statements_info') IS NOT NULL")).scalar_one():
        return None
    try:
        with conn.begin_nested():  # the extension may be there and its library not loaded
            found = conn.execute(_SLOW_QUERIES, {"limit": limit}).all()
    except DBAPIError:
        return None
    return [SlowQuery(**row._mapping) for row in found]


_SLOW_QUERIES = text(r"""
    SELECT left(regexp_replace(query, '\s+', ' ', 'g'), 300) AS query, calls, mean_exec_time AS mean_ms, max_exec_time AS max_ms,
        total_exec_time / 1000 AS total_seconds, rows
    FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
    WHERE d.datname = current_database() AND query ~* '^\s*(select|insert|update|delete|merge|with)\M' ORDER BY total_exec_time DESC LIMIT :limit
""")
