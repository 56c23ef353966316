"""The SQL of the quality dashboard: what the records of a run score in each dimension, by source, county and kind; their issues; runs over time.

Everything is cut off here at what the reader may see: rows that the reader may know of are counted, and only those seen whole are scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import _RECORDS, RecordFilter, Scope, for_scope  # the records of a run with how much of each is shown
from gvrc.store.tables import QUALITY_DIMENSIONS

DIMENSIONS = QUALITY_DIMENSIONS
_IS_SCORED = "x.shown = 'all' AND x.state <> 'rejected'"
_SCORED = f"""
    SELECT x.record_id, x.county_code, x.state, x.run, CASE WHEN x.shown IN ('all', 'area') THEN x.source END AS source,
        CASE WHEN x.shown <> 'line' THEN x.facility_type END AS facility_type, CASE WHEN {_IS_SCORED} THEN x.quality_score END AS total,
        {", ".join(f"CASE WHEN {_IS_SCORED} THEN x.{name} END AS {name}" for name in DIMENSIONS)}
    FROM ({{records}}) x WHERE {{where}}
"""  # noqa: S608 (fragments of this module)
_SUMS = ", ".join(f"coalesce(sum(s.{name}), 0) AS {name}, count(s.{name}) AS n_{name}, count(*) FILTER (WHERE s.{name} < :target_{name}) AS weak_{name}" for name in DIMENSIONS)
_OF_THE_RUN = "i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)"
_ONE_RUN = _RECORDS.replace("SELECT r.*,", "SELECT r.*, rf.run_id AS run,")
_MANY_RUNS = _ONE_RUN.replace("rf.run_id = :run_id", "rf.run_id = ANY(:run_ids)")


def cells(conn: Connection, scope: Scope, run_id: int, targets: Mapping[str, float]) -> list[Row[Any]]:
    """The records of a run by source, county, kind of place and state (each None: not known, or not shown): how many, how many of them are scored, the sum
    of their quality scores, and per dimension the sum, how many have it and how many are below target. A few thousand rows however large the run is, of
    which every filter and cut can be added up."""
    scored = _SCORED.format(records=_ONE_RUN, where=RecordFilter().where())
    query = text(for_scope(scope, f"""
        SELECT s.source, s.county_code, s.facility_type, s.state, count(*) AS records, count(s.total) AS scored, coalesce(sum(s.total), 0) AS total, {_SUMS}
        FROM ({scored}) s GROUP BY 1, 2, 3, 4
    """))  # noqa: S608
    values = {f"target_{name}": target for name, target in targets.items()}
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters() | RecordFilter().parameters() | values))


def issue_cells(conn: Connection, scope: Scope, run_id: int) -> list[Row[Any]]:
    """Open issues by source, county, kind of place and kind of issue: on how many records, and what mending all of them would add to their quality scores."""
    query = text(for_scope(scope, f"""
        SELECT each.source, each.county_code, each.facility_type, each.code, count(*) AS records, coalesce(sum(each.points), 0) AS points FROM (
            SELECT x.source, x.county_code, x.facility_type, i.code, i.record_id, sum(i.points) AS points
            FROM ({_RECORDS}) x JOIN staging.issues i USING (record_id) WHERE {_OF_THE_RUN} AND i.state = 'open' AND x.shown = 'all' GROUP BY 1, 2, 3, 4, 5
        ) each GROUP BY 1, 2, 3, 4
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters()))


def worst_ids(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter, *, limit: int) -> list[int]:
    """The records of a filter with the lowest quality scores, the worst first."""
    query = text(for_scope(scope, f"""
        SELECT x.record_id FROM ({_RECORDS}) x WHERE x.shown = 'all' AND x.state <> 'rejected' AND x.quality_score IS NOT NULL AND {chosen.where()}
        ORDER BY x.quality_score, x.record_id LIMIT :limit
    """))  # noqa: S608
    return [row.record_id for row in conn.execute(query, {"run_id": run_id, "limit": limit} | scope.parameters() | chosen.parameters())]


def work_cells(conn: Connection, scope: Scope, run_id: int) -> list[Row[Any]]:
    """The open issues of a run by source, county, kind of place and kind of issue, apart those that ask a person and those with a suggestion: how many,
    the points to gain, and a number for each different suggestion, so that those of several cells can be told apart."""
    query = text(for_scope(scope, f"""
        SELECT each.source, each.county_code, each.facility_type, each.code, each.asks, each.is_suggested, sum(each.n)::bigint AS n,
            coalesce(sum(each.points), 0) AS points, array_agg(each.suggestion) FILTER (WHERE each.suggestion IS NOT NULL) AS suggestions
        FROM (
            SELECT x.source, x.county_code, x.facility_type, i.code, i.asks, i.suggestion IS NOT NULL AS is_suggested,
                CASE WHEN i.asks AND i.suggestion IS NOT NULL THEN hashtextextended(concat_ws(chr(31), i.field_name, i.suggestion -> 'shown'), 0) END AS suggestion,
                count(*) AS n, sum(i.points) AS points
            FROM staging.issues i JOIN ({_RECORDS}) x USING (record_id)
            WHERE {_OF_THE_RUN} AND i.state = 'open' AND {_IS_SCORED} GROUP BY 1, 2, 3, 4, 5, 6, 7
        ) each GROUP BY 1, 2, 3, 4, 5, 6
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters()))


def open_duplicates(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter) -> tuple[int, float]:
    """Open questions about two records of a filter of which the reader sees both whole, and what their records lack in uniqueness, as points."""
    query = text(for_scope(scope, f"""
        WITH pairs AS MATERIALIZED (
            SELECT m.left_record_id, m.right_record_id FROM staging.match_results m WHERE m.run_id = :run_id AND m.is_open
        ), seen AS MATERIALIZED (
            SELECT x.record_id, (100 - x.uniqueness) AS lost, {chosen.where()} AS is_chosen FROM ({_RECORDS}) x
            WHERE x.shown = 'all' AND x.record_id IN (SELECT left_record_id FROM pairs UNION ALL SELECT right_record_id FROM pairs)
        ), shown AS (
            SELECT p.* FROM pairs p LEFT JOIN seen l ON l.record_id = p.left_record_id LEFT JOIN seen r ON r.record_id = p.right_record_id
            WHERE (p.left_record_id IS NULL OR l.record_id IS NOT NULL) AND (p.right_record_id IS NULL OR r.record_id IS NOT NULL) AND (l.is_chosen OR r.is_chosen)
        )
        SELECT (SELECT count(*) FROM shown) AS pairs, coalesce((
            SELECT sum(seen.lost * part.weight) FROM seen JOIN staging.records own USING (record_id) CROSS JOIN LATERAL
                jsonb_to_recordset(own.quality_parts) AS part (dimension text, weight float8)
            WHERE part.dimension = 'uniqueness' AND seen.is_chosen
                AND seen.record_id IN (SELECT left_record_id FROM shown UNION SELECT right_record_id FROM shown)), 0) AS points
    """))  # noqa: S608
    row = conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()).one()
    return row.pairs, row.points


def answer_pace(conn: Connection, *, at_least: int, last: int) -> dict[str, float]:
    """The middle of the seconds that people took for their `last` answers, by kind of question, where there are `at_least` so many."""
    query = text("""
        SELECT kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds_taken) AS seconds FROM (
            SELECT kind, seconds_taken, row_number() OVER (PARTITION BY kind ORDER BY decision_id DESC) AS n FROM staging.decisions
            WHERE seconds_taken > 0 AND answer <> 'undone'
        ) d WHERE n <= :last GROUP BY kind HAVING count(*) >= :at_least
    """)
    return {row.kind: row.seconds for row in conn.execute(query, {"at_least": at_least, "last": last})}


def findings(conn: Connection, run_id: int, audience: str) -> list[Row[Any]]:
    """What was unusual about a run, for an audience, by source."""
    query = text("SELECT * FROM ops.findings WHERE run_id = :run_id AND audience = :audience ORDER BY source, finding_id")
    return list(conn.execute(query, {"run_id": run_id, "audience": audience}))


def answers_since(conn: Connection, run_id: int, session_id: str | None) -> int:
    """Answers that one session gave in a run and that still hold."""
    query = text("""
        SELECT count(*) FROM staging.decisions WHERE run_id = :run_id AND session_id = :session_id AND replaced_at IS NULL AND answer <> 'undone'
    """)
    return int(conn.execute(query, {"run_id": run_id, "session_id": session_id}).scalar_one())


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
    query = text(for_scope(scope, f"SELECT s.run AS run_id, {', '.join(f'avg(s.{name}) AS {name}' for name in names)} FROM ({scored}) s GROUP BY 1"))  # noqa: S608
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
    query = text(for_scope(scope, f"""
        SELECT x.record_id, x.shown = 'all' AS is_whole FROM ({_RECORDS}) x WHERE x.source = :source ORDER BY is_whole, x.record_id LIMIT :limit
    """))  # noqa: S608
    rows = list(conn.execute(query, {"run_id": run_id, "source": source, "limit": limit} | scope.parameters()))
    return [row.record_id for row in rows if row.is_whole], all(row.is_whole for row in rows)
