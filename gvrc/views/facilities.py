"""The registry as people may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gvrc.model.access import Actor
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_registry, reads_search
from gvrc.store.reads_search import Facets, FacilityFilter, Search
from gvrc.store.session import Connection, Database
from gvrc.views.history import HistoryEntry, history_of
from gvrc.views.people import Opened, open_all
from gvrc.views.records import ContactView, is_office_line, kind_label
from gvrc.views.remembered import remembered_of_registry
from gvrc.views.sight import Shown, Sight, note_looks


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityView:
    """One facility as its reader may see it; what is hidden is None or empty. `shown` is a value of gvrc.views.sight.Shown."""

    facility_id: int
    facility_code: str
    shown: str
    is_active: bool
    county: str | None
    county_code: str | None
    facility_type: str | None = None
    facility_type_label: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    constituency: str | None = None
    constituency_code: str | None = None
    ward: str | None = None
    ward_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    accuracy_level: str | None = None
    contacts: tuple[ContactView, ...] = ()
    services: tuple[str, ...] = ()
    service_labels: tuple[str, ...] = ()
    gbv_categories: tuple[str, ...] = ()
    owner: str | None = None
    owner_type: str | None = None
    operational_status: str | None = None
    operational_status_code: str | None = None
    keph_level: str | None = None
    mfl_code: str | None = None
    fid_code: str | None = None
    registration_number: str | None = None
    address: str | None = None
    officer: str | None = None
    opening_hours: str | None = None
    description: str | None = None
    visibility: str | None = None
    quality_score: float | None = None
    quality_parts: tuple[Mapping[str, Any], ...] = ()
    last_verified_at: date | None = None
    updated_at: datetime | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityPage:
    """One page of facilities; `total` counts all that the reader may know of. A search for words lists at most 5,000; `is_more` when there are more."""

    total: int
    rows: tuple[FacilityView, ...]
    is_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginView:
    """Where a value comes from and why it stands."""

    field_name: str
    record_key: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source record that feeds a facility."""

    source: str
    source_id: str | None
    record_key: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourView:
    """Another facility in relation to this one: merged into it, or related; `relation` says how, from this place (`is_ours`) or from the other."""

    facility_id: int
    facility_code: str
    name: str | None
    relation: str
    is_ours: bool = True

    @property
    def how(self) -> str:
        """In words: `part of` (this place of the other), `is part of this one`, `merged into this one`."""
        if self.relation == "merged":
            return "merged into this one"
        words = self.relation.replace("_", " ")
        return words if self.is_ours else f"is {words} this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityPageView:
    """Everything a facility's own page shows."""

    facility: FacilityView
    origins: tuple[OriginView, ...]
    sources: tuple[SourceView, ...]
    history: tuple[HistoryEntry, ...]
    redirects: tuple[NeighbourView, ...]
    relations: tuple[NeighbourView, ...]
    stands_for: int | None
    """The facility that survived, when this one was merged away."""


def facility_list(
    db: Database, actor: Actor, *, words: str | None = None, county: str | None = None, constituency: str | None = None, ward: str | None = None,
    facility_type: str | None = None, service: str | None = None, visibility: str | None = None, operational_status: str | None = None,
    quality: str | None = None, is_active: bool | None = True, limit: int = 100, offset: int = 0,
) -> FacilityPage:
    """One page of facilities; places are codes, `words` a name, an alias or a code. Raises NotAllowedError."""
    require(actor, Permission.READ)
    sight = Sight(actor=actor)
    chosen = FacilityFilter(
        words=(words or "").strip() or None, county=county, constituency=constituency, ward=ward, facility_type=facility_type, service=service,
        visibility=visibility, operational_status=operational_status, quality=quality, is_active=is_active,
    )
    with db.read(actor) as conn:
        ids, total, is_more = _listed(conn, db, actor, chosen, limit, offset)
        shown = facility_views(conn, db, sight, reads_registry.facility_rows(conn, sight.scope, ids))
    _note_withheld(db, actor, shown)
    return FacilityPage(total=total, rows=tuple(shown), is_more=is_more)


def _listed(conn: Connection, db: Database, actor: Actor, chosen: FacilityFilter, limit: int, offset: int) -> tuple[Sequence[int], int, bool]:
    """The ids of a page, how many there are, and whether there are more than that."""
    scope = Sight(actor=actor).scope
    if chosen.words is not None:
        search = _understood(conn, db, actor, chosen.words)
        found = remembered_of_registry(conn, db, actor, ("found", scope, chosen), lambda own: reads_search.found(own, scope, chosen, search))
        return found.ids[offset : offset + limit], len(found.ids), found.is_more
    total = remembered_of_registry(conn, db, actor, ("count", scope, chosen), lambda own: reads_search.count_facilities(own, scope, chosen))
    return reads_search.facility_ids(conn, scope, chosen, total=total, limit=limit, offset=offset), total, False


def _understood(conn: Connection, db: Database, actor: Actor, words: str) -> Search:
    scope = Sight(actor=actor).scope
    return remembered_of_registry(conn, db, actor, ("understood", scope, words), lambda own: reads_search.understood(own, scope, words))


def facets(db: Database, actor: Actor, *, words: str | None = None, county: str | None = None, facility_type: str | None = None) -> Facets:
    """How many facilities per county code, kind, visibility, status, quality band and service, as far as the reader may count; within a county per
    constituency and ward too. None for a number when the words are in so many names that they are not counted.

    Raises NotAllowedError.
    """
    require(actor, Permission.READ)
    chosen = FacilityFilter(words=(words or "").strip() or None, county=county, facility_type=facility_type)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        search = None if chosen.words is None else _understood(conn, db, actor, chosen.words)
        return remembered_of_registry(conn, db, actor, ("facets", scope, chosen), lambda own: reads_search.facets(own, scope, chosen, search))


def facility_view(db: Database, actor: Actor, facility: int | str, *, history_limit: int = 50) -> FacilityPageView | None:
    """One facility by id or code, with where its values come from, its history in words, its merged-away ids and its relations.

    None when there is none, or none that this person may know of. Raises NotAllowedError.
    """
    require(actor, Permission.READ)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        facility_id = reads_registry.facility_id_of(conn, facility) if isinstance(facility, str) else facility
        rows = reads_registry.facilities_by_id(conn, sight.scope, [facility_id]) if facility_id is not None else {}
        if facility_id is None or facility_id not in rows:
            return None
        shown = facility_views(conn, db, sight, [rows[facility_id]])[0]
        page = _page(conn, db, sight, rows[facility_id], shown, history_limit)
    _note_withheld(db, actor, [shown])
    return page


def _page(conn: Connection, db: Database, sight: Sight, row: Any, shown: FacilityView, history_limit: int) -> FacilityPageView:
    if row.shown != Shown.ALL:
        return FacilityPageView(facility=shown, origins=(), sources=(), history=(), redirects=(), relations=(), stands_for=None)
    redirects = reads_registry.redirect_rows(conn, row.facility_id)
    relations = reads_registry.relation_rows(conn, row.facility_id)
    ids = {number for r in redirects for number in (r.from_facility_id, r.to_facility_id)}
    ids |= {number for r in relations for number in (r.facility_id, r.related_facility_id)}
    known = reads_registry.facilities_by_id(conn, sight.scope, sorted(ids))
    gone = next((r.to_facility_id for r in redirects if r.from_facility_id == row.facility_id), None)
    return FacilityPageView(
        facility=shown, origins=tuple(OriginView(field_name=name, **origin) for name, origin in sorted(row.origins.items())),
        sources=tuple(SourceView(**source._mapping) for source in reads_registry.source_rows(conn, row.facility_id)),
        history=history_of(conn, db, row.facility_id, is_clear=sight.sees_contacts(row.county_code), limit=history_limit),
        redirects=_neighbours([(r.from_facility_id, "merged", False) for r in redirects if r.to_facility_id == row.facility_id], known),
        relations=_neighbours([_related(r, row.facility_id) for r in relations], known), stands_for=gone if gone in known else None,
    )


def _related(relation: Any, facility_id: int) -> tuple[int, str, bool]:
    if relation.facility_id == facility_id:
        return relation.related_facility_id, relation.relation, True
    return relation.facility_id, relation.relation, False


def _neighbours(found: Sequence[tuple[int, str, bool]], known: Mapping[int, Any]) -> tuple[NeighbourView, ...]:
    return tuple(
        NeighbourView(facility_id=number, facility_code=known[number].facility_code, name=known[number].facility_name, relation=relation, is_ours=is_ours)
        for number, relation, is_ours in found if number in known
    )


def facility_views(conn: Connection, db: Database, sight: Sight, rows: Sequence[Any]) -> list[FacilityView]:
    """Masked rows as views, with contacts, services and categories."""
    whole = [row.facility_id for row in rows if row.shown == Shown.ALL]
    lines = [row.facility_id for row in rows if row.shown == Shown.LINE]
    areas = [row.facility_id for row in rows if row.shown == Shown.AREA]
    contacts = reads_registry.contact_rows(conn, whole + lines) if whole or lines else {}
    services = reads_registry.service_rows(conn, whole + areas) if whole or areas else {}
    categories = reads_registry.category_rows(conn, whole) if whole else {}
    sealed = [(row.address, row.officer) for row in rows] + [c.value for found in contacts.values() for c in found]
    opened = open_all(conn, db, sealed)
    return [
        _view(sight, row, contacts.get(row.facility_id, ()), services.get(row.facility_id, ()), categories.get(row.facility_id, ()), opened) for row in rows
    ]


def _view(sight: Sight, row: Any, contacts: Sequence[Any], services: Sequence[Any], categories: Sequence[Any], opened: Opened) -> FacilityView:
    is_clear = sight.sees_contacts(row.county_code)
    is_line = row.shown == Shown.LINE
    told = [c for c in contacts if not is_line or is_office_line(c.contact_type, c.label, is_primary=c.is_primary)]

    def text(value: str | None, field_name: str = "") -> str | None:
        return opened.text(value, field_name, is_clear=is_clear)

    return FacilityView(
        facility_id=row.facility_id, facility_code=row.facility_code, shown=row.shown, is_active=row.is_active, county=row.county_name,
        county_code=row.county_code, facility_type=row.facility_type, facility_type_label=kind_label(row.facility_type), name=text(row.facility_name),
        aliases=tuple(text(alias) or "" for alias in row.aliases), constituency=row.constituency_name,
        constituency_code=row.constituency_code, ward=row.ward_name, ward_code=row.ward_code, latitude=row.latitude, longitude=row.longitude,
        accuracy_level=row.accuracy_level,
        contacts=tuple(
            ContactView(
                contact_type=c.contact_type, value=opened.contact(c.contact_type, c.value, is_clear=is_clear or is_line), label=c.label, is_primary=c.is_primary,
            )
            for c in told
        ),
        services=tuple(s.service for s in services), service_labels=tuple(s.label for s in services), gbv_categories=tuple(c.label for c in categories),
        owner=row.owner, owner_type=row.owner_type, operational_status=_status(row.operational_status), operational_status_code=row.operational_status,
        keph_level=row.keph_level, mfl_code=row.mfl_code,
        fid_code=row.fid_code, registration_number=row.registration_number, address=text(row.address, "address"),
        officer=text(row.officer, "officer"), opening_hours=text(row.opening_hours), description=text(row.description), visibility=row.visibility,
        quality_score=row.quality_score, quality_parts=tuple(row.quality_parts), last_verified_at=row.last_verified_at,
        updated_at=row.updated_at if row.shown == Shown.ALL else None, version=row.version,
    )


def _status(code: str | None) -> str | None:
    return load_vocabularies().operational_statuses.label(code) or None


def _note_withheld(db: Database, actor: Actor, shown: Sequence[FacilityView]) -> None:
    looked_at = [f"facility {view.facility_code}" for view in shown if view.visibility == "withheld"]
    if looked_at:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, looked_at)
