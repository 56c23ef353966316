"""The SQL of the read models over staging: runs, records, questions. What a reader may not see is cut off here, in the database.

Every query takes the parameters of `Scope`: rows the reader may know nothing of are left out, before they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a reader may see, as the queries take it. `counties` None: everywhere."""

    sees_all: bool
    sees_trace: bool
    counties: tuple[str, ...] | None = None

    def parameters(self) -> dict[str, Any]:
        """The bind parameters of `shown_as`."""
        return {
            "sees_all": self.sees_all, "sees_trace": self.sees_trace, "everywhere": self.counties is None, "counties": list(self.counties or ()),
        }


def shown_as(visibility: str, county_code: str) -> str:
    """SQL: how much of a place is shown (all, area, line, trace, nothing), from the SQL of its visibility and of its county code.

    The matrix of sensitive places; `gvrc.views.sight` tells what each word lets through.
    """
    return f"""CASE WHEN {visibility} = 'public' THEN 'all'
        WHEN :sees_all AND (:everywhere OR {county_code} = ANY(:counties)) THEN 'all'
        WHEN {visibility} = 'ward_only' THEN 'area' WHEN {visibility} = 'office_line' THEN 'line'
        WHEN :sees_trace THEN 'trace' ELSE 'nothing' END"""


_EARLY_STAGES = "('extract', 'validate', 'transform', 'geomap')"
"""Stages after which the visibility of a record is not told yet: until then it counts as withheld."""
_TIER = f"CASE WHEN r.stage IN {_EARLY_STAGES} THEN 'withheld' ELSE r.visibility END"
_SHOWN = shown_as(_TIER, "r.county_code")

_RECORDS = f"""
    SELECT r.*, {_SHOWN} AS shown, f.name AS file_name FROM staging.records r
    JOIN staging.run_files rf USING (file_id) JOIN staging.source_files f USING (file_id) WHERE rf.run_id = :run_id
"""  # noqa: S608 (fragments of this module)

_STATES: Mapping[str, tuple[str, ...]] = {"ready": ("ready", "committed"), "held": ("held", "rejected")}
"""What a number of the receipt counts: committed records are ready ones, rejected ones are held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Which records of a run; what is None does not filter."""

    state: str | None = None
    issue_code: str | None = None
    source: str | None = None
    record_ids: Sequence[int] | None = None
    county: str | None = None
    facility_type: str | None = None
    weak: tuple[str, float] | None = None
    """A dimension of quality and its target: the records below it."""

    def where(self) -> str:
        """SQL over a row `x` of the run's records. A filter on what a row does not show does not find it."""
        clauses = ["x.shown <> 'nothing'"]
        if self.state is not None:
            clauses.append("x.state = ANY(:states)")
        if self.source is not None:
            clauses.append("x.shown IN ('all', 'area') AND x.source = :source")
        if self.issue_code is not None:
            clauses.append("""x.shown = 'all' AND EXISTS (
                SELECT 1 FROM staging.issues i WHERE i.record_id = x.record_id AND i.code = :issue_code AND i.state = 'open')""")
        if self.record_ids is not None:
            clauses.append("x.record_id = ANY(:record_ids)")
        return " AND ".join([*clauses, *self._narrower()])

    def _narrower(self) -> list[str]:
        clauses = {
            "county": "x.county_code = :county", "facility_type": "x.shown <> 'line' AND x.facility_type = :facility_type",
            "weak": """x.shown = 'all' AND x.state <> 'rejected' AND EXISTS (
                SELECT 1 FROM jsonb_to_recordset(x.quality_parts) AS part (dimension text, value float8)
                WHERE part.dimension = :weak_dimension AND part.value < :weak_target)""",
        }
        return [clause for name, clause in clauses.items() if getattr(self, name) is not None]

    def parameters(self) -> dict[str, Any]:
        states = [] if self.state is None else list(_STATES.get(self.state, (self.state,)))
        dimension, target = self.weak or (None, None)
        return {
            "states": states, "source": self.source, "issue_code": self.issue_code, "record_ids": list(self.record_ids or ()), "county": self.county,
            "facility_type": self.facility_type, "weak_dimension": dimension, "weak_target": target,
        }


def count_records(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter) -> int:
    """How many records of a run the reader may know of."""
    query = text(f"SELECT count(*) FROM ({_RECORDS}) x WHERE {chosen.where()}")  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()).scalar_one())


def record_rows(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter, *, limit: int, offset: int) -> list[Row[Any]]:
    """One page of a run's records in the order of their ids."""
    page = f"SELECT x.record_id FROM ({_RECORDS}) x WHERE {chosen.where()} ORDER BY x.record_id LIMIT :limit OFFSET :offset"  # noqa: S608
    query = text(f"SELECT x.* FROM ({_RECORDS}) x WHERE x.record_id = ANY(ARRAY({page})) ORDER BY x.record_id")  # noqa: S608
    values = {"run_id": run_id, "limit": limit, "offset": offset} | scope.parameters() | chosen.parameters()
    return list(conn.execute(query, values))


def file_records(conn: Connection, scope: Scope, run_id: int, file_id: int, *, after: int, limit: int) -> list[Row[Any]]:
    """The next records of one file of a run after row number `after`, in the order of the file."""
    query = text(f"""
        SELECT x.* FROM ({_RECORDS}) x WHERE x.shown <> 'nothing' AND x.file_id = :file_id AND x.row_number > :after
        ORDER BY x.row_number LIMIT :limit
    """)  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "file_id": file_id, "after": after, "limit": limit} | scope.parameters()))


def records_by_id(conn: Connection, scope: Scope, record_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Records by id, whatever run they belong to; those the reader may not know of are left out."""
    query = text(f"""
        SELECT r.*, {_SHOWN} AS shown, f.name AS file_name FROM staging.records r JOIN staging.source_files f USING (file_id)
        WHERE r.record_id = ANY(:record_ids) AND {_SHOWN} <> 'nothing'
    """)  # noqa: S608
    return {row.record_id: row for row in conn.execute(query, {"record_ids": list(record_ids)} | scope.parameters())}


# --------------------------------------------------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """What the reader may count of a run. `hidden` are records the reader may not know of, `visible` the others, per file id."""

    states: dict[str, int]
    hidden: dict[int, int]
    visible: dict[int, int]
    dead_letters: int
    issues: dict[str, int]
    quality: dict[str, float]
    pairs: int
    open_pairs: int


def run_counts(conn: Connection, scope: Scope, run_id: int) -> RunCounts:
    """Everything a receipt counts."""
    values = {"run_id": run_id} | scope.parameters()
    states: dict[str, int] = {}
    hidden: dict[int, int] = {}
    visible: dict[int, int] = {}
    for row in conn.execute(text(f"""
        SELECT x.file_id, x.state, x.shown = 'nothing' AS is_hidden, count(*) AS n FROM ({_RECORDS}) x GROUP BY 1, 2, 3
    """), values):  # noqa: S608
        if row.is_hidden:
            hidden[row.file_id] = hidden.get(row.file_id, 0) + row.n
        else:
            states[row.state] = states.get(row.state, 0) + row.n
            visible[row.file_id] = visible.get(row.file_id, 0) + row.n
    pairs = conn.execute(text(_for(scope, _PAIR_COUNTS)), values).one()
    return RunCounts(
        states=states, hidden=hidden, visible=visible, dead_letters=int(conn.execute(text(_DEAD), values).scalar_one()) if scope.sees_all or scope.sees_trace else 0,
        issues={row.code: row.n for row in conn.execute(text(_ISSUE_COUNTS), values)},
        quality={row.dimension: float(row.value) for row in conn.execute(text(_QUALITY), values)}, pairs=pairs.kept, open_pairs=pairs.waiting,
    )


_ISSUE_COUNTS = f"""
    SELECT i.code, count(DISTINCT i.record_id) AS n FROM staging.issues i JOIN staging.records r USING (record_id)
    JOIN staging.run_files rf ON rf.file_id = r.file_id
    WHERE rf.run_id = :run_id AND i.state = 'open' AND {_SHOWN} = 'all' GROUP BY i.code
"""  # noqa: S608
_QUALITY = f"""
    SELECT part ->> 'dimension' AS dimension, round(avg((part ->> 'value')::numeric), 1) AS value
    FROM ({_RECORDS}) x CROSS JOIN LATERAL jsonb_array_elements(x.quality_parts) AS part
    WHERE x.shown <> 'nothing' AND x.state <> 'rejected' GROUP BY 1
"""  # noqa: S608
_DEAD = """
    SELECT count(*) FROM staging.dead_letters WHERE stage <> 'commit' AND state = 'open'
    AND file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
"""
_SEEN_PAIRS = f"""
    SELECT m.* FROM staging.match_results m WHERE m.run_id = :run_id AND NOT EXISTS (
        SELECT 1 FROM staging.records r WHERE r.record_id IN (m.left_record_id, m.right_record_id) AND {_SHOWN} <> 'all')
    AND NOT EXISTS (
        SELECT 1 FROM facilities fa LEFT JOIN counties co USING (county_id)
        WHERE fa.facility_id IN (
            CASE WHEN m.left_key ~ '^facility:[0-9]{{1,18}}$' THEN substring(m.left_key from 10)::bigint END,
            CASE WHEN m.right_key ~ '^facility:[0-9]{{1,18}}$' THEN substring(m.right_key from 10)::bigint END)
        AND {shown_as("fa.visibility", "co.county_code")} <> 'all')
"""  # noqa: S608
_EVERY_PAIR = "SELECT m.* FROM staging.match_results m WHERE m.run_id = :run_id"
_PAIR_COUNTS = f"""
    SELECT count(*) AS kept, count(*) FILTER (WHERE is_open) AS waiting FROM ({_SEEN_PAIRS}) p WHERE p.band <> 'dropped'
"""  # noqa: S608


def _for(scope: Scope, query: str) -> str:
    """The query, spared the look at both sides of every pair when the reader sees all places everywhere."""
    return query.replace(_SEEN_PAIRS, _EVERY_PAIR) if scope.sees_all and scope.counties is None else query


def run_rows(conn: Connection, *, run_id: int | None = None, limit: int = 50, offset: int = 0) -> list[Row[Any]]:
    """Runs, newest first, or the one named."""
    query = text("""
        SELECT run_id, status, stage, started_by, created_at, started_at, ended_at, duration_seconds, error, hint, summary, peak_memory_mb
        FROM ops.etl_runs WHERE :run_id IS NULL OR run_id = :run_id ORDER BY run_id DESC LIMIT :limit OFFSET :offset
    """.replace(":run_id", "cast(:run_id AS bigint)"))
    return list(conn.execute(query, {"run_id": run_id, "limit": limit, "offset": offset}))


def known_records(conn: Connection, scope: Scope, run_id: int) -> int:
    """How many records of a run the reader may know of."""
    query = text(f"SELECT count(*) FROM ({_RECORDS}) x WHERE x.shown <> 'nothing'")  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters()).scalar_one())


def file_rows(conn: Connection, run_id: int) -> list[Row[Any]]:
    """The files of a run in the order they were received."""
    query = text("""
        SELECT f.file_id, f.name, f.source, f.kind, f.records, f.damage, f.detection, rf.was_known FROM staging.source_files f
        JOIN staging.run_files rf USING (file_id) WHERE rf.run_id = :run_id ORDER BY f.file_id
    """)
    return list(conn.execute(query, {"run_id": run_id}))


# --------------------------------------------------------------------------------------------------------- questions


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """Which open questions of a run; what is None does not filter."""

    kind: str | None = None
    code: str | None = None
    source: str | None = None
    county: str | None = None
    band: str | None = None
    keys: Sequence[str] | None = None

    def parameters(self) -> dict[str, Any]:
        keys = None if self.keys is None else list(self.keys)
        return {"kind": self.kind, "code": self.code, "source": self.source, "county": self.county, "band": self.band, "keys": keys}


_QUESTIONS = f"""
    WITH pairs AS (
        SELECT p.question_key, 'duplicate' AS kind, p.match_id, NULL::bigint AS issue_id, p.left_record_id, p.right_record_id, NULL AS code, p.band,
            0 AS rank, p.priority AS weight, coalesce(p.left_record_id, p.right_record_id) AS first_record
        FROM ({_SEEN_PAIRS}) p WHERE p.is_open
    ), flags AS (
        SELECT i.question_key, 'issue' AS kind, NULL::bigint AS match_id, i.issue_id, i.record_id AS left_record_id, NULL::bigint AS right_record_id,
            i.code, NULL AS band, CASE i.severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END AS rank, coalesce(i.points, 0) AS weight,
            i.record_id AS first_record
        FROM staging.issues i JOIN staging.records r USING (record_id) JOIN staging.run_files rf ON rf.file_id = r.file_id
        WHERE rf.run_id = :run_id AND i.asks AND i.state = 'open' AND r.state <> 'rejected' AND {_SHOWN} = 'all'
    ), asked AS (
        SELECT q.*, l.source AS left_source, o.source AS right_source, l.county_code AS left_county, o.county_code AS right_county
        FROM (SELECT * FROM pairs UNION ALL SELECT * FROM flags) q
        LEFT JOIN staging.records l ON l.record_id = q.left_record_id LEFT JOIN staging.records o ON o.record_id = q.right_record_id
    )
"""  # noqa: S608
_QUESTION_WHERE = """
    WHERE (cast(:kind AS text) IS NULL OR kind = :kind) AND (cast(:code AS text) IS NULL OR code = :code)
    AND (cast(:source AS text) IS NULL OR :source IN (left_source, right_source))
    AND (cast(:county AS text) IS NULL OR :county IN (left_county, right_county))
    AND (cast(:band AS text) IS NULL OR band = :band) AND (cast(:keys AS text[]) IS NULL OR question_key = ANY(:keys))
"""


_QUESTION_PAGE = f"""{_QUESTIONS} SELECT * FROM asked {_QUESTION_WHERE}
    ORDER BY rank, weight DESC, code, first_record, match_id, issue_id LIMIT :limit OFFSET :offset
"""  # noqa: S608 (fragments of this module)


_QUESTION_COUNTS = f"""{_QUESTIONS} SELECT kind, code, band, left_source, right_source, left_county, right_county, count(*) AS n FROM asked
    {_QUESTION_WHERE} GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608


def question_rows(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter, *, limit: int | None, offset: int) -> list[Row[Any]]:
    """Open questions in the desk's order: pairs by the worth of their answer, then flagged values, errors first, most points first."""
    query = text(_for(scope, _QUESTION_PAGE))
    values = {"run_id": run_id, "limit": limit, "offset": offset} | scope.parameters() | chosen.parameters()
    return list(conn.execute(query, values))


def question_counts(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter) -> list[Row[Any]]:
    """Open questions by kind, code, band, sources and counties."""
    query = text(_for(scope, _QUESTION_COUNTS))
    return list(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()))


_IS_ANSWERED = """NOT p.is_open AND EXISTS (SELECT 1 FROM staging.decisions d WHERE d.question_key = p.question_key AND d.run_id = :run_id
    AND d.replaced_at IS NULL AND d.answer <> 'undone')"""
_ANSWERED_PAIRS = f"""{_QUESTIONS.replace("p.is_open", _IS_ANSWERED)} SELECT count(*) FROM asked {_QUESTION_WHERE}"""  # noqa: S608


def answered_pairs(conn: Connection, scope: Scope, run_id: int, chosen: QuestionFilter) -> int:
    """How many pairs of a run people answered in it; their answers stand."""
    pairs = replace(chosen, kind="duplicate")
    return int(conn.execute(text(_for(scope, _ANSWERED_PAIRS)), {"run_id": run_id} | scope.parameters() | pairs.parameters()).scalar_one())


_ANY_QUESTION = f"""{
    _QUESTIONS.replace("WHERE p.is_open", "WHERE p.question_key = :key").replace(
        "i.asks AND i.state = 'open' AND r.state <> 'rejected'", "i.question_key = :key")
} SELECT * FROM asked LIMIT 1"""  # noqa: S608
"""The same questions, open or not, by key."""


def any_question(conn: Connection, scope: Scope, run_id: int, key: str) -> Row[Any] | None:
    """A question of a run, open or answered, by its key."""
    return conn.execute(text(_for(scope, _ANY_QUESTION)), {"run_id": run_id, "key": key} | scope.parameters()).one_or_none()


def pair_rows(conn: Connection, match_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Scored pairs by id, with all their features."""
    rows = conn.execute(text("SELECT * FROM staging.match_results WHERE match_id = ANY(:ids)"), {"ids": list(match_ids)})
    return {row.match_id: row for row in rows}


def earlier_decisions(conn: Connection, question_keys: Sequence[str]) -> dict[str, Row[Any]]:
    """The last real answer to each question, whether it still stands or not."""
    rows = conn.execute(
        text("""
            SELECT DISTINCT ON (question_key) * FROM staging.decisions WHERE question_key = ANY(:keys) AND answer <> 'undone'
            ORDER BY question_key, decision_id DESC
        """),
        {"keys": list(question_keys)},
    )
    return {row.question_key: row for row in rows}


def decided_like(conn: Connection) -> dict[tuple[str, int], tuple[int, int]]:
    """From all decided pairs: per strategy and tenth of the match score, how many were decided and how many of them were the same."""
    rows = conn.execute(text("""
        SELECT strategy, least(floor(match_score * 10)::int, 9) AS tenth, count(*) AS decided, count(*) FILTER (WHERE answer = 'same') AS same
        FROM (
            SELECT DISTINCT ON (d.question_key) m.strategy, m.match_score, d.answer FROM staging.decisions d
            JOIN staging.match_results m USING (question_key)
            WHERE d.kind = 'duplicate' AND d.replaced_at IS NULL AND d.answer IN ('same', 'different', 'related')
            ORDER BY d.question_key, m.match_id DESC
        ) AS newest GROUP BY 1, 2
    """))
    return {(row.strategy, row.tenth): (row.decided, row.same) for row in rows}


def decision_rows(conn: Connection, scope: Scope, run_id: int, *, limit: int, as_batches: bool = False) -> list[Row[Any]]:
    """The last answers given in a run about records the reader may see, newest first. `together` counts the answers of its batch that the
    reader may see; `as_batches`: only the newest answer of each batch."""
    newest = "WHERE n = 1" if as_batches else ""
    query = text(f"""
        SELECT d.*, (SELECT array_agg(r.name ORDER BY r.record_id) FROM staging.records r JOIN staging.run_files rf USING (file_id)
            WHERE rf.run_id = :run_id AND r.record_key = ANY(d.record_keys)) AS names
        FROM (
            SELECT d.*, count(*) OVER (PARTITION BY coalesce(d.evidence ->> 'batch', d.decision_id::text)) AS together,
                row_number() OVER (PARTITION BY coalesce(d.evidence ->> 'batch', d.decision_id::text) ORDER BY d.decision_id DESC) AS n
            FROM staging.decisions d WHERE d.run_id = :run_id AND d.replaced_at IS NULL AND d.answer <> 'undone' AND NOT EXISTS (
                SELECT 1 FROM staging.records r WHERE r.record_key = ANY(d.record_keys) AND {_SHOWN} <> 'all')
        ) d {newest} ORDER BY d.decision_id DESC LIMIT :limit
    """)  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "limit": limit} | scope.parameters()))


def staged_sources_of(conn: Connection, facility_ids: Sequence[int]) -> dict[int, list[int]]:
    """The newest staged records that feed these facilities."""
    rows = conn.execute(
        text("""
            SELECT DISTINCT ON (s.record_key) s.facility_id, r.record_id FROM facility_sources s JOIN staging.records r USING (record_key)
            WHERE s.facility_id = ANY(:ids) ORDER BY s.record_key, (r.state = 'committed') DESC, r.file_id DESC, r.record_id DESC
        """),
        {"ids": list(facility_ids)},
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.facility_id, []).append(row.record_id)
    return found
