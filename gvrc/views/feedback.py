"""What to tell the supplier of a file: its own rows, in its own shape, with what is wrong in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gvrc.checks.catalogue import field_label
from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import files, raw, reads
from gvrc.store.session import Database
from gvrc.views.records import RecordView, record_views
from gvrc.views.sight import Shown, Sight, note_looks

_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to mend, in plain words."""

    field_name: str
    what: str
    severity: str
    suggestion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    """One row of the file: where it stands in it, the row as it came (for those who may see contacts), what is to be mended."""

    pointer: str
    name: str | None
    state: str
    row: Any
    remarks: tuple[Remark, ...]

    def to_row(self) -> dict[str, Any]:
        """As JSON."""
        remarks = [{"field": r.field_name, "what": r.what, "severity": r.severity, "suggestion": r.suggestion} for r in self.remarks]
        return {"pointer": self.pointer, "name": self.name, "state": self.state, "row": self.row, "to_mend": remarks}


def feedback_pack(db: Database, actor: Actor, run_id: int, file_id: int) -> Iterator[FeedbackRow]:
    """The rows of one file of a run that have something to mend, in the order of the file. Raises NotAllowedError, PipelineError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor, timeout_seconds=0) as conn:
        found = {file.file_id: file for file in files.load_files(conn, run_id=run_id)}
        if file_id not in found:
            raise PipelineError(f"Run {run_id} has no file {file_id}.", "Take the file from the list of the run.")
        with db.unit_of_work(actor, reason="export") as log:
            note_looks(log, actor, [f"feedback on file {file_id}"], action="export")
        after = 0
        while rows := reads.file_records(conn, sight.scope, run_id, file_id, after=after, limit=_CHUNK):
            after = rows[-1].row_number
            views = [view for view in record_views(conn, db, sight, rows) if view.shown == Shown.ALL and any(i.state == "open" for i in view.issues)]
            pointers = [view.pointer for view in views if view.pointer is not None and sight.sees_contacts(view.county_code)]
            given = {row.pointer: row.data for row in raw.load_rows_at(conn, file_id, pointers)} if pointers else {}
            yield from (_row(view, given) for view in views)


def _row(view: RecordView, given: dict[str, dict[str, Any]]) -> FeedbackRow:
    return FeedbackRow(
        pointer=view.pointer or "", name=view.name, state=view.state or "", row=given.get(view.pointer or ""),
        remarks=tuple(
            Remark(
                field_name=field_label(issue.field_name), what=issue.message, severity=issue.severity,
                suggestion=issue.suggestion.shown if issue.suggestion else None,
            )
            for issue in view.issues if issue.state == "open"
        ),
    )

