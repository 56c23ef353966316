"""The home page: what waits for me."""

from __future__ import annotations

from dataclasses import dataclass

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, may, require
from gvrc.store import reads_search
from gvrc.store.reads_search import FacilityFilter
from gvrc.store.session import Database
from gvrc.views.questions import QuestionCounts, question_counts
from gvrc.views.runs import RunView, run_list, run_view
from gvrc.views.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What waits: facilities in the registry, the newest run with its receipt, its open questions (None: not yours to see), records ready to commit."""

    facilities: int
    newest_run: RunView | None
    questions: QuestionCounts | None
    ready_to_commit: int


def overview(db: Database, actor: Actor) -> Overview:
    """The numbers of the home page, as far as this person may count. Raises NotAllowedError."""
    require(actor, Permission.READ)
    newest = next(iter(run_list(db, actor, limit=1)), None)
    run = run_view(db, actor, newest.run_id) if newest else None
    with db.read(actor) as conn:
        facilities = reads_search.count_facilities(conn, Sight(actor=actor).scope, FacilityFilter())
    asks = question_counts(db, actor, run.run_id) if run and may(actor, Permission.REVIEW) else None
    return Overview(facilities=facilities, newest_run=run, questions=asks, ready_to_commit=run.receipt.ready - run.receipt.committed if run else 0)
