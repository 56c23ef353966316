"""The registry as a file, as a role may see it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TextIO

from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import MATRIX, Permission, require
from gvrc.store import reads_registry
from gvrc.store.reads_registry import FacilityFilter
from gvrc.store.session import Database
from gvrc.views.facilities import FacilityView, facility_views
from gvrc.views.sight import Sight, note_looks

_CHUNK = 1000
CSV_COLUMNS: tuple[str, ...] = (
    "facility_code", "name", "facility_type", "county", "constituency", "ward", "latitude", "longitude", "accuracy_level", "phones", "emails",
    "hotlines", "websites", "services", "gbv_categories", "owner", "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number",
    "address", "officer", "opening_hours", "description", "visibility", "quality_score", "last_verified_at", "aliases",
)
_CONTACT_COLUMNS = {"phones": "phone", "emails": "email", "hotlines": "hotline", "websites": "website"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_csv(db: Database, actor: Actor, stream: TextIO, *, filters: FacilityFilter | None = None, role: Role | None = None) -> int:
    """Write the facilities of a filter as CSV; returns how many. `role` shows them as that role would see them, never more than the actor's own.

    Text that a spreadsheet would take for a formula is led by an apostrophe. The export is written to the access log. Raises NotAllowedError.
    """
    require(actor, Permission.EXPORT)
    reader = as_role(actor, role)
    sight, written = Sight(actor=reader), 0
    chosen = filters or FacilityFilter()
    with db.unit_of_work(actor, reason="export") as conn:
        note_looks(conn, actor, [f"registry as {reader.role}"], action="export")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    with db.read(timeout_seconds=0) as conn:
        for rows in reads_registry.facility_rows_after(conn, sight.scope, chosen, chunk=_CHUNK):
            views = facility_views(conn, db, sight, rows)
            writer.writerows([neutral(value) for value in _cells(view, is_anonymous=db.settings.anonymisation)] for view in views)
            written += len(views)
    return written


def as_role(actor: Actor, role: Role | None) -> Actor:
    """The actor, seeing as `role` sees. Raises NotAllowedError for a role that sees more."""
    if role is None or role is actor.role:
        return actor
    if not MATRIX[role] <= MATRIX[actor.role]:
        raise NotAllowedError(f"You may not see the registry as {role.replace('_', ' ')}.", "Choose a role that sees no more than your own.")
    return replace(actor, role=role)


def neutral(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS[:4]) else text


def _cells(view: FacilityView, *, is_anonymous: bool) -> Sequence[Any]:
    contacts = () if is_anonymous else view.contacts
    found: dict[str, Any] = {
        column: "; ".join(c.value for c in contacts if c.contact_type == kind) or None for column, kind in _CONTACT_COLUMNS.items()
    }
    found |= {
        "facility_type": view.facility_type_label, "services": "; ".join(view.service_labels), "gbv_categories": "; ".join(view.gbv_categories),
        "aliases": "; ".join(view.aliases),
    }
    if is_anonymous:
        found |= {"address": None, "officer": None}
    return [found[column] if column in found else getattr(view, column) for column in CSV_COLUMNS]
