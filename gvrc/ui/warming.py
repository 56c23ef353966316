"""What a server does before anybody waits for it.

The code of the pages and the reference that answers want are loaded beside the first sign-in; the first question on a page is answered once for trial,
and never kept, while it is being read: what is made at first use (statements, schemas, rules) is then there when the answer comes.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from gvrc import heap, steward
from gvrc import ui as pages_code
from gvrc.errors import GvrcError
from gvrc.model.access import Actor, Role
from gvrc.model.review import Answer, QuestionKind
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission
from gvrc.store.session import Database
from gvrc.ui import house
from gvrc.ui.desk import Seat
from gvrc.views import advice, home, quality, remembered, tally
from gvrc.views import map as map_views
from gvrc.views import runs as run_views
from gvrc.views.quality import QualityQuery
from gvrc.views.questions import QuestionView

READING_SECONDS = 0.3
"""A question is read for so long before it is answered for trial: by then it is drawn."""
COUNTER = Actor(user_id=0, username="server", role=Role.ADMIN)
"""For whom is counted ahead: nobody, with the sight of stewards, approvers and administrators of every county. Counts alone are no looks at a place."""
NOT_PAGES = ("main", "server")
"""Modules that are started, not imported."""

_log = structlog.get_logger("warming")


class _Begun:
    """What this process has begun; nothing before the server told it to, so that a page without a server (a test, a script) has no work beside it."""

    is_serving = False
    rehearsed: set[str]


_Begun.rehearsed = set()


def begin() -> None:
    """At server start: load, beside it, what the pages and the first answer want."""
    _Begun.is_serving = True
    _beside("warming", _load)
    _beside("counting ahead", count_ahead)


def count_ahead() -> None:
    """Count of the newest run, where it is so large that the first who opens its pages would wait, what they show to those who see everything."""
    db = house.current().database()
    run = next(iter(run_views.run_list(db, COUNTER, limit=1)), None)
    if run is None or RunStatus(run.status).is_live or run.receipt.records_in < remembered.LARGE_RECORDS:
        return
    query = QualityQuery(run_id=run.run_id)
    for count in (
        partial(home.open_work, db, COUNTER), partial(tally.flag_tally, db, COUNTER, run.run_id), partial(tally.pair_tally, db, COUNTER, run.run_id),
        partial(run_views.run_view, db, COUNTER, run.run_id), partial(_count_map, db, run.run_id),
        partial(quality.quality_view, db, COUNTER, query), partial(advice.advice, db, COUNTER, query),
    ):  # fmt: skip
        with suppress(GvrcError):  # one that takes too long, of a database just started say, must not cost the others
            count()


def _count_map(db: Database, run_id: int) -> None:
    map_views.map_cube(db, COUNTER, map_views.MapQuery(run_id=run_id), bands=map_views.quality_bands(db, house.current().settings))


def rehearse(seat: Seat, run_id: int, question: QuestionView) -> None:
    """While the first question of its kind in this process is being read, by somebody who may answer: an answer to it is tried, beside the page."""
    if not _Begun.is_serving or question.kind in _Begun.rehearsed or not seat.may(Permission.DECIDE):
        return
    _Begun.rehearsed.add(question.kind)
    _beside("rehearsal", lambda: _answer_for_trial(seat, run_id, question))


def _load() -> None:
    with heap.no_sweeps():
        for module in pkgutil.iter_modules(pages_code.__path__):
            if module.name not in NOT_PAGES:
                importlib.import_module(f"{pages_code.__name__}.{module.name}")
        steward.load_reference()
        heap.keep_what_is_loaded()


def _answer_for_trial(seat: Seat, run_id: int, question: QuestionView) -> None:
    time.sleep(READING_SECONDS)
    steward.problem_with(seat.db, seat.settings, seat.actor, run_id, steward.AnswerIn(key=question.key, answer=_usual_answer(question), note="-"))


def _usual_answer(question: QuestionView) -> Answer:
    if question.kind is QuestionKind.DUPLICATE:
        return Answer.DIFFERENT
    return Answer.ACCEPT if question.suggestion is not None else Answer.WAIVE


def _beside(name: str, work: Callable[[], None]) -> threading.Thread:
    def quietly() -> None:
        try:
            with suppress(GvrcError):  # whoever really answers is told
                work()
        except Exception as error:  # nobody waits for it: it may only be missed
            _log.warning("not_made_ready", what=name, exc_info=error)

    thread = threading.Thread(target=quietly, name=name, daemon=True)
    thread.start()
    return thread


__all__ = ["begin", "count_ahead", "rehearse"]
