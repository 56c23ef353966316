"""The SQL of what was set aside: rows that could not be processed, and records that the registry refused.

How much of each a reader sees is told by the record it stands for; what never became a record, or whose place is not all for the reader's
eyes, counts as withheld. The error of a refused place tells of every record of that place, so it is shown with all of them only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import SHOWN, Scope  # how much of a record `r` is shown

_LETTERS = f"""
    SELECT d.dead_letter_id, d.stage, d.tries, d.state, d.created_at, d.updated_at, d.shown, d.is_refused,
        CASE WHEN d.shown = 'all' THEN f.name END AS file_name, CASE WHEN d.shown = 'all' THEN d.pointer END AS pointer,
        CASE WHEN d.shown = 'all' THEN d.record_id END AS record_id,
        CASE WHEN d.shown = 'all' AND d.tells_all THEN d.error END AS error,
        d.shown = 'all' AND d.visibility = 'withheld' AS is_withheld,
        CASE WHEN d.state <> 'open' THEN 'written' WHEN d.is_refused THEN 'refused' ELSE 'unread' END AS kind
    FROM (
        SELECT l.*, l.stage = 'commit' AS is_refused, r.record_id, r.visibility, {SHOWN} AS shown, NOT EXISTS (
            SELECT 1 FROM jsonb_path_query(l.payload, '$.record_ids[*]') AS member (record_id)
            JOIN staging.records r ON r.record_id = member.record_id::bigint WHERE {SHOWN} <> 'all') AS tells_all
        FROM staging.dead_letters l LEFT JOIN staging.records r ON r.file_id = l.file_id AND r.pointer = l.pointer
        WHERE cast(:run_id AS bigint) IS NULL OR l.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
            OR (l.file_id IS NULL AND l.run_id = :run_id)
    ) d LEFT JOIN staging.source_files f USING (file_id) WHERE d.shown <> 'nothing'
"""  # noqa: S608 (fragments of this package)


def dead_letter_counts(conn: Connection, scope: Scope, run_id: int | None) -> dict[str, int]:
    """How many dead letters of a run (None: of all runs) the reader may know of: unread, refused (both wait), written after all."""
    query = text(f"SELECT x.kind, count(*) AS n FROM ({_LETTERS}) x GROUP BY 1")  # noqa: S608
    return {row.kind: row.n for row in conn.execute(query, {"run_id": run_id} | scope.parameters())}


def dead_letter_rows(conn: Connection, scope: Scope, run_id: int | None, kinds: Sequence[str], *, limit: int, offset: int) -> Sequence[Row[Any]]:
    """One page of the dead letters of a run (None: of all runs), of these kinds: those that wait first, the newest of each first."""
    query = text(f"""
        SELECT x.* FROM ({_LETTERS}) x WHERE x.kind = ANY(:kinds) ORDER BY (x.kind = 'written'), x.updated_at DESC, x.dead_letter_id DESC
        LIMIT :limit OFFSET :offset
    """)  # noqa: S608
    return conn.execute(query, {"run_id": run_id, "kinds": list(kinds), "limit": limit, "offset": offset} | scope.parameters()).all()
