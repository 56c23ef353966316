"""Errors of the API, each one sentence under `detail`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from gvrc.errors import GvrcError

_log = structlog.get_logger("gvrc.api")


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    detail: str = Field(description="What happened and what to do")


WORDS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or one that is unknown, expired or revoked"},
    403: {"model": Problem, "description": "The token's role may not see this"},
    404: {"model": Problem, "description": "There is no such thing, or none that this role may know of"},
    415: {"model": Problem, "description": "The body is neither a form nor JSON"},
    422: {"model": Problem, "description": "A parameter, or the body, is out of its bounds; the sentence names it"},
    429: {"model": Problem, "description": "Too many requests; `Retry-After` says how many seconds to wait"},
    503: {"model": Problem, "description": "The database is away or took too long; try again"},
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented errors of an endpoint that wants a token, and these."""
    return {status: WORDS[status] for status in sorted({401, 403, 422, 429, 503, *statuses})}


def install(api: FastAPI) -> None:
    """Translate everything that may be raised, once."""
    api.add_exception_handler(GvrcError, _told)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)


async def _told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GvrcError)
    headers = {"retry-after": "5"} if error.http_status == 503 else None
    return JSONResponse({"detail": str(error)}, status_code=error.http_status, headers=headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": sentence(error.errors())}, status_code=422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = {"allow": _allowed(request)} if error.status_code == 405 else error.headers
    return JSONResponse({"detail": str(error.detail)}, status_code=error.status_code, headers=headers)


def _allowed(request: Request) -> str:
    """The methods of every route with this path: the router names those of the first alone."""
    found = {method for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE for method in getattr(route, "methods", None) or ()}
    return ", ".join(sorted(found))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("request broke", exc_info=error, method=request.method)
    return JSONResponse({"detail": "The request could not be answered; the log names the cause under this request id."}, status_code=500)


def sentence(errors: Sequence[Any]) -> str:
    """`page: Input should be less than or equal to 100; ..`. The wrong values themselves are not repeated."""
    told = [f"{'.'.join(str(part) for part in item['loc'][1:]) or item['loc'][0]}: {item['msg']}" for item in errors]
    return "; ".join(told[:10])
