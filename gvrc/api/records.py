"""The committed data: unified records and golden records."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from gvrc import views
from gvrc.api.callers import Caller
from gvrc.api.office import office_of
from gvrc.api.problems import answers
from gvrc.views.facilities import FacilityPageView, FacilityView
from gvrc.views.unified import Position, UnifiedFilter, count_unified, unified_page
from gvrc.views.units import Level, unit_codes

LARGEST_PAGE = 1000
LAST_PAGE = 100
CURSOR = r"^[0-9]{1,16}-[0-9]{1,18}-[0-9]{1,18}-[0-9]{1,9}$"

router = APIRouter(tags=["registry"])

Text = Annotated[str | None, Field(max_length=200)]
Words = Annotated[str | None, Query(max_length=200)]
Page = Annotated[int, Query(ge=1, le=LAST_PAGE, description="Page number; beyond the first pages follow `next_cursor`")]
PageSize = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows per page")]


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _moment(value: object) -> object:
    """A date with a time, never a bare number."""
    if isinstance(value, str) and not _MOMENT.match(value):
        raise ValueError("write it as 2026-05-31T12:00:00Z")
    return value


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def parameters_of(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The query parameters that a model reads, as OpenAPI describes them."""
    described = model.model_json_schema()["properties"].items()
    return [{"name": name, "in": "query", "required": False, "schema": schema, "description": schema.get("description", "")} for name, schema in described]


class UnifiedRecord(BaseModel):
    """One source record and the facility it feeds."""

    id: int = Field(description="Number of the link between source record and facility")
    source: str
    source_id: str | None = Field(description="How the source names it")
    name: str | None
    value: str = Field(description="The facility's code")
    description: str | None
    created_at: datetime = Field(description="When the source record was first committed")
    updated_at: datetime = Field(description="When the facility last changed")
    facility_id: int


class DataPage(BaseModel):
    """A page of unified records, by the time of their last change. `total` may be a minute old."""

    data: list[UnifiedRecord]
    total: int
    page: int
    page_size: int
    has_more: bool
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; the same speed at any depth")


class Contact(BaseModel):
    contact_type: str
    value: str = Field(description="Masked unless the role sees contacts")
    label: str | None
    is_primary: bool


class Facility(BaseModel):
    """A golden record; what the role may not see is null or empty, and `shown` says how much it sees: all, area, line or trace."""

    facility_id: int
    facility_code: str
    shown: str
    is_active: bool
    name: str | None
    aliases: list[str]
    kind: str | None
    kind_label: str | None
    county: str | None
    county_code: str | None
    constituency: str | None
    ward: str | None
    latitude: float | None
    longitude: float | None
    accuracy_level: str | None
    contacts: list[Contact]
    services: list[str]
    gbv_categories: list[str]
    owner: str | None
    operational_status: str | None
    keph_level: str | None
    mfl_code: str | None
    fid_code: str | None
    registration_number: str | None
    address: str | None
    officer: str | None
    opening_hours: str | None
    description: str | None
    visibility: str | None
    quality_score: float | None
    last_verified_at: date | None
    updated_at: datetime | None
    version: int | None


class Neighbour(BaseModel):
    facility_id: int
    facility_code: str
    name: str | None
    how: str


class Source(BaseModel):
    source: str
    source_id: str | None
    first_seen: datetime
    last_seen: datetime


class WholeFacility(Facility):
    """A golden record with the sources that feed it, what was merged into it, and its relations."""

    sources: list[Source]
    merged: list[Neighbour]
    relations: list[Neighbour]


class FacilitiesPage(BaseModel):
    """A page of golden records."""

    data: list[Facility]
    total: int = Field(description="How many there are; of a search by `q` that finds more than 5,000, those that are listed")
    total_is_least: bool = Field(description="There are more than `total`: ask for less at once")
    page: int
    page_size: int
    has_more: bool


class DataQuery(BaseModel):
    """What `/data` may be asked. One model, read at once: FastAPI takes longer over eleven parameters than the database over the page."""

    source: Text = None
    county: Text = None
    constituency: Text = None
    ward: Text = None
    kind: Text = None
    service: Text = None
    q: Text = None
    updated_since: Annotated[datetime | None, BeforeValidator(_moment), AfterValidator(_aware)] = Field(None, description="Only what changed at or after this moment")
    page: int = Field(1, ge=1, le=LAST_PAGE, description="Page number; beyond the first pages follow `next_cursor`")
    page_size: int = Field(100, ge=1, le=LARGEST_PAGE, description="Rows per page")
    cursor: str | None = Field(None, pattern=CURSOR, description="`next_cursor` of the page before; `page` is then not looked at")

    @property
    def chosen(self) -> UnifiedFilter:
        """The filters."""
        return UnifiedFilter(
            source=self.source, county=self.county, constituency=self.constituency, ward=self.ward, kind=self.kind, service=self.service, words=self.q or None,
            updated_since=self.updated_since,
        )

    @classmethod
    def of(cls, request: Request) -> DataQuery:
        """Raises RequestValidationError, which is told as for every other parameter."""
        try:
            return cls.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise RequestValidationError([{**item, "loc": ("query", *item["loc"])} for item in error.errors()]) from None


@router.get("/data", response_model=DataPage, responses=answers(), summary="Unified records, paged and filtered", openapi_extra={"parameters": parameters_of(DataQuery)})
async def data(request: Request, caller: Caller) -> Response:
    """What is committed, one row per source record, in the order of the last change. Places are given by code or name."""
    asked = DataQuery.of(request)
    chosen, size = asked.chosen, asked.page_size
    after, number = _position(asked.cursor) if asked.cursor else (None, asked.page)
    offset = 0 if after else (number - 1) * size
    office = office_of(request)
    found = await office.read(lambda db: unified_page(db, caller, chosen, limit=size, offset=offset, after=after))
    total = await office.total((caller.role, caller.counties, chosen), lambda db: count_unified(db, caller, chosen))
    position = found.next_position
    return _json({
        "data": found.rows, "total": total, "page": number, "page_size": size, "has_more": position is not None,
        "next_cursor": _cursor(position, number + 1) if position else None,
    })


def _cursor(position: Position, page: int) -> str:
    microseconds = round((position.updated_at - _EPOCH).total_seconds() * 1_000_000)
    return f"{microseconds}-{position.facility_id}-{position.row_id}-{page}"


def _position(cursor: str) -> tuple[Position, int]:
    microseconds, facility_id, row_id, page = map(int, cursor.split("-"))
    return Position(updated_at=datetime.fromtimestamp(microseconds / 1_000_000, UTC), facility_id=facility_id, row_id=row_id), page


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("/facilities", response_model=FacilitiesPage, responses=answers(), summary="Golden records, paged and filtered")
async def facilities(
    request: Request, caller: Caller,
    county: Words = None, constituency: Words = None, ward: Words = None, kind: Words = None, service: Words = None, q: Words = None,
    page: Page = 1, page_size: PageSize = 100,
) -> Response:
    """Places of the registry as far as the role may see them. Counties, constituencies and wards are given by code (KE007) or name, kinds and services by code."""
    county = _unit("county", county)
    constituency = _unit("constituency", constituency, county)
    ward = _unit("ward", ward, constituency or county)
    found = await office_of(request).read(lambda db: views.facility_list(
        db, caller, words=q, county=county, constituency=constituency, ward=ward, facility_type=kind, service=service, limit=page_size,
        offset=(page - 1) * page_size,
    ))
    return _json({
        "data": [_facility(view) for view in found.rows], "total": found.total, "total_is_least": found.is_more, "page": page,
        "page_size": page_size, "has_more": page * page_size < found.total,
    })


def _unit(level: Level, text: str | None, within: str | None = None) -> str | None:
    """The code of a unit; a text that means none stays, and finds nothing."""
    codes = unit_codes(level, text, within) if text is not None else ()
    if len(codes) > 1:
        raise HTTPException(422, f"{level}: Several are called so; give what it lies in too, or a code: {', '.join(codes)}")
    return codes[0] if codes else text


@router.get(
    "/facilities/{facility}", response_model=WholeFacility, summary="One golden record",
    responses=answers(404) | {307: {"description": "Merged into another place, which `Location` names"}},
)
async def facility(
    request: Request, caller: Caller,
    facility: Annotated[str, Path(max_length=50, pattern=r"^([0-9]{1,18}|[A-Za-z]{2,4}-[0-9]{3,6})$", description="Its number or its code")],
) -> Response:
    """A place by number or code. One that was merged away answers with a redirect to the place that stands for it."""
    wanted: int | str = int(facility) if facility.isdigit() else facility
    found = await office_of(request).read(lambda db: views.facility_view(db, caller, wanted, history_limit=1))
    if found is None:
        raise HTTPException(404, "There is no such place, or none that your role may know of.")
    if found.stands_for is not None:
        return RedirectResponse(request.url_for("facility", facility=str(found.stands_for)).path, status_code=307)
    return _json(_whole(found))


def _facility(view: FacilityView) -> dict[str, Any]:
    return {
        name: getattr(view, name)
        for name in (
            "facility_id", "facility_code", "shown", "is_active", "name", "aliases", "county", "county_code", "constituency", "ward", "latitude", "longitude",
            "accuracy_level", "services", "gbv_categories", "owner", "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number",
            "address", "officer", "opening_hours", "description", "visibility", "quality_score", "last_verified_at", "updated_at", "version",
        )
    } | {
        "kind": view.facility_type, "kind_label": view.facility_type_label,
        "contacts": [{"contact_type": c.contact_type, "value": c.value, "label": c.label, "is_primary": c.is_primary} for c in view.contacts],
    }


def _whole(page: FacilityPageView) -> dict[str, Any]:
    def told(neighbour: Any) -> dict[str, Any]:
        return {"facility_id": neighbour.facility_id, "facility_code": neighbour.facility_code, "name": neighbour.name, "how": neighbour.how}

    return _facility(page.facility) | {
        "sources": [{"source": s.source, "source_id": s.source_id, "first_seen": s.first_seen, "last_seen": s.last_seen} for s in page.sources],
        "merged": [told(neighbour) for neighbour in page.redirects], "relations": [told(neighbour) for neighbour in page.relations],
    }


def _json(value: Any) -> Response:
    """JSON at once, without a second validation of what was built just now; moments of UTC end in Z."""
    return Response(orjson.dumps(value, option=orjson.OPT_UTC_Z), media_type="application/json")


