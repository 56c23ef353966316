"""What this is, how it is doing, and what its runs came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from gvrc import __version__, views
from gvrc.api.callers import Caller, PerhapsCaller, scraper
from gvrc.api.office import office_of
from gvrc.api.problems import WORDS, answers
from gvrc.operations import health, metrics
from gvrc.security.permissions import Permission, may

router = APIRouter(tags=["service"])
TOKEN_IF_ANY: dict[str, Any] = {"security": [{}]}
"""Added to the bearer scheme in the description: or none at all."""


class Welcome(BaseModel):
    """What this is."""

    name: str
    description: str
    version: str
    openapi: str = Field(description="Address of the OpenAPI description; it wants a token")
    links: dict[str, str]


class HealthCheck(BaseModel):
    """One check; `detail` and `hint` only for those who run the machine."""

    name: str
    status: str = Field(description="ok, warning or failed")
    detail: str | None = None
    hint: str | None = None


class Health(BaseModel):
    """Without a token only `status`."""

    status: str = Field(description="healthy, degraded (something wants attention) or unhealthy")
    db_connected: bool | None = None
    last_etl_run: datetime | None = None
    etl_status: str | None = None
    overall_status: str | None = None
    checks: dict[str, HealthCheck] | None = None
    timestamp: datetime | None = None


class Statistics(BaseModel):
    """What all runs came to."""

    total_records_processed: int
    total_duration_seconds: float
    last_success: datetime | None
    last_failure: datetime | None
    last_failure_reason: str | None
    run_count: int


@router.get("/", response_model=Welcome, openapi_extra=TOKEN_IF_ANY, responses={401: WORDS[401], 429: WORDS[429], 503: WORDS[503]}, summary="What this is")
async def welcome(request: Request, caller: PerhapsCaller) -> dict[str, Any]:
    """Name, version and where to go on. Open to everybody."""
    base = request.scope.get("root_path", "")
    paths = ("/health", "/data", "/facilities", "/stats", "/metrics", "/reconcile")
    return {
        "name": "GVRC", "description": "Kenya's registry of places that help survivors of gender-based violence. Read-only; what is committed, as far as your role may see it.",
        "version": __version__, "openapi": f"{base}/openapi.json", "links": {path.lstrip("/"): f"{base}{path}" for path in paths},
    }


@router.get(
    "/health", response_model=Health, response_model_exclude_unset=True, summary="How it is doing", openapi_extra=TOKEN_IF_ANY,
    responses={401: WORDS[401], 429: WORDS[429], 503: {"model": Health, "description": "Unhealthy"}},
)
async def health_of(request: Request, caller: PerhapsCaller) -> Response:
    """Whether this service can do its work. Without a token the status only; the checks with their remedies for those who run the machine."""
    watch = office_of(request).watch
    state = watch.known()
    if state is None:
        state = await to_thread.run_sync(watch.looked)
    status = 503 if state.status == health.UNHEALTHY else 200
    if caller is None:
        return JSONResponse({"status": state.status}, status_code=status)
    return JSONResponse(_told(state, in_detail=may(caller, Permission.SEE_OPERATIONS)), status_code=status)


def _told(state: health.Health, *, in_detail: bool) -> dict[str, Any]:
    checks = {
        check.name: {"name": check.name, "status": check.status.value} | ({"detail": check.detail, "hint": check.hint} if in_detail else {})
        for check in state.checks
    }
    return {
        "status": state.status, "db_connected": state.db_connected, "last_etl_run": _text(state.last_etl_run), "etl_status": state.etl_status,
        "overall_status": state.status, "checks": checks, "timestamp": _text(state.timestamp),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


@router.get("/stats", response_model=Statistics, responses=answers(), summary="What all runs came to")
async def stats(request: Request, caller: Caller) -> Any:
    """Runs so far: how many, how much, how long, the last good one and the last that broke, with the reason."""
    return await office_of(request).read(lambda db: views.run_statistics(db, caller))


@router.get(
    "/metrics", dependencies=[Depends(scraper)], summary="Measurements for Prometheus", response_class=Response,
    responses=answers() | {200: {"content": {metrics.CONTENT_TYPE: {"schema": {"type": "string"}}}, "description": "Prometheus text format"}},
)
async def metrics_of(request: Request) -> Response:
    """In Prometheus' text format, to the configured scrape token and to roles that see how the machine is doing."""
    measurements = office_of(request).measurements
    text = measurements.known()
    if text is None:
        text = await to_thread.run_sync(measurements.looked)
    return Response(text, media_type=metrics.CONTENT_TYPE)
