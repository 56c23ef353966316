"""The SQL of the unified records: one row per source record and the facility it feeds, of the places that a reader sees in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from gvrc.model.access import Actor
from gvrc.store.jsonb import storable_text
from gvrc.store.reads import Scope
from gvrc.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page begins: after this row, in the order (updated_at, facility_id, id)."""

    updated_at: datetime
    facility_id: int
    row_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedFilter:
    """Which unified records; what is None does not filter. Places are codes or names, `words` a part of the name or the code."""

    source: str | None = None
    county: str | None = None
    constituency: str | None = None
    ward: str | None = None
    kind: str | None = None
    service: str | None = None
    words: str | None = None
    updated_since: datetime | None = None

    def where(self) -> str:
        """SQL over a facility `f` and its source `s`."""
        used = [clause for name, clause in _CLAUSES.items() if getattr(self, name) is not None]
        return " AND ".join(used) or "true"

    def parameters(self) -> dict[str, Any]:
        """The bind parameters of `where`."""
        given = {name: storable_text(value) if isinstance(value, str) else value for name in _CLAUSES if (value := getattr(self, name)) is not None}
        if self.words is not None:
            given["pattern"] = "%" + given["words"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return given


def _place(name: str, table: str) -> str:
    return f"""f.{name}_id = ANY(ARRAY(
        SELECT {name}_id FROM {table} WHERE {name}_code = upper(:{name}) OR lower({name}_name) = lower(:{name})))"""  # noqa: S608 (fixed names)


_CLAUSES = {
    "source": "s.source = :source",
    "county": _place("county", "counties"),
    "constituency": _place("constituency", "constituencies"),
    "ward": _place("ward", "wards"),
    "kind": "f.facility_type = :kind",
    "service": "EXISTS (SELECT 1 FROM facility_services fs WHERE fs.facility_id = f.facility_id AND fs.service = :service)",
    "words": "(f.facility_name ILIKE :pattern OR f.facility_code = upper(:words))",
    "updated_since": "f.updated_at >= :updated_since",
}
_FROM = "FROM facilities f JOIN facility_sources s USING (facility_id)"
_FROM_FOUND = "FROM facilities_in_sight f JOIN facility_sources s USING (facility_id)"
"""Where words are searched: row-level security on the table itself would keep them from the index on names."""
_EVERYWHERE = "f.is_active"
_PUBLIC = "f.is_active AND f.visibility = 'public'"
_IN_COUNTIES = """f.is_active AND (f.visibility = 'public' OR f.county_id = ANY(ARRAY(
    SELECT county_id FROM counties WHERE county_code = ANY(:counties))))"""


def _seen(scope: Scope) -> str:
    """Which places are seen in full: the row `all` of the matrix in gvrc.views.sight, in the shape that the indexes serve."""
    if not scope.sees_all:
        return _PUBLIC
    return _EVERYWHERE if scope.counties is None else _IN_COUNTIES


_COUNT_ALL = "SELECT count(*) FROM facility_sources WHERE facility_id NOT IN (SELECT facility_id FROM facilities WHERE NOT is_active)"
_COUNT_PUBLIC = f"{_COUNT_ALL} AND facility_id NOT IN (SELECT facility_id FROM facilities WHERE visibility <> 'public')"  # noqa: S608 (two constants)
"""The same places as in `_seen`, told by those that are left out, which are few and have an index each: of a million places none is looked up."""


def _from(chosen: UnifiedFilter) -> str:
    return _FROM if chosen.words is None else _FROM_FOUND


class UnifiedRow(NamedTuple):
    """One source record, in the order of the unified contract, and the tier of its facility."""

    id: int
    source: str
    source_id: str
    name: str | None
    value: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    facility_id: int
    visibility: str


def unified_rows(
    db: Database, actor: Actor, scope: Scope, chosen: UnifiedFilter, *, limit: int, offset: int = 0, after: Position | None = None,
) -> list[UnifiedRow]:
    """A page in the order of the last change, from `offset` or after a position, which costs the same at any depth."""
    follows = "" if after is None else """
        AND (f.updated_at, f.facility_id) >= (:after_at, :after_facility) AND (f.updated_at, f.facility_id, s.facility_source_id) > (:after_at, :after_facility, :after_row)"""
    values: dict[str, Any] = {} if after is None else {"after_at": after.updated_at, "after_facility": after.facility_id, "after_row": after.row_id}
    query = f"""
        SELECT s.facility_source_id AS id, s.source, coalesce(s.source_id, s.record_key) AS source_id, f.facility_name AS name, f.facility_code AS value,
            f.description, s.first_seen AS created_at, f.updated_at, f.facility_id, f.visibility
        {_from(chosen)} WHERE {_seen(scope)} AND {chosen.where()}{follows}
        ORDER BY f.updated_at, f.facility_id, s.facility_source_id LIMIT {limit:d}{f" OFFSET {offset:d}" if offset else ""}
    """
    is_whole = chosen == UnifiedFilter()  # with a filter the best plan depends on how rare its value is
    return [UnifiedRow._make(row) for row in db.rows_at_once(actor, query, _scoped(scope, chosen) | values, keep_plan=is_whole)]


def count_unified(conn: Connection, scope: Scope, chosen: UnifiedFilter) -> int:
    """How many there are."""
    if chosen == UnifiedFilter() and (scope.counties is None or not scope.sees_all):
        return int(conn.execute(text(_COUNT_ALL if scope.sees_all else _COUNT_PUBLIC)).scalar_one())
    query = f"SELECT count(*) {_from(chosen)} WHERE {_seen(scope)} AND {chosen.where()}"
    return int(conn.execute(text(query), _scoped(scope, chosen)).scalar_one())


def _scoped(scope: Scope, chosen: UnifiedFilter) -> dict[str, Any]:
    needs_counties = scope.sees_all and scope.counties is not None
    return chosen.parameters() | ({"counties": list(scope.counties or ())} if needs_counties else {})
