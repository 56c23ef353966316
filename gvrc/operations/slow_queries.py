"""The statements that cost the database most, for who runs it."""

from __future__ import annotations

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import machine
from gvrc.store.machine import SlowQuery
from gvrc.store.session import Database


def slow_queries(db: Database, actor: Actor, *, limit: int = 20) -> list[SlowQuery] | None:
    """The statements that took most time altogether, without their values; None when the server keeps no statistics. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    with db.read() as conn:
        return machine.slow_queries(conn, limit)


__all__ = ["SlowQuery", "slow_queries"]
