"""Answers given, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gvrc.checks.catalogue import CATALOGUE, field_label
from gvrc.model.access import Actor
from gvrc.model.review import Answer, QuestionKind, Relation
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_questions as reads
from gvrc.store.session import Database
from gvrc.views.people import Opened, masked_text, open_all
from gvrc.views.sight import Sight

LAST_SHOWN = 20
"""Answers that stand beside a question, each to be changed or taken back."""
ANSWER_WORDS: Mapping[str, str] = {
    Answer.SAME: "Same", Answer.DIFFERENT: "Different", Answer.RELATED: "Related", Answer.UNSURE: "Not sure", Answer.ACCEPT: "Accept",
    Answer.CORRECT: "Correct", Answer.WAIVE: "Waive", Answer.REJECT: "Reject",
}
_BY_HAND: Mapping[str, str] = {"point.by_hand": "Point set by hand", "value.by_hand": "Set by hand", "record.approved": "Low quality score"}
"""What a person set though no issue asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """An answer given, in words. `what` are the records or the issue it is about, without who and when."""

    decision_id: int
    question_key: str
    kind: str
    answer: str
    decided_by: str
    decided_at: datetime
    what: str
    is_undoable: bool
    relation: Relation | None = None
    note: str | None = None
    together: int = 1
    """How many answers were given with it in one step and still stand, itself included."""


def decisions_list(db: Database, actor: Actor, run_id: int, limit: int = LAST_SHOWN, *, as_batches: bool = False) -> tuple[DecisionView, ...]:
    """The last answers of a run that still stand, newest first, in words; `as_batches`: answers given in one step stand as one.

    Raises NotAllowedError.
    """
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        rows = reads.decision_rows(conn, sight.scope, run_id, limit=limit, as_batches=as_batches)
        opened = open_all(conn, db, [row.decided_values for row in rows])
    return tuple(_decision(row, opened, is_clear=sight.sees_contacts(None), as_batches=as_batches) for row in rows)


def _decision(row: Any, opened: Opened, *, is_clear: bool, as_batches: bool) -> DecisionView:
    what = _what(row, opened, is_clear=is_clear)
    if as_batches and row.together > 1:
        what = f"{what} · and {row.together - 1:,} {'more' if row.issue_code in _BY_HAND else 'alike'}"
    return DecisionView(
        decision_id=row.decision_id, question_key=row.question_key, kind=row.kind, answer=row.answer, decided_by=row.decided_by,
        decided_at=row.decided_at, what=what, is_undoable=True,
        relation=Relation(row.relation) if row.relation else None, note=row.note, together=row.together,
    )


def _what(row: Any, opened: Opened, *, is_clear: bool) -> str:
    names = [name if is_clear else masked_text(name) for name in row.names or () if name]
    if row.kind == QuestionKind.DUPLICATE:
        return " / ".join(names) or "a pair"
    title = CATALOGUE[row.issue_code].title if row.issue_code in CATALOGUE else _BY_HAND.get(row.issue_code, "a flagged value")
    values = ", ".join(
        f"{field_label(name)} {opened.text(str(value), name, is_clear=False)}" for name, value in row.decided_values.items() if value not in (None, "", [], {})
    )
    return f"{title} · {names[0] if names else 'a record'}" + (f" · {values}" if values else "")
