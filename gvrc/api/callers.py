"""Who calls: the bearer token of a request becomes an actor, or an answer that says why not."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gvrc.api.office import Office, office_of
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require

LONGEST_TOKEN = 200

bearer = HTTPBearer(auto_error=False, description="A token made on the page Administration or by `gvrc token add`; its role decides what it sees.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def known_caller(request: Request, credentials: Credentials) -> Actor:
    """The actor behind the request's token. Raises 401 or 429."""
    if credentials is None:
        raise HTTPException(401, "This needs a token: send `Authorization: Bearer ..`.", headers={"WWW-Authenticate": "Bearer"})
    return await _caller(request, credentials.credentials)


async def any_caller(request: Request, credentials: Credentials) -> Actor | None:
    """The same for what everybody may ask; None without a token."""
    if credentials is not None:
        return await _caller(request, credentials.credentials)
    _wait_your_turn(office_of(request), f"address {address_of(request)}")
    return None


async def scraper(request: Request, credentials: Credentials) -> None:
    """Lets Prometheus in by the configured token, and a caller who may see how the machine is doing."""
    wanted = office_of(request).settings.metrics_token
    if wanted and credentials is not None and secrets.compare_digest(credentials.credentials.encode(), wanted.encode()):
        return
    require(await known_caller(request, credentials), Permission.SEE_OPERATIONS)


Caller = Annotated[Actor, Depends(known_caller)]
PerhapsCaller = Annotated[Actor | None, Depends(any_caller)]


def address_of(request: Request) -> str:
    """The caller's address as the nearest trusted proxy names it. Counted, never logged."""
    return request.client.host if request.client else "unknown"


async def _caller(request: Request, token: str) -> Actor:
    office = office_of(request)
    actor = await office.caller(token) if 0 < len(token) <= LONGEST_TOKEN else None
    if actor is None:
        wait = office.limits.wait_after_failure(address_of(request))
        if wait:
            raise HTTPException(429, "Too many wrong tokens from this address. Wait, and check the token.", headers={"Retry-After": str(wait)})
        raise HTTPException(401, "The token is unknown, expired or revoked.", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    _wait_your_turn(office, f"token {actor.username}")
    structlog.contextvars.bind_contextvars(user=actor.username)  # on every line of this request (gvrc/api/entrance.py)
    return actor


def _wait_your_turn(office: Office, name: str) -> None:
    wait = office.limits.wait_seconds(name)
    if wait:
        raise HTTPException(429, f"Too many requests. Wait {wait} seconds.", headers={"Retry-After": str(wait)})
