"""What was set aside: rows that could not be processed, and records that the registry refused, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_dead
from gvrc.store.session import Database
from gvrc.views.people import Opened, open_all
from gvrc.views.sight import Sight, note_looks

KINDS = ("unread", "refused", "written")
"""`unread`: could not be processed, waits. `refused`: the registry did not take it, waits for the next commit. `written`: was taken after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterView:
    """One row or record that was set aside. File, pointer and error are None where the place is not for the reader's eyes."""

    dead_letter_id: int
    kind: str
    stage: str
    file_name: str | None
    pointer: str | None
    record_id: int | None
    error: str | None
    tries: int
    set_aside_at: datetime
    last_tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterPage:
    """One page of what a run set aside; `total` counts all that the reader may know of in the kinds asked for, `by_kind` each kind."""

    total: int
    by_kind: Mapping[str, int]
    rows: tuple[DeadLetterView, ...]


def dead_letters(db: Database, actor: Actor, run_id: int | None = None, limit: int = 100, offset: int = 0, *, kind: str | None = None) -> DeadLetterPage:
    """What was set aside in a run (None: in all of them), those that wait first; of one `kind` (see `KINDS`) when it is given.

    A place that is withheld from the reader is not there, not even in the counts. The payload is not told: it is for the replay.
    Raises NotAllowedError.
    """
    require(actor, Permission.RUN)
    scope = Sight(actor=actor).scope
    kinds = [name for name in KINDS if kind in (None, name)]
    with db.read(actor) as conn:
        counts = reads_dead.dead_letter_counts(conn, scope, run_id)
        rows = reads_dead.dead_letter_rows(conn, scope, run_id, kinds, limit=limit, offset=offset)
        opened = open_all(conn, db, [row.error for row in rows])
    _note_withheld(db, actor, rows)
    views = tuple(_view(row, opened) for row in rows)
    return DeadLetterPage(total=sum(counts.get(name, 0) for name in kinds), by_kind=counts, rows=views)


def _view(row: Any, opened: Opened) -> DeadLetterView:
    """One dead letter; personal data in its error stays masked, whoever reads it."""
    return DeadLetterView(
        dead_letter_id=row.dead_letter_id, kind=row.kind, stage=row.stage, file_name=row.file_name, pointer=row.pointer, record_id=row.record_id,
        error=opened.text(row.error, "contacts", is_clear=False), tries=row.tries, set_aside_at=row.created_at, last_tried_at=row.updated_at,
    )


def _note_withheld(db: Database, actor: Actor, rows: Iterable[Any]) -> None:
    looked_at = [f"record {row.record_id}" for row in rows if row.is_withheld]
    if looked_at:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, looked_at)
