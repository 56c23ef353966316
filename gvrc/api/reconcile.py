"""The reconciliation service of the W3C community group, version 0.2: OpenRefine matches its rows against the registry.

Candidates are places as the token's role may see them; their ids are facility codes. JSONP is not spoken: it would have to carry the token in the
address.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import anyio
from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from gvrc import __version__
from gvrc.api.callers import Caller
from gvrc.api.office import office_of
from gvrc.api.problems import answers, sentence
from gvrc.model.access import Actor
from gvrc.store.session import Database
from gvrc.views.reconcile import PROPERTIES, Candidate, candidates, kinds_of_place

LARGEST_BATCH = 50
LARGEST_BODY_BYTES = 1_000_000
USUAL_LIMIT, LARGEST_LIMIT = 10, 100
LONGEST_TEXT = 500

router = APIRouter(tags=["reconciliation"])

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Reference(BaseModel):
    """A value that is another entity."""

    model_config = ConfigDict(strict=True)
    id: Text
    name: Text | None = None

    def __str__(self) -> str:
        return self.name or self.id


Value = Text | float | int | bool | Reference


class Known(BaseModel):
    """What is known of the place besides its name."""

    model_config = ConfigDict(strict=True)
    pid: Annotated[str, Field(max_length=100, description="A property of the suggest service; others are not looked at")]
    v: Value | Annotated[list[Value], Field(max_length=20)]

    def values(self) -> list[str]:
        """The values as text."""
        return [_plain(value) for value in (self.v if isinstance(self.v, list) else [self.v])]


class ReconciliationQuery(BaseModel):
    """One question: a name, or what else is known, or both."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"anyOf": [
        {"required": ["query"]}, {"required": ["properties"], "properties": {"properties": {"type": "array", "minItems": 1}}},
    ]})
    query: Text = ""
    type: Text | Annotated[list[Text], Field(max_length=20)] = ""
    limit: Annotated[float, Field(ge=1, le=LARGEST_LIMIT)] = USUAL_LIMIT
    properties: Annotated[list[Known], Field(max_length=20)] = []
    type_strict: Literal["any", "should", "all"] = "any"

    @model_validator(mode="after")
    def _asks_something(self) -> ReconciliationQuery:
        if "query" not in self.model_fields_set and not self.properties:
            raise ValueError("give a query or properties")
        return self

    def kinds(self) -> list[str]:
        """The kinds of place wanted; none: any."""
        return [kind for kind in (self.type if isinstance(self.type, list) else [self.type]) if kind]


class QueryBatch(RootModel[dict[str, ReconciliationQuery]]):
    """Questions by name; the answers come under the same names."""

    root: Annotated[dict[str, ReconciliationQuery], Field(max_length=LARGEST_BATCH)]


class Kind(BaseModel):
    id: str
    name: str


class Feature(BaseModel):
    id: str
    value: float | bool


class ReconciliationCandidate(BaseModel):
    id: str = Field(description="The facility's code")
    name: str
    description: str
    type: list[Kind]
    score: float = Field(description="0 to 100")
    match: bool = Field(description="It is sure, and no other is near")
    features: list[Feature]


class ReconciliationResult(BaseModel):
    result: list[ReconciliationCandidate]


class ResultBatch(RootModel[dict[str, ReconciliationResult]]):
    """Answers by the names of the questions."""


class Suggestion(BaseModel):
    id: str
    name: str
    description: str | None = None


class Suggestions(BaseModel):
    result: list[Suggestion]


class EntitySuggestion(Suggestion):
    notable: list[Kind]


class EntitySuggestions(BaseModel):
    result: list[EntitySuggestion]


class View(BaseModel):
    url: str


class Service(BaseModel):
    service_url: str
    service_path: str


class Manifest(BaseModel):
    """What this reconciliation service is and offers."""

    versions: list[str]
    name: str
    identifierSpace: str  # noqa: N815 (the specification's names)
    schemaSpace: str  # noqa: N815
    serviceVersion: str  # noqa: N815
    defaultTypes: list[Kind]  # noqa: N815
    authentication: dict[str, str]
    view: View
    suggest: dict[str, Service]


_BATCH_SCHEMA = {"$ref": "#/components/schemas/QueryBatch"}
_GET_PARAMETER = {
    "name": "queries", "in": "query", "required": False, "description": "A batch of questions as JSON; without it the service describes itself",
    "content": {"application/json": {"schema": _BATCH_SCHEMA}},
}
_BODY = {
    "required": True, "description": "The batch as JSON; or, as the specification has it, a form whose field `queries` holds it",
    "content": {"application/json": {"schema": _BATCH_SCHEMA}},
}
_TOO_LONG: dict[int | str, dict[str, Any]] = {
    400: {"description": "The address is longer than the server reads (64 KiB); POST such a batch", "content": {"text/plain": {"schema": {"type": "string"}}}},
}


@router.get(
    "/reconcile", response_model=Manifest | ResultBatch, responses=answers() | _TOO_LONG, openapi_extra={"parameters": [_GET_PARAMETER]},
    summary="Describe the reconciliation service, or answer a batch of questions",
)
async def reconcile(request: Request, caller: Caller) -> Any:
    """Without `queries` the service manifest, with it the answers."""
    queries = request.query_params.get("queries")
    if queries is None:
        return _manifest(request)
    return await _answers(request, caller, _batch(queries))


@router.post("/reconcile", response_model=ResultBatch, responses=answers(415), openapi_extra={"requestBody": _BODY}, summary="Answer a batch of questions")
async def reconcile_batch(request: Request, caller: Caller) -> Any:
    """A form with the field `queries`, or the batch itself as JSON."""
    body = await _body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return await _answers(request, caller, _batch(body))
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send a form with the field queries, or JSON.")
    fields = _form(body)
    if "queries" not in fields:
        raise HTTPException(422, "queries: Field required")
    return await _answers(request, caller, _batch(fields["queries"][0]))


Prefix = Annotated[str, Query(max_length=200, description="What was typed so far")]
Cursor = Annotated[int, Query(ge=0, le=10_000, description="How many suggestions to leave out")]


@router.get("/reconcile/suggest/entity", response_model=EntitySuggestions, responses=answers(), summary="Places whose name is like this")
async def suggest_entity(request: Request, caller: Caller, prefix: Prefix, cursor: Cursor = 0) -> Any:
    """Auto-completion of places."""
    if not prefix.strip():
        return {"result": []}
    found = await office_of(request).read(lambda db: candidates(db, caller, prefix, limit=USUAL_LIMIT + cursor))
    told = [_candidate(item) for item in found[cursor:]]
    return {"result": [{"id": item["id"], "name": item["name"], "description": item["description"], "notable": item["type"]} for item in told]}


@router.get("/reconcile/suggest/type", response_model=Suggestions, response_model_exclude_none=True, responses=answers(), summary="Kinds of place whose name is like this")
async def suggest_type(caller: Caller, prefix: Prefix, cursor: Cursor = 0) -> Any:
    """Auto-completion of kinds of place."""
    return {"result": [{"id": kind.code, "name": kind.label} for kind in kinds_of_place(prefix)[cursor:]]}


@router.get("/reconcile/suggest/property", response_model=Suggestions, response_model_exclude_none=True, responses=answers(), summary="Properties whose name is like this")
async def suggest_property(caller: Caller, prefix: Prefix, cursor: Cursor = 0) -> Any:
    """Auto-completion of properties."""
    wanted = prefix.strip().casefold()
    found = [(name, label, told) for name, (label, told) in PROPERTIES.items() if wanted in label.casefold() or wanted in name]
    return {"result": [{"id": name, "name": label, "description": told} for name, label, told in found[cursor:]]}


# ------------------------------------------------------------------------------------------------------------------ helpers


def _manifest(request: Request) -> dict[str, Any]:
    here = str(request.url_for("welcome")).rstrip("/")
    service = {name: {"service_url": here, "service_path": f"/reconcile/suggest/{name}"} for name in ("entity", "type", "property")}
    return {
        "versions": ["0.2"], "name": "GVRC: places that help survivors of gender-based violence, Kenya", "identifierSpace": f"{here}/facilities/",
        "schemaSpace": f"{here}/reconcile/suggest/property", "serviceVersion": __version__,
        "defaultTypes": [{"id": kind.code, "name": kind.label} for kind in kinds_of_place()],
        "authentication": {"type": "apiKey", "name": "Authorization", "in": "header"}, "view": {"url": f"{here}/facilities/{{{{id}}}}"}, "suggest": service,
    }


async def _answers(request: Request, caller: Actor, batch: QueryBatch) -> dict[str, Any]:
    office = office_of(request)
    return {name: {"result": [_candidate(item) for item in await office.read(_asker(caller, query))]} for name, query in batch.root.items()}


def _asker(caller: Actor, query: ReconciliationQuery) -> Any:
    known: dict[str, list[str]] = {}
    for prop in query.properties:
        known.setdefault(prop.pid, []).extend(prop.values())

    def ask(db: Database) -> list[Candidate]:
        return candidates(db, caller, query.query, kinds=query.kinds(), known=known, limit=int(query.limit))

    return ask


def _candidate(item: Candidate) -> dict[str, Any]:
    view = item.facility
    kind = [{"id": view.facility_type, "name": view.facility_type_label or view.facility_type}] if view.facility_type else []
    return {
        "id": view.facility_code, "name": view.name or "", "description": ", ".join(part for part in (view.facility_type_label, view.ward, view.county) if part),
        "type": kind, "score": item.score, "match": item.is_match, "features": [{"id": name, "value": value} for name, value in item.features.items()],
    }


def _batch(text: str | bytes) -> QueryBatch:
    try:
        return QueryBatch.model_validate_json(text)
    except ValidationError as error:
        raise HTTPException(422, sentence([{"loc": ("queries", *item["loc"]), "msg": item["msg"]} for item in error.errors()])) from None


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise HTTPException(422, "The form has too many fields.") from None


async def _body(request: Request) -> bytes:
    """The whole body, bounded in size and time: a slow sender is not waited for."""
    body, seconds = bytearray(), office_of(request).settings.api_head_seconds
    try:
        with anyio.fail_after(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY_BYTES:
                    raise HTTPException(422, f"queries: The batch is larger than {LARGEST_BODY_BYTES:,} bytes. Send fewer questions at once.")
    except TimeoutError:
        raise HTTPException(408, f"The request did not arrive within {seconds:g} seconds.") from None
    return bytes(body)


_LONG_ZERO = re.compile(r"\.0$")


def _plain(value: Value) -> str:
    """A number as people write codes: 12.0 is 12."""
    return _LONG_ZERO.sub("", str(value))[:LONGEST_TEXT]
