"""The registry as a file, as a role may see it: CSV, XLSX, GeoJSON and FHIR, written while it is read, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.security.permissions import MATRIX, Permission, require
from gvrc.store import reads_registry
from gvrc.store.reads_search import FacilityFilter
from gvrc.store.session import Database
from gvrc.views import export_files, fhir
from gvrc.views.export_files import CSV_COLUMNS, neutral
from gvrc.views.facilities import FacilityView, facility_views
from gvrc.views.people import masked_text
from gvrc.views.sight import Sight, note_looks

__all__ = ["CSV_COLUMNS", "FORMATS", "ExportFormat", "FileFormat", "anonymous", "as_role", "export", "neutral"]

_CHUNK = 1000
_ANONYMOUS_ROLE = Role.DATA_ANALYST
"""An anonymous file shows no more than this role sees: it is made to be handed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """What a browser is told about a format."""

    suffix: str
    media_type: str


FORMATS: dict[ExportFormat, FileFormat] = {
    ExportFormat.CSV: FileFormat(suffix="csv", media_type="text/csv"),
    ExportFormat.XLSX: FileFormat(suffix="xlsx", media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ExportFormat.GEOJSON: FileFormat(suffix="geojson", media_type="application/geo+json"),
    ExportFormat.FHIR: FileFormat(suffix="fhir.json", media_type="application/fhir+json"),
}


def export(
    db: Database, actor: Actor, stream: BinaryIO, *, file_format: ExportFormat, filters: FacilityFilter | None = None, role: Role | None = None,
    is_anonymous: bool | None = None,
) -> int:
    """Write the facilities of a filter to a binary stream; returns how many.

    `role` shows them as that role would see them, never more than the actor's own. `is_anonymous` (by default the setting `anonymisation`)
    leaves every contact, officer, address and free text out, and whatever a data analyst may not see. CSV and XLSX never hold a formula. The
    export, each withheld place in it, and a refused try are written to the access log. Raises NotAllowedError.
    """
    hides_people = db.settings.anonymisation if is_anonymous is None else is_anonymous
    reader = _reader(db, actor, role, file_format, is_anonymous=hides_people)
    chunks = _chunks(db, actor, reader, filters or FacilityFilter(), is_anonymous=hides_people)
    if file_format is ExportFormat.XLSX:
        return export_files.write_xlsx(stream, chunks)
    if file_format is ExportFormat.GEOJSON:
        return export_files.write_geojson(stream, chunks)
    if file_format is ExportFormat.FHIR:
        return fhir.write_bundle(stream, chunks, fhir.Systems.of(db.settings))
    return export_files.write_csv(stream, chunks)


def as_role(actor: Actor, role: Role | None) -> Actor:
    """The actor, seeing as `role` sees. Raises NotAllowedError for a role that sees more."""
    if role is None or role is actor.role:
        return actor
    if not MATRIX[role] <= MATRIX[actor.role]:
        raise NotAllowedError(f"You may not see the registry as {role.replace('_', ' ')}.", "Choose a role that sees no more than your own.")
    return replace(actor, role=role)


def anonymous(view: FacilityView) -> FacilityView:
    """A facility without its people: no contact, officer, address or free text; numbers and addresses in its names are masked."""
    return replace(
        view, contacts=(), officer=None, address=None, description=None, name=_masked(view.name), opening_hours=_masked(view.opening_hours),
        aliases=tuple(masked_text(alias) for alias in view.aliases), owner=_masked(view.owner),
    )


def _masked(text: str | None) -> str | None:
    return None if text is None else masked_text(text)


def _reader(db: Database, actor: Actor, role: Role | None, file_format: ExportFormat, *, is_anonymous: bool) -> Actor:
    """Who the file is written for; the export, or the refused try, is in the access log before a byte is written."""
    resource = f"registry as {role or actor.role}, {file_format}{', anonymous' if is_anonymous else ''}"
    try:
        require(actor, Permission.EXPORT)
        reader = as_role(actor, role)
    except NotAllowedError:
        _note(db, actor, [resource], "export", "refused")
        raise
    _note(db, actor, [resource], "export")
    return replace(reader, role=_ANONYMOUS_ROLE) if is_anonymous and MATRIX[_ANONYMOUS_ROLE] <= MATRIX[reader.role] else reader


def _chunks(db: Database, actor: Actor, reader: Actor, chosen: FacilityFilter, *, is_anonymous: bool) -> Iterator[list[FacilityView]]:
    """The facilities in the order of their ids, one moment's state of the registry."""
    sight = Sight(actor=reader)
    with db.read(reader, timeout_seconds=0) as conn:
        for rows in reads_registry.facility_rows_after(conn, sight.scope, chosen, chunk=_CHUNK):
            views = facility_views(conn, db, sight, rows)
            _note(db, actor, [f"facility {view.facility_code}" for view in views if view.visibility == "withheld"], "look")
            yield [anonymous(view) for view in views] if is_anonymous else views


def _note(db: Database, actor: Actor, resources: Iterable[str], action: str, result: str = "allowed") -> None:
    listed = list(resources)
    if listed:
        with db.unit_of_work(actor, reason="export") as conn:
            note_looks(conn, actor, listed, action=action, result=result)
