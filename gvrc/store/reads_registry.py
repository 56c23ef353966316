"""The SQL of the read models over the registry. What a reader may not see of a place is empty here already, so that no filter, count or order can
tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import Scope, shown_as
from gvrc.store.reads_search import FacilityFilter, facility_ids_next, understood

_SEEN = f"""
    SELECT f.facility_id, f.facility_code, f.version, f.is_active, f.visibility, f.created_at, f.updated_at, c.county_code, c.county_name,
        {shown_as("f.visibility", "c.county_code")} AS shown, f.facility_name, f.facility_type, f.operational_status_id, f.constituency_id, f.ward_id,
        f.mfl_code, f.fid_code, f.registration_number, f.keph_level, f.address, f.officer_in_charge, f.opening_hours, f.description, f.aliases,
        f.quality_score, f.quality_parts, f.last_verified_at, f.last_verified_by, f.origins
    FROM facilities_in_sight f LEFT JOIN counties c USING (county_id)
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
_MASKED = _SHAPE.format(  # with the ids named again, the parts of a place are read once and not once for each place
    more=""",
        CASE WHEN s.shown = 'all' THEN p.latitude::float8 END AS latitude,
        CASE WHEN s.shown = 'all' THEN p.longitude::float8 END AS longitude,
        CASE WHEN s.shown = 'all' THEN p.accuracy_level END AS accuracy_level,
        CASE WHEN s.shown = 'all' THEN o.owner_name END AS owner,
        CASE WHEN s.shown = 'all' THEN o.owner_type END AS owner_type""",
    joins="""
    LEFT JOIN (SELECT * FROM facility_coordinates WHERE facility_id = ANY(:ids)) p ON p.facility_id = s.facility_id
    LEFT JOIN (
        SELECT DISTINCT ON (facility_id) facility_id, owner_name, owner_type FROM facility_owners WHERE facility_id = ANY(:ids)
        ORDER BY facility_id, facility_owner_id) o ON o.facility_id = s.facility_id""",
)


def facility_rows(conn: Connection, scope: Scope, facility_ids: Sequence[int]) -> list[Row[Any]]:
    """Facilities whole, in the order of these ids."""
    known = facilities_by_id(conn, scope, facility_ids)
    return [known[number] for number in facility_ids if number in known]


def facility_rows_after(conn: Connection, scope: Scope, chosen: FacilityFilter, *, chunk: int) -> Iterator[list[Row[Any]]]:
    """All facilities of a filter in the order of their ids, chunk by chunk, so that memory stays bounded."""
    search = understood(conn, scope, chosen.words) if chosen.words is not None else None
    after = 0
    while ids := facility_ids_next(conn, scope, chosen, search, after=after, limit=chunk):
        yield facility_rows(conn, scope, ids)
        after = ids[-1]


def facility_rows_next(conn: Connection, scope: Scope, chosen: FacilityFilter, *, after: int, limit: int) -> list[Row[Any]]:
    """The next facilities of a filter after this id, in the order of their ids."""
    search = understood(conn, scope, chosen.words) if chosen.words is not None else None
    return facility_rows(conn, scope, facility_ids_next(conn, scope, chosen, search, after=after, limit=limit))


def facilities_by_id(conn: Connection, scope: Scope, facility_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Facilities by id, active or not; those the reader may not know of are left out."""
    query = text(f"SELECT m.* FROM ({_MASKED}) m WHERE m.facility_id = ANY(:ids)")  # noqa: S608
    return {row.facility_id: row for row in conn.execute(query, {"ids": list(facility_ids)} | scope.parameters())}


def facility_id_of(conn: Connection, code: str) -> int | None:
    """The id of a facility code."""
    return conn.execute(text("SELECT facility_id FROM facilities_in_sight WHERE facility_code = upper(:code)"), {"code": code}).scalar_one_or_none()


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
