"""What all runs came to."""

from __future__ import annotations

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import machine
from gvrc.store.machine import RunStatistics
from gvrc.store.session import Database


def run_statistics(db: Database, actor: Actor) -> RunStatistics:
    """Runs, records, seconds, the last success and the last failure with its reason. Raises NotAllowedError."""
    require(actor, Permission.READ)
    with db.read(actor) as conn:
        return machine.run_statistics(conn, db.settings.interrupted_after_seconds)
