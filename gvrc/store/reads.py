"""The SQL of the read models over staging: runs, records, questions. What a reader may not see is cut off here, in the database.

Every query takes the parameters of `Scope`: rows the reader may know nothing of are left out, before they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.tables import QUALITY_DIMENSIONS


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
SHOWN = shown_as(_TIER, "r.county_code")
"""How much of a staged record `r` the reader sees."""

_RECORDS = f"""
    SELECT r.*, {SHOWN} AS shown, f.name AS file_name FROM staging.records r
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
    written: tuple[str, str] | None = None
    """A field and a value of it that is in question."""

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
            "written": """x.shown = 'all' AND EXISTS (SELECT 1 FROM staging.issues i
                WHERE i.record_id = x.record_id AND i.field_name = :written_field AND i.value = :written_value AND i.state = 'open')""",
            "weak": f"x.shown = 'all' AND x.state <> 'rejected' AND x.{self._weak_column()} < :weak_target",
        }
        return [clause for name, clause in clauses.items() if getattr(self, name) is not None]

    def _weak_column(self) -> str:
        """The column of the weak dimension, one of ours whatever was asked for."""
        return next(name for name in QUALITY_DIMENSIONS if self.weak is None or name == self.weak[0])

    def parameters(self) -> dict[str, Any]:
        states = [] if self.state is None else list(_STATES.get(self.state, (self.state,)))
        target = self.weak[1] if self.weak else None
        written_field, written_value = self.written or (None, None)
        return {
            "states": states, "source": self.source, "issue_code": self.issue_code, "record_ids": list(self.record_ids or ()), "county": self.county,
            "facility_type": self.facility_type, "weak_target": target, "written_field": written_field, "written_value": written_value,
        }


def count_records(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter) -> int:
    """How many records of a run the reader may know of."""
    query = text(for_scope(scope, f"SELECT count(*) FROM ({_RECORDS}) x WHERE {chosen.where()}"))  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters() | chosen.parameters()).scalar_one())


def record_rows(conn: Connection, scope: Scope, run_id: int, chosen: RecordFilter, *, limit: int, offset: int = 0, after: int = 0) -> list[Row[Any]]:
    """One page of a run's records in the order of their ids: from the place `offset` on, or those behind the record `after`."""
    page = f"SELECT x.record_id FROM ({_RECORDS}) x WHERE {chosen.where()} AND x.record_id > :after ORDER BY x.record_id LIMIT :limit OFFSET :offset"  # noqa: S608
    query = text(for_scope(scope, f"SELECT x.* FROM ({_RECORDS}) x WHERE x.record_id = ANY(ARRAY({page})) ORDER BY x.record_id"))  # noqa: S608
    values = {"run_id": run_id, "limit": limit, "offset": offset, "after": after} | scope.parameters() | chosen.parameters()
    return list(conn.execute(query, values))


def file_records(conn: Connection, scope: Scope, run_id: int, file_id: int, *, after: int, limit: int) -> list[Row[Any]]:
    """The next records of one file of a run after row number `after`, in the order of the file."""
    query = text(for_scope(scope, f"""
        SELECT x.* FROM ({_RECORDS}) x WHERE x.shown <> 'nothing' AND x.file_id = :file_id AND x.row_number > :after
        ORDER BY x.row_number LIMIT :limit
    """))  # noqa: S608
    return list(conn.execute(query, {"run_id": run_id, "file_id": file_id, "after": after, "limit": limit} | scope.parameters()))


def records_by_id(conn: Connection, scope: Scope, record_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Records by id, whatever run they belong to; those the reader may not know of are left out."""
    query = text(for_scope(scope, f"""
        SELECT r.*, {SHOWN} AS shown, f.name AS file_name FROM staging.records r JOIN staging.source_files f USING (file_id)
        WHERE r.record_id = ANY(:record_ids) AND {SHOWN} <> 'nothing'
    """))  # noqa: S608
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
    for row in conn.execute(text(for_scope(scope, f"""
        SELECT x.file_id, x.state, x.shown = 'nothing' AS is_hidden, count(*) AS n FROM ({_RECORDS}) x GROUP BY 1, 2, 3
    """)), values):  # noqa: S608
        if row.is_hidden:
            hidden[row.file_id] = hidden.get(row.file_id, 0) + row.n
        else:
            states[row.state] = states.get(row.state, 0) + row.n
            visible[row.file_id] = visible.get(row.file_id, 0) + row.n
    pairs = conn.execute(text(for_scope(scope, _PAIR_COUNTS)), values).one()
    return RunCounts(
        states=states, hidden=hidden, visible=visible, dead_letters=dead_letters_known(conn, scope, run_id),
        issues={row.code: row.n for row in conn.execute(text(for_scope(scope, _ISSUE_COUNTS)), values)},
        quality={name: float(mean) for name, mean in conn.execute(text(for_scope(scope, _QUALITY)), values).one()._mapping.items() if mean is not None}, pairs=pairs.kept, open_pairs=pairs.waiting,
    )


def dead_letters_known(conn: Connection, scope: Scope, run_id: int) -> int:
    """How many rows of a run could not be processed and wait, as far as the reader may count them."""
    return int(conn.execute(text(_DEAD), {"run_id": run_id}).scalar_one()) if scope.sees_all or scope.sees_trace else 0


_ISSUE_COUNTS = f"""
    SELECT i.code, count(DISTINCT i.record_id) AS n FROM staging.issues i JOIN staging.records r USING (record_id)
    JOIN staging.run_files rf ON rf.file_id = r.file_id
    WHERE rf.run_id = :run_id AND i.state = 'open' AND {SHOWN} = 'all' GROUP BY i.code
"""  # noqa: S608
_QUALITY = f"""
    SELECT {", ".join(f"round(avg(x.{name})::numeric, 1) AS {name}" for name in QUALITY_DIMENSIONS)}
    FROM ({_RECORDS}) x WHERE x.shown <> 'nothing' AND x.state <> 'rejected'
"""  # noqa: S608
_DEAD = """
    SELECT count(*) FROM staging.dead_letters WHERE stage <> 'commit' AND state = 'open'
    AND file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
"""
SEEN_PAIRS = f"""
    SELECT m.* FROM staging.match_results m WHERE m.run_id = :run_id AND NOT EXISTS (
        SELECT 1 FROM staging.records r WHERE r.record_id IN (m.left_record_id, m.right_record_id) AND {SHOWN} <> 'all')
    AND NOT EXISTS (
        SELECT 1 FROM (VALUES (CASE WHEN m.left_key ~ '^facility:[0-9]{{1,18}}$' THEN substring(m.left_key from 10)::bigint END),
            (CASE WHEN m.right_key ~ '^facility:[0-9]{{1,18}}$' THEN substring(m.right_key from 10)::bigint END)) AS side (facility_id)
        WHERE side.facility_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM facilities_in_sight fa LEFT JOIN counties co USING (county_id)
            WHERE fa.facility_id = side.facility_id AND {shown_as("fa.visibility", "co.county_code")} = 'all'))
"""  # noqa: S608
_EVERY_PAIR = "SELECT m.* FROM staging.match_results m WHERE m.run_id = :run_id"
_PAIR_COUNTS = f"""
    SELECT count(*) AS kept, count(*) FILTER (WHERE is_open) AS waiting FROM ({SEEN_PAIRS}) p WHERE p.band <> 'dropped'
"""  # noqa: S608


def for_scope(scope: Scope, query: str) -> str:
    """The query, for a reader who sees all places everywhere spared the look at what is shown of every record and at both sides of every pair: the database
    then neither reckons with rows that are left out nor decides it row by row."""
    if not scope.sees_all or scope.counties is not None:
        return query
    return query.replace(SEEN_PAIRS, _EVERY_PAIR).replace(SHOWN, "'all'")


def run_rows(conn: Connection, *, run_id: int | None = None, limit: int = 50, offset: int = 0) -> list[Row[Any]]:
    """Runs, newest first, or the one named."""
    query = text("""
        SELECT run_id, status, stage, started_by, created_at, started_at, ended_at, duration_seconds, error, hint, summary, peak_memory_mb
        FROM ops.etl_runs WHERE :run_id IS NULL OR run_id = :run_id ORDER BY run_id DESC LIMIT :limit OFFSET :offset
    """.replace(":run_id", "cast(:run_id AS bigint)"))
    return list(conn.execute(query, {"run_id": run_id, "limit": limit, "offset": offset}))


def run_total(conn: Connection) -> int:
    """How many runs there are."""
    return int(conn.execute(text("SELECT count(*) FROM ops.etl_runs")).scalar_one())


def known_records(conn: Connection, scope: Scope, run_id: int) -> int:
    """How many records of a run the reader may know of."""
    if scope.sees_trace:  # then nothing is hidden: what was counted while reading is enough
        known = conn.execute(text("""
            SELECT sum(f.records) FROM staging.run_files rf JOIN staging.source_files f USING (file_id) WHERE rf.run_id = :run_id
            HAVING bool_and(f.records IS NOT NULL)
        """), {"run_id": run_id}).scalar_one_or_none()
        if known is not None:
            return int(known)
    query = text(for_scope(scope, f"SELECT count(*) FROM ({_RECORDS}) x WHERE x.shown <> 'nothing'"))  # noqa: S608
    return int(conn.execute(query, {"run_id": run_id} | scope.parameters()).scalar_one())


def file_rows(conn: Connection, run_id: int) -> list[Row[Any]]:
    """The files of a run in the order they were received."""
    query = text("""
        SELECT f.file_id, f.name, f.source, f.kind, f.records, f.damage, f.detection, rf.was_known FROM staging.source_files f
        JOIN staging.run_files rf USING (file_id) WHERE rf.run_id = :run_id ORDER BY f.file_id
    """)
    return list(conn.execute(query, {"run_id": run_id}))


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
