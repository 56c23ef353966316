"""The SQL of one run's details: with what it was made, and who answered in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text


def setup_row(conn: Connection, run_id: int) -> Row[Any] | None:
    """The versions, settings and thresholds a run was made with; None when there is no such run."""
    query = text("""
        SELECT run_id, stop_after, code_version, reference_version, settings_hash, thresholds, peak_memory_mb, worker, started_at, ended_at
        FROM ops.etl_runs WHERE run_id = :run_id
    """)
    return conn.execute(query, {"run_id": run_id}).one_or_none()


def staged_records(conn: Connection, run_ids: Sequence[int]) -> int:
    """How many records were read from the files of these runs."""
    query = text("""
        SELECT coalesce(sum(records), 0) FROM staging.source_files
        WHERE file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = ANY(:run_ids))
    """)
    return int(conn.execute(query, {"run_ids": list(run_ids)}).scalar_one()) if run_ids else 0


def answers_by_person(conn: Connection, run_id: int) -> list[Row[Any]]:
    """How many answers that still stand each person gave in a run, and when the last of them."""
    query = text("""
        SELECT decided_by, count(*) AS n, count(*) FILTER (WHERE kind = 'duplicate') AS pairs, max(decided_at) AS newest FROM staging.decisions
        WHERE run_id = :run_id AND replaced_at IS NULL AND answer <> 'undone' GROUP BY 1 ORDER BY n DESC, decided_by
    """)
    return list(conn.execute(query, {"run_id": run_id}))


def corrected_since_duplicates(conn: Connection, run_id: int, fields: Collection[str]) -> int:
    """Of how many records people corrected one of these fields after the run had looked for duplicates."""
    query = text("""
        SELECT count(DISTINCT record_key) FROM staging.decisions, unnest(record_keys) AS record_key
        WHERE run_id = :run_id AND replaced_at IS NULL AND answer IN ('accept', 'correct') AND kind = 'issue' AND field_name = ANY(:fields)
        AND decided_at > (SELECT ended_at FROM ops.stage_reports WHERE run_id = :run_id AND stage = 'dedupe')
    """)
    return int(conn.execute(query, {"run_id": run_id, "fields": sorted(fields)}).scalar_one())
