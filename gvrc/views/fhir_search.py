"""FHIR resources page by page, in the order of the facilities' ids: the same speed at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_registry
from gvrc.store.reads_search import FacilityFilter
from gvrc.store.session import Database
from gvrc.views import fhir
from gvrc.views.facilities import FacilityView, facility_views
from gvrc.views.fhir import Resource, Systems
from gvrc.views.sight import Sight, note_looks

ResourceKind = Literal["Organization", "Location", "HealthcareService"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirPage:
    """A page of resources, the jurisdictions they refer to, and the facility after which the next page begins (None: the last page)."""

    matches: list[Resource]
    included: list[Resource]
    next_after: int | None


def fhir_page(db: Database, actor: Actor, kind: ResourceKind, *, chosen: FacilityFilter | None = None, after: int = 0, limit: int = 50) -> FhirPage:
    """The resources of the next `limit` facilities as this person may see them. Raises NotAllowedError."""
    require(actor, Permission.READ)
    sight, systems = Sight(actor=actor), Systems.of(db.settings)
    with db.read(actor) as conn:
        rows = reads_registry.facility_rows_next(conn, sight.scope, chosen or FacilityFilter(), after=after, limit=limit + 1)
        views = facility_views(conn, db, sight, rows[:limit])
    looked_at = [f"facility {view.facility_code}" for view in views if view.visibility == "withheld"]
    if looked_at:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, looked_at)
    matches = [resource for view in views for resource in _resources(view, kind, systems)]
    included = {f"{unit['resourceType']}/{unit['id']}": unit for view in views for unit in fhir.jurisdictions(view, systems)} if kind != "HealthcareService" else {}
    return FhirPage(matches=matches, included=list(included.values()), next_after=views[-1].facility_id if len(rows) > limit else None)


def _resources(view: FacilityView, kind: ResourceKind, systems: Systems) -> Iterator[Resource]:
    if kind == "Organization":
        yield fhir.organization(view, systems)
    elif kind == "Location":
        yield fhir.location(view, systems)
    else:
        yield from fhir.healthcare_services(view, systems)
