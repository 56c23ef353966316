"""The compliance report: what is kept of people and how much of it, who looked at it, what was erased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import compliance as store
from gvrc.store import subjects
from gvrc.store.compliance import LookQuery
from gvrc.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One entry of the access log: who did what with what, and whether they were let. A resource is named by its code, never by a value."""

    username: str
    action: str
    resource: str
    result: str
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPage:
    """A page of the access log; `total` is how many entries the search found."""

    total: int
    rows: tuple[Look, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandledRequest:
    """A request of a data subject, or a purge: what was found or erased, in counts by kind."""

    request_id: int
    action: str
    reason: str
    found: Mapping[str, int]
    handled_by: str
    handled_at: datetime

    @property
    def total(self) -> int:
        return sum(self.found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is kept: `counts` by kind of data; `keeping_days` is how long rows and files as they came are kept."""

    counts: Mapping[str, int]
    keeping_days: int
    requests: tuple[HandledRequest, ...]


def holdings(db: Database, actor: Actor) -> Holdings:
    """What is kept of people, and the latest hundred requests and purges. Raises NotAllowedError (needs MANAGE_ACCOUNTS)."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.read(actor) as conn:
        counts = store.held(conn)
        requests = tuple(HandledRequest(**row) for row in subjects.list_requests(conn))
    return Holdings(counts=counts, keeping_days=db.settings.raw_retention_days, requests=requests)


def looks(db: Database, actor: Actor, query: LookQuery) -> LookPage:
    """Who looked, exported, signed in or was refused, the latest first. Raises NotAllowedError (needs MANAGE_ACCOUNTS)."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.read(actor) as conn:
        total, rows = store.looks(conn, query)
    return LookPage(total=total, rows=tuple(Look(**row._mapping) for row in rows))
