"""What a run cannot take is set aside with its reason, so that one row never keeps its list, or the lists beside it, from being processed.

Rows may be as dirty as they like: what breaks a stage, or is refused by the database, is a fault of the program. The guilty row is found by
halving, waits among the dead letters as it came, and is tried again by `replay`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.model.run import Stage
from gvrc.model.source import SourceRow
from gvrc.pipeline.control import resume
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.stages.standardise import ROW_STAGES, BrokenRow
from gvrc.staging import PreparedRows, SavedRecord, Workshop, keep_rows
from gvrc.store import dead_letters as letters
from gvrc.store import raw as raw_store
from gvrc.store.dead_letters import DeadLetterDraft
from gvrc.store.files import StoredFile
from gvrc.store.registry import WriteRefused, refusals
from gvrc.store.session import Connection, Database

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

log = structlog.get_logger("gvrc.pipeline")

_OF_OTHERS = ("23503", "23505")
"""Codes of PostgreSQL (foreign key, unique) by which work done beside this refuses a whole chunk: no fault of a record."""
_STAGES = tuple(stage.value for stage in ROW_STAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a run set aside that waits: rows that a stage could not take, and elements of the file that could not be read as rows at all."""

    rows: int
    unread: int


def keep_apart(conn: Connection, workshop: Workshop, run_id: int, file: StoredFile, prepared: PreparedRows) -> list[SavedRecord]:
    """Save a chunk. What could not be standardised, or what the database refuses, is set aside; what was set aside before and was taken now is not any more."""
    saved: list[SavedRecord] = []
    refused: list[DeadLetterDraft] = []
    for part, refusal in _halved(conn, workshop, run_id, file, prepared, saved):
        pointer = part.drafts[0].record.pointer
        refused.append(DeadLetterDraft(pointer=pointer, stage=part.stage.value, error=f"The database refused this record (code {refusal.sqlstate or 'unknown'})."))
        log.error("record refused by the database", file_id=file.file_id, pointer=pointer, sqlstate=refusal.sqlstate, constraint=refusal.constraint)
    letters.take_back_in(conn, file.file_id, _STAGES, [draft.record.pointer for draft in prepared.drafts])
    letters.set_rows_aside(conn, run_id, file.file_id, [*map(_letter, prepared.broken), *refused])
    for each in prepared.broken:
        log.error("row broke a stage", file_id=file.file_id, pointer=each.row.pointer, stage=each.stage.value, exc_info=each.error)
    return saved


def _halved(
    conn: Connection, workshop: Workshop, run_id: int, file: StoredFile, prepared: PreparedRows, saved: list[SavedRecord]
) -> Iterator[tuple[PreparedRows, WriteRefused]]:
    """Save all at once or, where the database refuses that, in halves: what is refused alone."""
    if not prepared.drafts:
        return
    try:
        with refusals(), conn.begin_nested():
            saved += keep_rows(conn, workshop, file.file_id, run_id, prepared)
    except WriteRefused as refusal:
        if refusal.sqlstate in _OF_OTHERS:
            raise
        if len(prepared.drafts) == 1:
            yield prepared, refusal
            return
        half = len(prepared.drafts) // 2
        for drafts in (prepared.drafts[:half], prepared.drafts[half:]):
            yield from _halved(conn, workshop, run_id, file, replace(prepared, drafts=drafts), saved)


def _letter(broken: BrokenRow) -> DeadLetterDraft:
    """Without the text of the error, which may hold a person's data."""
    error = f"This row broke the stage {broken.stage.value} ({type(broken.error).__name__}). It is kept as it came and can be tried again; the log of errors has the details."
    return DeadLetterDraft(pointer=broken.row.pointer, stage=broken.stage.value, error=error)


def save_raw_apart(conn: Connection, context: RunContext, file: StoredFile, rows: Sequence[SourceRow]) -> int:
    """Keep rows as they came; those that the database cannot hold are set aside. Returns how many were kept."""
    if not rows:
        return 0
    try:
        with refusals(), conn.begin_nested():
            raw_store.save_rows(conn, file.file_id, file.kind, rows)
            return len(rows)
    except WriteRefused as refusal:
        if len(rows) > 1:
            half = len(rows) // 2
            return save_raw_apart(conn, context, file, rows[:half]) + save_raw_apart(conn, context, file, rows[half:])
        error = f"The database cannot hold this row as it came (code {refusal.sqlstate or 'unknown'})."
        letters.set_rows_aside(conn, context.run_id, file.file_id, [DeadLetterDraft(pointer=rows[0].pointer, stage=Stage.EXTRACT.value, error=error)])
        return 0


def waiting(db: Database, actor: Actor, run_id: int) -> Waiting:
    """How much a run set aside that still waits. Raises NotAllowedError."""
    require(actor, Permission.RUN)
    with db.read() as conn:
        counts = letters.count_set_aside(conn, run_id)
    unread = counts.pop(Stage.EXTRACT.value, 0)
    return Waiting(rows=sum(counts.values()), unread=unread)


def replay(db: Database, settings: Settings, actor: Actor, run_id: int) -> Waiting:
    """Make the run ready to take the rows it set aside through their stages again; whoever calls this executes it then.

    Raises NotAllowedError, PipelineError when nothing waits that another try could take.
    """
    found = waiting(db, actor, run_id)
    if not found.rows:
        hint = "What could not be read from a file stays so until the file is mended and uploaded again; what the registry refused is tried again by the next commit of the run."
        raise PipelineError(f"Run {run_id} has set aside no row that could be tried again.", hint)
    resume(db, settings, actor, run_id, again_from=ROW_STAGES[0])
    return found
