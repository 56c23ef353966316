"""The SQL of the quality dashboard: what the records of a run score in each dimension, by source, county and kind; their issues; runs over time.

Everything is cut off here at what the reader may see: rows that the reader may know of are counted, and only those seen whole are scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import _RECORDS, RecordFilter, Scope  # the records of a run with how much of each is shown

DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness", "uniqueness")
_SCORED = f"""
    SELECT x.record_id, x.county_code, x.state, x.run, CASE WHEN x.shown IN ('all', 'area') THEN x.source END AS source,
        CASE WHEN x.shown <> 'line' THEN x.facility_type END AS facility_type,
        CASE WHEN x.shown = 'all' AND x.state <> 'rejected' THEN x.quality_score END AS total, q.*
    FROM ({{records}}) x LEFT JOIN LATERAL (
        SELECT {", ".join(f"max(part.value) FILTER (WHERE part.dimension = '{name}') AS {name}" for name in DIMENSIONS)}
        FROM jsonb_to_recordset(x.quality_parts) AS part (dimension text, value float8) WHERE x.shown = 'all' AND x.state <> 'rejected'
    ) q ON true WHERE {{where}}
"""  # noqa: S608 (fragments of this module)
_MEANS = ", ".join(f"avg(s.{name}) AS {name}, count(*) FILTER (WHERE s.{name} < :target_{name}) AS weak_{name}" for name in DIMENSIONS)
_ONE_RUN = _RECORDS.replace("SELECT r.*,", "SELECT r.*, rf.run_id AS run,")
_MANY_RUNS = _ONE_RUN.replace("rf.run_id = :run_id", "rf.run_id = ANY(:run_ids)")


def means(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter, targets: Mapping[str, float]) -> list[Row[Any]]:
    """The records of a filter, and the mean and the number below target of each dimension: for all (`cut` is `run`), and by source, county and
    kind of place (`code` names which; None: not known)."""
    scored = _SCORED.format(records=_ONE_RUN, where=chosen.where())
    query = text(f"""
        SELECT CASE WHEN grouping(s.source) = 0 THEN 'source' WHEN grouping(s.county_code) = 0 THEN 'county'
                WHEN grouping(s.facility_type) = 0 THEN 'kind' ELSE 'run' END AS cut,
            coalesce(s.source, s.county_code, s.facility_type) AS code, count(*) AS records, count(s.total) AS scored, avg(s.total) AS total, {_MEANS}
        FROM ({scored}) s GROUP BY GROUPING SETS ((), (s.source), (s.county_code), (s.facility_type))
        ORDER BY 1, 3 DESC, 2
    """)  # noqa: S608
    values = {f"target_{name}": target for name, target in targets.items()}
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters() | values))


def state_counts(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter) -> dict[str, int]:
    """How many records of a filter are in which state."""
    query = text(f"SELECT x.state, count(*) AS n FROM ({_RECORDS}) x WHERE {chosen.where()} GROUP BY 1")  # noqa: S608
    rows = conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters())
    return {row.state: row.n for row in rows}


def issue_counts(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter) -> list[Row[Any]]:
    """Open issues by kind: on how many records of a filter, and what mending all of them would add to their quality scores."""
    query = text(f"""
        SELECT i.code, count(DISTINCT i.record_id) AS records, coalesce(sum(i.points), 0) AS points FROM staging.issues i
        JOIN ({_RECORDS}) x USING (record_id) WHERE i.state = 'open' AND x.shown = 'all' AND {chosen.where()} GROUP BY 1 ORDER BY 2 DESC, 1
    """)  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()))


def worst_ids(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter, *, limit: int) -> list[int]:
    """The records of a filter with the lowest quality scores, the worst first."""
    query = text(f"""
        SELECT x.record_id FROM ({_RECORDS}) x WHERE x.shown = 'all' AND x.state <> 'rejected' AND x.quality_score IS NOT NULL AND {chosen.where()}
        ORDER BY x.quality_score, x.record_id LIMIT :limit
    """)  # noqa: S608
    return [row.record_id for row in conn.execute(query, {"run_id": run_id, "limit": limit} | scope.parameters() | chosen.parameters())]


# ------------------------------------------------------------------------------------------------------------------------ over time


def finished_runs(conn: Connection, *, limit: int) -> list[Row[Any]]:
    """The last finished runs, the oldest first."""
    query = text("SELECT run_id, ended_at FROM ops.etl_runs WHERE status = 'done' AND ended_at IS NOT NULL ORDER BY run_id DESC LIMIT :limit")
    return list(conn.execute(query, {"limit": limit}))[::-1]


def snapshots(conn: Connection, run_ids: Sequence[int], scope_name: str, scope_key: str) -> dict[int, dict[str, float]]:
    """The means that runs ended with, for the whole run, a source or a county: by run and dimension. For readers who see every row."""
    query = text("SELECT run_id, dimensions FROM ops.quality_snapshots WHERE run_id = ANY(:ids) AND scope = :scope AND scope_key = :key")
    return {row.run_id: row.dimensions for row in conn.execute(query, {"ids": list(run_ids), "scope": scope_name, "key": scope_key})}


def run_means(conn: Connection, scope: Scope, run_ids: Sequence[int], chosen: RecordFilter) -> dict[int, dict[str, float]]:
    """The same from the records themselves as they stand now, for what a snapshot does not hold or would tell too much of."""
    scored = _SCORED.format(records=_MANY_RUNS, where=chosen.where())
    names = (*DIMENSIONS, "total")
    query = text(f"SELECT s.run AS run_id, {', '.join(f'avg(s.{name}) AS {name}' for name in names)} FROM ({scored}) s GROUP BY 1")  # noqa: S608
    rows = conn.execute(query, {"run_ids": list(run_ids)} | scope.parameters() | chosen.parameters())
    return {row.run_id: {name: round(getattr(row, name), 2) for name in names if getattr(row, name) is not None} for row in rows}


# ------------------------------------------------------------------------------------------------------------------------ profiles


def profile_of(conn: Connection, run_id: int, source: str) -> dict[str, Any] | None:
    """The profile that was kept of a source in a run."""
    query = text("SELECT profile FROM ops.profiles WHERE run_id = :run_id AND source = :source")
    found: dict[str, Any] | None = conn.execute(query, {"run_id": run_id, "source": source}).scalar_one_or_none()
    return found


def whole_ids(conn: Connection, scope: Scope, run_id: int, source: str, *, limit: int) -> tuple[list[int], bool]:
    """Records of a source in a run that the reader sees whole, at most `limit`; and whether these are all there are of it."""
    query = text(f"""
        SELECT x.record_id, x.shown = 'all' AS is_whole FROM ({_RECORDS}) x WHERE x.source = :source ORDER BY is_whole, x.record_id LIMIT :limit
    """)  # noqa: S608
    rows = list(conn.execute(query, {"run_id": run_id, "source": source, "limit": limit} | scope.parameters()))
    return [row.record_id for row in rows if row.is_whole], all(row.is_whole for row in rows)
