"""What the API's handlers share in one process: the database, who calls, how often, and totals that may be a minute old."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from gvrc import tokens
from gvrc.api.limits import Limits
from gvrc.errors import DatabaseUnavailable
from gvrc.model.access import Actor
from gvrc.operations.health import Watch
from gvrc.operations.metrics import Numbers, Rendered
from gvrc.operations.watched import Watched
from gvrc.settings import Settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database

T = TypeVar("T")
READERS = 4
"""Threads that read the database for the API at once; more would only wait for one another."""
TOKEN_MEMORY_SECONDS = 2.0
"""How long a token's answer is remembered; a revoked token works no longer than this."""
TOTAL_RENEWED_SECONDS, TOTAL_MEMORY_SECONDS = 45.0, 60.0
REMEMBERED = 1000


@dataclass(slots=True, kw_only=True)
class Office:
    """One per application. `settings` and the database's keeper come from who serves it."""

    settings: Settings
    keeper: DatabaseKeeper
    limits: Limits
    watch: Watch
    measurements: Rendered
    _readers: anyio.CapacityLimiter | None = None
    _totals: dict[Hashable, Watched[int]] = field(default_factory=dict)
    _asking: dict[bytes, asyncio.Future[Actor | None]] = field(default_factory=dict)
    _callers: dict[bytes, tuple[Actor, float]] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Settings, keeper: DatabaseKeeper, shared: Path | None = None) -> Office:
        """`shared` is the folder of workers that count together. Raises ConfigError when a rate limit cannot be read."""
        return cls(settings=settings, keeper=keeper, limits=Limits.of(settings, shared), watch=Watch(settings, keeper), measurements=Rendered(keeper, Numbers(keeper)))

    async def read(self, work: Callable[[Database], T]) -> T:
        """`work` with the database, in a thread; when the database is away it is looked for again for the next caller."""
        if self._readers is None:
            self._readers = anyio.CapacityLimiter(READERS)
        return await to_thread.run_sync(self._in_thread, work, limiter=self._readers)

    def _in_thread(self, work: Callable[[Database], T]) -> T:
        try:
            return work(self.keeper.database())
        except DatabaseUnavailable:
            self.keeper.look_again_quietly()
            raise

    async def total(self, name: Hashable, count: Callable[[Database], int]) -> int:
        """A count that may be a minute old, by this name (which says for whom it counts). It is renewed in the background while readers go on with the
        old one; while there is none, one counts and the others wait for it, apart from the threads that read pages."""
        if len(self._totals) >= REMEMBERED:
            self._totals.clear()
        watched = self._totals.get(name)
        if watched is None:
            look = partial(self._in_thread, count)
            watched = self._totals[name] = Watched(look, renew_seconds=TOTAL_RENEWED_SECONDS, old_seconds=TOTAL_MEMORY_SECONDS)
        known = watched.known()
        return await to_thread.run_sync(watched.looked) if known is None else known

    async def caller(self, token: str) -> Actor | None:
        """Who a bearer token belongs to; None when it is unknown, expired or revoked."""
        name = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._callers.get(name)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        if name not in self._asking:
            self._asking[name] = asyncio.ensure_future(self._look_up(name, token))
        return await asyncio.shield(self._asking[name])

    async def _look_up(self, name: bytes, token: str) -> Actor | None:
        """Asks the database once for all who wait for the same token."""
        try:
            actor = await self.read(lambda db: tokens.token_actor(db, token))
        finally:
            del self._asking[name]
        if len(self._callers) >= REMEMBERED:
            self._callers.clear()
        if actor is not None:
            self._callers[name] = (actor, time.monotonic() + TOKEN_MEMORY_SECONDS)
        else:
            self._callers.pop(name, None)
        return actor


def office_of(request: Any) -> Office:
    """The office of the application that serves this request."""
    found: Office = request.app.state.office
    return found
