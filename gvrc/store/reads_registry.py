"""The SQL of the read models over the registry. What a reader may not see of a place is empty here already, so that no filter, count or order can
tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import Scope, shown_as

_SEEN = f"""
    SELECT f.facility_id, f.facility_code, f.version, f.is_active, f.visibility, f.created_at, f.updated_at, c.county_code, c.county_name,
        {shown_as("f.visibility", "c.county_code")} AS shown, f.facility_name, f.facility_type, f.operational_status_id, f.constituency_id, f.ward_id,
        f.mfl_code, f.fid_code, f.registration_number, f.keph_level, f.address, f.officer_in_charge, f.opening_hours, f.description, f.aliases,
        f.quality_score, f.quality_parts, f.last_verified_at, f.last_verified_by, f.origins
    FROM facilities f LEFT JOIN counties c USING (county_id)
"""  # noqa: S608
_SHAPE = f"""
    SELECT s.facility_id, s.facility_code, s.shown, s.is_active, s.county_code, s.county_name, s.updated_at,
        CASE WHEN s.shown <> 'trace' THEN s.facility_name END AS facility_name,
        CASE WHEN s.shown <> 'line' THEN s.facility_type END AS facility_type,
        CASE WHEN s.shown IN ('all', 'area') THEN k.constituency_name END AS constituency_name,
        CASE WHEN s.shown IN ('all', 'area') THEN k.constituency_code END AS constituency_code,
        CASE WHEN s.shown IN ('all', 'area') THEN w.ward_name END AS ward_name,
        CASE WHEN s.shown IN ('all', 'area') THEN w.ward_code END AS ward_code,
        CASE WHEN s.shown = 'all' THEN s.visibility END AS visibility,
        CASE WHEN s.shown = 'all' THEN os.code END AS operational_status,
        CASE WHEN s.shown = 'all' THEN s.mfl_code END AS mfl_code,
        CASE WHEN s.shown = 'all' THEN s.fid_code END AS fid_code,
        CASE WHEN s.shown = 'all' THEN s.registration_number END AS registration_number,
        CASE WHEN s.shown = 'all' THEN s.keph_level END AS keph_level,
        CASE WHEN s.shown = 'all' THEN 'vault:' || s.address END AS address,
        CASE WHEN s.shown = 'all' THEN 'vault:' || s.officer_in_charge END AS officer,
        CASE WHEN s.shown = 'all' THEN s.opening_hours END AS opening_hours,
        CASE WHEN s.shown = 'all' THEN s.description END AS description,
        CASE WHEN s.shown = 'all' THEN s.aliases ELSE '{{{{}}}}' END AS aliases,
        CASE WHEN s.shown = 'all' THEN s.quality_score END AS quality_score,
        CASE WHEN s.shown = 'all' THEN s.quality_parts ELSE '[]' END AS quality_parts,
        CASE WHEN s.shown = 'all' THEN s.last_verified_at END AS last_verified_at,
        CASE WHEN s.shown = 'all' THEN s.origins ELSE '{{{{}}}}' END AS origins,
        CASE WHEN s.shown = 'all' THEN s.version END AS version{{more}}
    FROM ({_SEEN}) s LEFT JOIN constituencies k ON k.constituency_id = s.constituency_id LEFT JOIN wards w ON w.ward_id = s.ward_id
    LEFT JOIN operational_statuses os ON os.operational_status_id = s.operational_status_id{{joins}}
    WHERE s.shown <> 'nothing'
"""  # noqa: S608 (fragments of this package)
_LEAN = _SHAPE.format(more="", joins="")
"""What filters, counts and facets need: without point and owner, which nobody filters by."""
_MASKED = _SHAPE.format(
    more=""",
        CASE WHEN s.shown = 'all' THEN p.latitude::float8 END AS latitude,
        CASE WHEN s.shown = 'all' THEN p.longitude::float8 END AS longitude,
        CASE WHEN s.shown = 'all' THEN p.accuracy_level END AS accuracy_level,
        CASE WHEN s.shown = 'all' THEN o.owner_name END AS owner""",
    joins="""
    LEFT JOIN facility_coordinates p ON p.facility_id = s.facility_id
    LEFT JOIN LATERAL (
        SELECT owner_name FROM facility_owners WHERE facility_id = s.facility_id ORDER BY facility_owner_id LIMIT 1) o ON true""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityFilter:
    """Which facilities; what is None does not filter. Places are codes, `words` a name, an alias or a code, spelling tolerated."""

    words: str | None = None
    county: str | None = None
    constituency: str | None = None
    ward: str | None = None
    facility_type: str | None = None
    service: str | None = None
    visibility: str | None = None
    is_active: bool | None = True

    def where(self) -> str:
        """SQL over a masked facility `m`: a filter on what is not shown finds nothing."""
        clauses = {
            "county": "m.county_code = :county", "constituency": "m.constituency_code = :constituency", "ward": "m.ward_code = :ward",
            "facility_type": "m.facility_type = :facility_type", "visibility": "m.visibility = :visibility", "is_active": "m.is_active = :is_active",
            "service": """m.shown IN ('all', 'area') AND EXISTS (
                SELECT 1 FROM facility_services fs WHERE fs.facility_id = m.facility_id AND fs.service = :service)""",
            "words": """(m.facility_name ILIKE :pattern OR m.facility_name % :words OR m.facility_code = upper(:words)
                OR m.mfl_code = :words OR EXISTS (SELECT 1 FROM unnest(m.aliases) a WHERE a ILIKE :pattern))""",
        }
        used = [clause for name, clause in clauses.items() if getattr(self, name) is not None]
        return " AND ".join(used) or "true"

    def parameters(self) -> dict[str, Any]:
        pattern = None if self.words is None else "%" + self.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return {
            "words": self.words, "pattern": pattern, "county": self.county, "constituency": self.constituency, "ward": self.ward,
            "facility_type": self.facility_type, "service": self.service, "visibility": self.visibility, "is_active": self.is_active,
        }


def count_facilities(conn: Connection, scope: Scope, chosen: FacilityFilter) -> int:
    """How many facilities the reader may know of."""
    query = text(f"SELECT count(*) FROM ({_LEAN}) m WHERE {chosen.where()}")  # noqa: S608
    return int(conn.execute(query, scope.parameters() | chosen.parameters()).scalar_one())


def facility_rows(conn: Connection, scope: Scope, chosen: FacilityFilter, *, limit: int, offset: int) -> list[Row[Any]]:
    """One page of facilities: the best match first when words are searched, else by code."""
    order = "similarity(m.facility_name, :words) DESC NULLS LAST, m.facility_id" if chosen.words is not None else "m.facility_id"
    query = text(f"SELECT m.* FROM ({_MASKED}) m WHERE {chosen.where()} ORDER BY {order} LIMIT :limit OFFSET :offset")  # noqa: S608
    return list(conn.execute(query, {"limit": limit, "offset": offset} | scope.parameters() | chosen.parameters()))


def facility_rows_after(conn: Connection, scope: Scope, chosen: FacilityFilter, *, chunk: int) -> Iterator[list[Row[Any]]]:
    """All facilities of a filter in the order of their ids, chunk by chunk, so that memory stays bounded."""
    after = 0
    query = text(f"SELECT m.* FROM ({_MASKED}) m WHERE {chosen.where()} AND m.facility_id > :after ORDER BY m.facility_id LIMIT :limit")  # noqa: S608
    while True:
        rows = list(conn.execute(query, {"after": after, "limit": chunk} | scope.parameters() | chosen.parameters()))
        if not rows:
            return
        yield rows
        after = rows[-1].facility_id


def facilities_by_id(conn: Connection, scope: Scope, facility_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Facilities by id, active or not; those the reader may not know of are left out."""
    query = text(f"SELECT m.* FROM ({_MASKED}) m WHERE m.facility_id = ANY(:ids)")  # noqa: S608
    return {row.facility_id: row for row in conn.execute(query, {"ids": list(facility_ids)} | scope.parameters())}


def facility_id_of(conn: Connection, code: str) -> int | None:
    """The id of a facility code."""
    return conn.execute(text("SELECT facility_id FROM facilities WHERE facility_code = upper(:code)"), {"code": code}).scalar_one_or_none()


_FACETS = {"county": "m.county_code", "facility_type": "m.facility_type", "visibility": "m.visibility", "operational_status": "m.operational_status"}


def facets(conn: Connection, scope: Scope, chosen: FacilityFilter) -> dict[str, dict[str, int]]:
    """Counts per county, kind, visibility and status of the facilities of a filter."""
    query = text(f"""
        SELECT {", ".join(f"{column} AS {name}" for name, column in _FACETS.items())}, count(*) AS n FROM ({_LEAN}) m WHERE {chosen.where()}
        GROUP BY 1, 2, 3, 4
    """)  # noqa: S608
    found: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
    for row in conn.execute(query, scope.parameters() | chosen.parameters()):
        for name in _FACETS:
            value = getattr(row, name)
            if value is not None:
                found[name][value] = found[name].get(value, 0) + row.n
    return {name: dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))) for name, counts in found.items()}


def contact_rows(conn: Connection, facility_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Contacts of facilities, the first ones first."""
    return _grouped(conn, """
        SELECT facility_id, contact_type, 'vault:' || contact_value AS value, label, is_primary FROM facility_contacts
        WHERE facility_id = ANY(:ids) ORDER BY facility_id, is_primary DESC, contact_id
    """, facility_ids)


def service_rows(conn: Connection, facility_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Services of facilities with their labels."""
    return _grouped(conn, """
        SELECT fs.facility_id, fs.service, sc.label FROM facility_services fs JOIN service_categories sc ON sc.code = fs.service
        WHERE fs.facility_id = ANY(:ids) ORDER BY fs.facility_id, sc.label
    """, facility_ids)


def category_rows(conn: Connection, facility_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """GBV categories of facilities with their labels."""
    return _grouped(conn, """
        SELECT fg.facility_id, fg.gbv_category, gc.label FROM facility_gbv_categories fg JOIN gbv_categories gc ON gc.code = fg.gbv_category
        WHERE fg.facility_id = ANY(:ids) ORDER BY fg.facility_id, gc.label
    """, facility_ids)


def source_rows(conn: Connection, facility_id: int) -> list[Row[Any]]:
    """The source records that feed a facility."""
    query = text("SELECT source, source_id, record_key, first_seen, last_seen FROM facility_sources WHERE facility_id = :id ORDER BY facility_source_id")
    return list(conn.execute(query, {"id": facility_id}))


def redirect_rows(conn: Connection, facility_id: int) -> list[Row[Any]]:
    """Facilities merged into this one, and the one it was merged into."""
    query = text("""
        SELECT r.from_facility_id, r.to_facility_id, r.reason, r.merged_by, r.merged_at FROM facility_redirects r
        WHERE r.undone_at IS NULL AND :id IN (r.from_facility_id, r.to_facility_id) ORDER BY r.redirect_id
    """)
    return list(conn.execute(query, {"id": facility_id}))


def relation_rows(conn: Connection, facility_id: int) -> list[Row[Any]]:
    """Relations of a facility, in both directions."""
    query = text("SELECT facility_id, related_facility_id, relation FROM facility_relations WHERE :id IN (facility_id, related_facility_id) ORDER BY relation_id")
    return list(conn.execute(query, {"id": facility_id}))


def audit_rows(conn: Connection, facility_id: int, *, limit: int, offset: int) -> list[Row[Any]]:
    """What was written about a facility, newest first."""
    query = text("""
        SELECT audit_id, table_name, operation, old_values, new_values, changed_by, changed_at, run_id, reason FROM audit_trail
        WHERE facility_id = :id ORDER BY audit_id DESC LIMIT :limit OFFSET :offset
    """)
    return list(conn.execute(query, {"id": facility_id, "limit": limit, "offset": offset}))


def lookup_labels(conn: Connection) -> dict[str, dict[str, str]]:
    """Labels by id or code that the audit trail names: statuses and places."""
    queries = {
        "operational_status_id": "SELECT operational_status_id::text, label FROM operational_statuses",
        "county_id": "SELECT county_id::text, county_name FROM counties",
        "constituency_id": "SELECT constituency_id::text, constituency_name FROM constituencies",
    }
    return {name: {row[0]: row[1] for row in conn.execute(text(query))} for name, query in queries.items()}


def ward_names(conn: Connection, ward_ids: Sequence[int]) -> dict[str, str]:
    """Names of wards by id."""
    rows = conn.execute(text("SELECT ward_id::text, ward_name FROM wards WHERE ward_id = ANY(:ids)"), {"ids": list(ward_ids)})
    return {row[0]: row[1] for row in rows}


def _grouped(conn: Connection, query: str, facility_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in conn.execute(text(query), {"ids": list(facility_ids)}):
        found.setdefault(row.facility_id, []).append(row)
    return found
