"""The unified records: what every source says, in one shape, with the facility each record feeds.

A unified record tells which source record stands behind a place, so it is shown for those places only that the reader sees in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, may, require
from gvrc.store import reads_unified
from gvrc.store.codec import VAULT_PREFIX
from gvrc.store.reads_unified import Position, UnifiedFilter, UnifiedRow
from gvrc.store.session import Database
from gvrc.views.people import Opened, open_all
from gvrc.views.sight import Sight, note_looks

__all__ = ["Position", "UnifiedFilter", "UnifiedPage", "count_unified", "unified_page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedPage:
    """One page: rows of the unified contract (id, source, source_id, name, value, description, created_at, updated_at: moments with their zone) with `facility_id`, and
    the position after which the next page begins (None: this is the last)."""

    rows: Sequence[dict[str, Any]]
    next_position: Position | None


def unified_page(db: Database, actor: Actor, chosen: UnifiedFilter, *, limit: int, offset: int = 0, after: Position | None = None) -> UnifiedPage:
    """A page of unified records in the order of their last change. Raises NotAllowedError."""
    require(actor, Permission.READ)
    sight = Sight(actor=actor)
    found = reads_unified.unified_rows(db, actor, sight.scope, chosen, limit=limit + 1, offset=offset, after=after)
    rows = found[:limit]
    opened = _opened(db, actor, rows)
    is_clear = may(actor, Permission.SEE_CONTACTS) and not actor.counties  # of a limited reader, personal data in free text stays masked
    shown = [_row(row, lambda text: opened.text(text, "", is_clear=is_clear)) for row in rows]
    _note_withheld(db, actor, [row.value for row in rows if row.visibility == "withheld"])
    last = rows[-1] if len(found) > limit else None
    return UnifiedPage(rows=shown, next_position=Position(updated_at=last.updated_at, facility_id=last.facility_id, row_id=last.id) if last else None)


def count_unified(db: Database, actor: Actor, chosen: UnifiedFilter) -> int:
    """How many unified records the reader may know of. Raises NotAllowedError."""
    require(actor, Permission.READ)
    with db.read(actor) as conn:
        return reads_unified.count_unified(conn, Sight(actor=actor).scope, chosen)


def _opened(db: Database, actor: Actor, rows: Sequence[UnifiedRow]) -> Opened:
    """The vault values in the rows' texts; few pages have any, and those without cost no question."""
    sealed = [text for row in rows for text in (row.source_id, row.name, row.description) if text and VAULT_PREFIX in text]
    if not sealed:
        return Opened({})
    with db.read(actor) as conn:
        return open_all(conn, db, sealed)


def _row(row: UnifiedRow, told: Callable[[str | None], str | None]) -> dict[str, Any]:
    identity, source, source_id, name, value, description, created_at, updated_at, facility_id, _ = row
    return {
        "id": identity, "source": source, "source_id": told(source_id), "name": told(name), "value": value,
        "description": told(description), "created_at": created_at, "updated_at": updated_at, "facility_id": facility_id,
    }


def _note_withheld(db: Database, actor: Actor, codes: Sequence[str]) -> None:
    if codes:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, [f"facility {code}" for code in codes])
