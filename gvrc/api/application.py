"""The FastAPI application, to be mounted under `/api` or served alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from gvrc import __version__
from gvrc.api import fhir, problems, reconcile, records, status
from gvrc.api.callers import Caller
from gvrc.api.entrance import Entrance
from gvrc.api.office import Office
from gvrc.settings import Settings
from gvrc.store.keeper import DatabaseKeeper

DESCRIPTION = (
    "Read-only access to what is committed. Every answer honours the token's role: sensitive places are left out or cut, contacts masked. "
    "Errors are one sentence under `detail`; every answer carries `X-Request-ID`, which the log knows."
)


def create_api(settings: Settings, keeper: DatabaseKeeper, *, shared: Path | None = None) -> FastAPI:
    """The API over the database that `keeper` keeps; `shared` is the folder of several workers that count together. Raises ConfigError when a setting of it cannot be used."""
    api = FastAPI(
        title="GVRC", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},  # it would send addresses with what was asked for
    )
    api.state.office = Office.open(settings, keeper, shared)
    problems.install(api)
    for router in (status.router, records.router, reconcile.router, fhir.router):
        api.include_router(router)
    api.add_api_route("/openapi.json", _description, methods=["GET"], include_in_schema=False)
    origins = re.split(r"[\s,]+", settings.api_cors_origins.strip()) if settings.api_cors_origins.strip() else []
    if origins:
        api.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-ID", "Retry-After"], max_age=600,
        )
    api.add_middleware(Entrance)
    return api


async def _description(request: Request, caller: Caller) -> JSONResponse:
    """The OpenAPI description, with this installation's address."""
    base = request.scope.get("root_path", "")
    return JSONResponse(describe(request.app) | ({"servers": [{"url": base}]} if base else {}))


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with the models that no route names as its own (bodies read by hand, FHIR bundles)."""
    described: dict[str, Any] = dict(api.openapi())
    schemas = described["components"]["schemas"]
    for model in (reconcile.QueryBatch, fhir.Bundle):
        found = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= found.pop("$defs", {}) | {model.__name__: found}
    return described
