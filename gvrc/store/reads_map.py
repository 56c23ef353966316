"""The SQL of the map: places per county, their points, and the places without one; of the registry or of one run's records.

Both kinds of place come as the same columns, masked here already: what a reader may not see of a place is empty, so that no filter and no
count can tell it; a place the reader may know nothing of is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import _RECORDS, Scope, for_scope, shown_as  # the records of a run with how much of each is shown

_REGISTRY = f"""
    SELECT s.facility_id AS place_id, s.facility_code AS code, s.shown, s.county_code,
        CASE WHEN s.shown <> 'trace' THEN s.facility_name END AS name,
        CASE WHEN s.shown <> 'line' THEN s.facility_type END AS facility_type,
        CASE WHEN s.shown IN ('all', 'area') THEN w.ward_code END AS ward_code,
        CASE WHEN s.shown = 'all' THEN coalesce(os.code, 'unknown') END AS state,
        CASE WHEN s.shown = 'all' THEN s.quality_score END AS quality_score,
        CASE WHEN s.shown = 'all' THEN p.latitude::float8 END AS latitude,
        CASE WHEN s.shown = 'all' THEN p.longitude::float8 END AS longitude,
        s.shown = 'all' AND s.visibility = 'withheld' AS is_withheld
    FROM (
        SELECT f.*, c.county_code, {shown_as("f.visibility", "c.county_code")} AS shown FROM facilities_in_sight f LEFT JOIN counties c USING (county_id)
        WHERE f.is_active
    ) s LEFT JOIN wards w ON w.ward_id = s.ward_id LEFT JOIN operational_statuses os ON os.operational_status_id = s.operational_status_id
    LEFT JOIN facility_coordinates p ON p.facility_id = s.facility_id
    WHERE s.shown <> 'nothing'
"""  # noqa: S608 (fragments of this package)
_RUN = f"""
    SELECT x.record_id AS place_id, NULL AS code, x.shown, x.county_code,
        CASE WHEN x.shown <> 'trace' THEN x.name END AS name,
        CASE WHEN x.shown <> 'line' THEN x.facility_type END AS facility_type,
        CASE WHEN x.shown IN ('all', 'area') THEN x.ward_code END AS ward_code,
        CASE WHEN x.shown <> 'trace' THEN x.state END AS state,
        CASE WHEN x.shown = 'all' THEN x.quality_score END AS quality_score,
        CASE WHEN x.shown = 'all' THEN x.latitude END AS latitude,
        CASE WHEN x.shown = 'all' THEN x.longitude END AS longitude,
        x.shown = 'all' AND x.visibility = 'withheld' AS is_withheld,
        CASE WHEN x.shown IN ('all', 'area') THEN x.source END AS source
    FROM ({_RECORDS}) x WHERE x.shown <> 'nothing' AND x.state <> 'rejected'
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFilter:
    """Which places of the map; what is None does not filter. `run_id` None: the facilities of the registry, else the records of that run."""

    run_id: int | None = None
    county: str | None = None
    facility_type: str | None = None
    source: str | None = None
    state: str | None = None
    place_ids: Sequence[int] | None = None

    def places(self) -> str:
        """SQL of the places, before the filter."""
        return _REGISTRY if self.run_id is None else _RUN

    def where(self) -> str:
        """SQL over a place `m`: a filter on what is not shown finds nothing."""
        by_source = "m.source = :source"
        if self.run_id is None:
            by_source = "m.shown = 'all' AND EXISTS (SELECT 1 FROM facility_sources fs WHERE fs.facility_id = m.place_id AND fs.source = :source)"
        clauses = {
            "county": "m.county_code = :county", "facility_type": "m.facility_type = :facility_type", "source": by_source,
            "state": "m.state = :state", "place_ids": "m.place_id = ANY(:place_ids)",
        }
        return " AND ".join(clause for name, clause in clauses.items() if getattr(self, name) is not None) or "true"

    def parameters(self) -> dict[str, Any]:
        """The bind parameters of `places` and `where`."""
        return {
            "run_id": self.run_id, "county": self.county, "facility_type": self.facility_type, "source": self.source, "state": self.state,
            "place_ids": list(self.place_ids or ()),
        }


def cube(conn: Connection, scope: Scope, chosen: MapFilter, bands: tuple[float, float]) -> list[Row[Any]]:
    """How many places there are of each county, kind, state, source (of records) and quality band (`low`, `middle`, `high` or None, parted by the
    scores `bands`), how many of them have a point, and the sum of their quality scores. One pass for all that the map counts."""
    source = "NULL" if chosen.run_id is None else "m.source"
    return _rows(conn, scope, chosen, f"""
        SELECT m.county_code, m.facility_type, m.state, {source} AS source, {_BAND} AS band, count(*) AS places, count(m.latitude) AS placed,
            sum(m.quality_score) AS quality, count(m.quality_score) AS scored
        FROM ({chosen.places()}) m WHERE {chosen.where()} GROUP BY 1, 2, 3, 4, 5
    """, low=bands[0], high=bands[1])  # noqa: S608


_BAND = "CASE WHEN m.quality_score < :low THEN 'low' WHEN m.quality_score < :high THEN 'middle' WHEN m.quality_score IS NOT NULL THEN 'high' END"


def registry_sources(conn: Connection, scope: Scope) -> list[str]:
    """The names of the sources that the facilities seen whole come from."""
    query = f"SELECT DISTINCT fs.source FROM ({_REGISTRY}) m JOIN facility_sources fs ON fs.facility_id = m.place_id WHERE m.shown = 'all' ORDER BY 1"  # noqa: S608
    return [row.source for row in _rows(conn, scope, MapFilter(), query)]


def place_rows(conn: Connection, scope: Scope, chosen: MapFilter, *, is_placed: bool | None, limit: int, offset: int = 0) -> list[Row[Any]]:
    """Places in the order of their names: those with a point, without one, or (`is_placed` None) all."""
    clause = {True: "m.latitude IS NOT NULL AND", False: "m.latitude IS NULL AND", None: ""}[is_placed]
    return _rows(conn, scope, chosen, f"""
        SELECT m.* FROM ({chosen.places()}) m WHERE {clause} {chosen.where()} ORDER BY m.name NULLS LAST, m.place_id LIMIT :limit OFFSET :offset
    """, limit=limit, offset=offset)  # noqa: S608


def cell_rows(conn: Connection, scope: Scope, chosen: MapFilter, *, cell_degrees: float) -> list[Row[Any]]:
    """Places with a point counted on a grid, each cell at the mean of its points: for more points than can be drawn one by one."""
    return _rows(conn, scope, chosen, f"""
        SELECT avg(m.latitude) AS latitude, avg(m.longitude) AS longitude, count(*) AS n FROM ({chosen.places()}) m
        WHERE m.latitude IS NOT NULL AND {chosen.where()}
        GROUP BY floor(m.latitude / :cell_degrees), floor(m.longitude / :cell_degrees) ORDER BY n DESC
    """, cell_degrees=cell_degrees)  # noqa: S608


def point_issues(conn: Connection, record_ids: Sequence[int]) -> dict[int, list[str]]:
    """The codes of the open issues about the points of these records."""
    found: dict[int, list[str]] = {}
    query = text("SELECT record_id, code FROM staging.issues WHERE record_id = ANY(:ids) AND state = 'open' AND code LIKE 'point.%' ORDER BY issue_id")
    for row in conn.execute(query, {"ids": list(record_ids)}):
        found.setdefault(row.record_id, []).append(row.code)
    return found


def point_decisions(conn: Connection, run_id: int) -> set[int]:
    """The ids of the answers about points of a run that still stand."""
    query = text("""
        SELECT decision_id FROM staging.decisions
        WHERE run_id = :run_id AND issue_code LIKE 'point.%' AND replaced_at IS NULL AND answer <> 'undone'
    """)
    return {row.decision_id for row in conn.execute(query, {"run_id": run_id})}


def _rows(conn: Connection, scope: Scope, chosen: MapFilter, query: str, **values: Any) -> list[Row[Any]]:
    return list(conn.execute(text(for_scope(scope, query)), scope.parameters() | chosen.parameters() | values))
