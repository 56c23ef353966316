"""FHIR R4 as IHE mCSD wants it: searchset bundles of organisations, locations and services, paged by `next` links."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from gvrc.api.callers import Caller
from gvrc.api.office import office_of
from gvrc.api.problems import answers
from gvrc.model.access import Actor
from gvrc.views.fhir_search import ResourceKind, fhir_page

LARGEST_COUNT = 200
FHIR_JSON = "application/fhir+json"

router = APIRouter(prefix="/fhir", tags=["fhir"])


class BundleLink(BaseModel):
    relation: str
    url: str


class BundleEntry(BaseModel):
    model_config = ConfigDict(extra="allow")
    fullUrl: str  # noqa: N815 (FHIR's names)
    resource: dict[str, Any]
    search: dict[str, str]


class Bundle(BaseModel):
    """A FHIR R4 Bundle of type searchset. Its total is not counted; follow `next` until there is none."""

    resourceType: str  # noqa: N815
    type: str
    link: list[BundleLink]
    entry: list[BundleEntry] | None = None


Count = Annotated[int, Query(alias="_count", ge=1, le=LARGEST_COUNT, description="Facilities per page")]
After = Annotated[int, Query(alias="_after", ge=0, le=10**18, description="Where the page begins; taken from the `next` link")]
_DOCUMENTED: dict[int | str, dict[str, Any]] = {200: {"content": {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/Bundle"}}}}}


@router.get("/Organization", response_class=Response, responses=answers() | _DOCUMENTED, summary="Facilities as organisations")
async def organizations(request: Request, caller: Caller, count: Count = 50, after: After = 0) -> Response:
    """mCSD FacilityOrganization, with the jurisdictions they lie in."""
    return await _searchset(request, caller, "Organization", (count, after))


@router.get("/Location", response_class=Response, responses=answers() | _DOCUMENTED, summary="Facilities as locations")
async def locations(request: Request, caller: Caller, count: Count = 50, after: After = 0) -> Response:
    """mCSD FacilityLocation, with the jurisdictions they lie in."""
    return await _searchset(request, caller, "Location", (count, after))


@router.get("/HealthcareService", response_class=Response, responses=answers() | _DOCUMENTED, summary="What facilities offer")
async def healthcare_services(request: Request, caller: Caller, count: Count = 50, after: After = 0) -> Response:
    """One resource per service of the next facilities."""
    return await _searchset(request, caller, "HealthcareService", (count, after))


async def _searchset(request: Request, caller: Actor, kind: ResourceKind, page: tuple[int, int]) -> Response:
    count, after = page
    found = await office_of(request).read(lambda db: fhir_page(db, caller, kind, after=after, limit=count))
    here = str(request.url_for(_ROUTES[kind]))
    links = [{"relation": "self", "url": f"{here}?{urlencode({'_count': count, '_after': after})}"}]
    if found.next_after is not None:
        links.append({"relation": "next", "url": f"{here}?{urlencode({'_count': count, '_after': found.next_after})}"})
    base = here.rpartition("/")[0]
    entries = [_entry(base, resource, "match") for resource in found.matches] + [_entry(base, resource, "include") for resource in found.included]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    # FHIR knows no empty lists
    return Response(orjson.dumps(bundle | ({"entry": entries} if entries else {})), media_type=FHIR_JSON)


_ROUTES: dict[ResourceKind, str] = {"Organization": "organizations", "Location": "locations", "HealthcareService": "healthcare_services"}


def _entry(base: str, resource: dict[str, Any], mode: str) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource, "search": {"mode": mode}}
