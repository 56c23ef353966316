"""What the two question pages share: the question on the table, answering by key, skipping, undoing, the last decisions.

In the tab's own state are only the cursor (which question, since when, which were skipped) and an open dialog; every answer is in the
database before the next question is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gvrc import steward
from gvrc.errors import GvrcError, StaleItemError
from gvrc.model.review import Answer, QuestionKind, Relation
from gvrc.security.permissions import Permission
from gvrc.ui import desk, show
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views import questions as question_views
from gvrc.views.questions import QuestionView

HASTE_SECONDS = 0.25
"""Answers sooner than this after a question was shown were meant for the one before it."""
LAST_DECISIONS = 20
MOST_SKIPPED = 200
LOOKED_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which questions of a run are asked: by kind, and optionally only some of them."""

    kind: QuestionKind
    code: str | None = None
    source: str | None = None
    county: str | None = None
    band: str | None = None

    def as_arguments(self) -> dict[str, Any]:
        """As the read models want them; what is not set is left out."""
        values = {"code": self.code, "source": self.source, "county": self.county, "band": self.band}
        return {"kind": self.kind, **{name: value for name, value in values.items() if value}}


def next_question(seat: Seat, run_id: int, filters: Filters) -> QuestionView | None:
    """The question to ask now: the most worthwhile that this tab has not skipped and nobody else has open. It is claimed."""
    skipped = len(_skipped())
    for start in (skipped, 0) if skipped else (0,):  # the order stands, so the skipped ones are in front; if not, all are looked through
        question = _first_free(seat, run_id, filters, start)
        if question is not None:
            return question
    return None


def _first_free(seat: Seat, run_id: int, filters: Filters, start: int) -> QuestionView | None:
    while page := question_views.question_list(seat.db, seat.actor, run_id, **filters.as_arguments(), limit=LOOKED_AT_ONCE, offset=start):
        start += len(page)
        for question in page:
            if question.key not in _skipped() and _is_ours(seat, question):
                _shown(question)
                return question
    return None


def _is_ours(seat: Seat, question: QuestionView) -> bool:
    """Claim it. Who may not answer looks on without claiming; what a colleague has open is left to them."""
    if not seat.may(Permission.DECIDE):
        return True
    try:
        steward.claim(seat.db, seat.settings, seat.actor, question.key)
    except StaleItemError:
        skip(question.key)
        return False
    return True


def _shown(question: QuestionView) -> None:
    if st.session_state.get("question.key") != question.key:
        st.session_state["question.key"] = question.key
        st.session_state["question.since"] = time.monotonic()


def _skipped() -> list[str]:
    skipped: list[str] = st.session_state.setdefault("question.skipped", [])
    return skipped


def skip(key: str) -> None:
    """Callback: not now. The question comes again after the others, or when nothing else is left."""
    skipped = _skipped()
    if key not in skipped:
        skipped.append(key)
    del skipped[:-MOST_SKIPPED]


def skip_question(key: str) -> None:
    """Callback of the skip button: give the question back to the others, and take the next."""
    seat = desk.take(Permission.REVIEW)
    skip(key)
    desk.attempt(steward.release, seat.db, seat.actor, key)
    close_dialog()


def bring_back() -> None:
    """Callback: ask the skipped ones again."""
    st.session_state["question.skipped"] = []


def how_many_skipped() -> int:
    """How many questions this tab has put off."""
    return len(_skipped())


# ------------------------------------------------------------------------------------------------------------------------ answering


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer bound to the question it was given to, so that a late press never answers another."""

    run_id: int
    key: str
    evidence_hash: str
    answer: Answer
    values: Mapping[str, Any] | None = None
    relation: Relation | None = None
    note: str | None = None


def give(reply: Reply) -> None:
    """Callback: take the answer, unless it came for a question that is no longer on the table or in haste."""
    if st.session_state.get("question.key") != reply.key:
        return
    seconds = time.monotonic() - st.session_state.get("question.since", 0.0)
    if seconds < HASTE_SECONDS:
        return
    seat = desk.take(Permission.DECIDE)
    answer = steward.AnswerIn(
        key=reply.key, answer=reply.answer, values=dict(reply.values or {}), relation=reply.relation, note=reply.note,
        seen_evidence=reply.evidence_hash, seconds_taken=round(seconds, 2),
    )
    outcome = desk.attempt(steward.decide, seat.db, seat.settings, seat.actor, reply.run_id, [answer])
    if outcome is None:
        return
    if outcome.refused:
        desk.refuse(GvrcError(seat.say("question.refused"), outcome.refused[0].why))
        return
    close_dialog()
    st.session_state["question.last"] = outcome.decision_ids[0]


def give_alike(run_id: int, key: str, seen_keys: tuple[str, ...]) -> None:
    """Callback: accept the suggestion of the question on the table on all questions alike that were shown."""
    if st.session_state.get("question.key") != key:
        return
    seat = desk.take(Permission.DECIDE)
    close_dialog()
    with st.spinner(seat.say.markdown("question.alike.working", n=len(seen_keys))):
        outcome = desk.attempt(steward.accept_alike, seat.db, seat.settings, seat.actor, run_id, key, seen_keys)
    if outcome is None:
        return
    if outcome.refused:
        desk.refuse(GvrcError(seat.say("question.alike.refused", n=len(outcome.refused)), outcome.refused[0].why))
    st.toast(seat.say.markdown("question.alike.done", n=outcome.applied))


def undo_last(run_id: int) -> None:
    """Callback: take back this person's newest answer of the run that still stands, with those given in the same step."""
    seat = desk.take(Permission.DECIDE)
    latest = question_views.decisions_list(seat.db, seat.actor, run_id, limit=LAST_DECISIONS, as_batches=True)
    mine = [each for each in latest if each.decided_by == seat.actor.username]
    if mine:
        undo(mine[0].decision_id)
    else:
        st.toast(seat.say.markdown("question.nothing_to_undo"))


def undo(decision_id: int) -> None:
    """Callback: take an answer back, in any order, with those given in the same step; what it answered is asked again, next."""
    seat = desk.take(Permission.DECIDE)
    try:
        undone = steward.undo_batch(seat.db, seat.settings, seat.actor, decision_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    st.toast(seat.say.markdown("question.undone") if undone == 1 else seat.say.markdown("question.undone_all", n=undone))


# ------------------------------------------------------------------------------------------------------------------------ dialogs and keys


def open_dialog(name: str, key: str) -> None:
    """Callback: open a dialog about the question `key`."""
    if st.session_state.get("question.key") == key:
        st.session_state["question.dialog"] = (name, key)


def close_dialog() -> None:
    """Callback, also when a dialog is dismissed."""
    st.session_state.pop("question.dialog", None)


def open_dialog_for(key: str) -> str | None:
    """The name of the dialog open on this question. While one is open, no shortcut behind it may fire."""
    dialog = st.session_state.get("question.dialog")
    return dialog[0] if dialog is not None and dialog[1] == key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button with its shortcut on the row of answers."""

    name: str
    shortcut: str
    act: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    is_primary: bool = False
    is_disabled: bool = False
    amount: int | None = None
    """How many questions it answers, where its words tell so."""


def key_row(say: Words, question_key: str, keys: list[Key]) -> None:
    """The row of answers. Its buttons belong to one question: a press that arrives late finds them gone. Behind a dialog all are dead."""
    is_dead = open_dialog_for(question_key) is not None
    with st.container(horizontal=True, gap="xsmall"):
        for key in keys:
            st.button(
                say.markdown(f"key.{key.name}", n=key.amount), key=f"{key.name}_{question_key[:16]}", on_click=key.act, args=key.arguments,
                shortcut=None if is_dead or key.is_disabled else key.shortcut, disabled=is_dead or key.is_disabled,
                type="primary" if key.is_primary else "secondary",
            )


def last_decisions(seat: Seat, run_id: int) -> None:
    """The last answers of the run in words, each with its own undo."""
    decisions = question_views.decisions_list(seat.db, seat.actor, run_id, limit=LAST_DECISIONS, as_batches=True)
    if not decisions:
        return
    with st.expander(seat.say.markdown("question.last", n=len(decisions))):
        for decision in decisions:
            words, button = st.columns([10, 2], vertical_alignment="center")
            with words:
                show.plain(decision.sentence)
            if decision.is_undoable:
                button.button(seat.say.markdown("question.undo"), key=f"undo_{decision.decision_id}", on_click=undo, args=(decision.decision_id,), type="tertiary")


def nothing_left(seat: Seat, page: str) -> None:
    """The empty state of a question page: done, or only the skipped ones left."""
    if how_many_skipped():
        st.markdown(seat.say.markdown("question.only_skipped", n=how_many_skipped()))
        st.button(seat.say.markdown("question.bring_back"), key="bring_back", on_click=bring_back, type="primary")
    else:
        st.markdown(seat.say.markdown(f"{page}.done"))
