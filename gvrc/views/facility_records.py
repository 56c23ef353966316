"""Facilities of the registry as sides of a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gvrc.store import reads_registry
from gvrc.store.session import Connection, Database
from gvrc.views.people import Opened, open_all
from gvrc.views.records import ContactView, RecordView, kind_label
from gvrc.views.sight import Shown, Sight


def facility_views(conn: Connection, db: Database, sight: Sight, facility_ids: Sequence[int]) -> dict[int, RecordView]:
    """Facilities that the person sees whole, in the shape of records; `record_id` is 0, the file is the registry."""
    if not facility_ids:
        return {}
    rows = {number: row for number, row in reads_registry.facilities_by_id(conn, sight.scope, facility_ids).items() if row.shown == Shown.ALL}
    contacts = reads_registry.contact_rows(conn, list(rows))
    services = reads_registry.service_rows(conn, list(rows))
    opened = open_all(conn, db, [contact.value for found in contacts.values() for contact in found])
    return {
        number: _view(row, [s.service for s in services.get(number, ())], contacts.get(number, ()), opened, is_clear=sight.sees_contacts(row.county_code))
        for number, row in rows.items()
    }


def _view(row: Any, services: Sequence[str], contacts: Sequence[Any], opened: Opened, *, is_clear: bool) -> RecordView:
    return RecordView(
        record_id=0, shown=Shown.ALL, county=row.county_name, county_code=row.county_code, facility_type=row.facility_type,
        facility_type_label=kind_label(row.facility_type), source="registry", pointer=row.facility_code, file_name="registry", name=row.facility_name,
        aliases=tuple(row.aliases), constituency=row.constituency_name, ward=row.ward_name, latitude=row.latitude, longitude=row.longitude,
        contacts=tuple(
            ContactView(contact_type=c.contact_type, value=opened.contact(c.contact_type, c.value, is_clear=is_clear), label=c.label, is_primary=c.is_primary)
            for c in contacts
        ),
        services=tuple(services), mfl_code=row.mfl_code, visibility=row.visibility, quality_score=row.quality_score,
        quality_parts=tuple(row.quality_parts), state="committed", facility_id=row.facility_id,
    )
