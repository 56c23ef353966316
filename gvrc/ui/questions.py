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
from gvrc.store.reads_questions import Asked
from gvrc.ui import address, desk, navigation, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views import home, tally
from gvrc.views import questions as question_views
from gvrc.views.decided import LAST_SHOWN, decisions_list
from gvrc.views.questions import QuestionView

HASTE_SECONDS = 0.25
"""Answers sooner than this after a question was shown were meant for the one before it."""
MOST_SKIPPED = 200
MOST_TRIES = 20
MANY_MINUTES = 90
"""From here on what is left to do is told in hours."""
"""Questions looked at in a row when colleagues claim each just before."""
ASIDE = (Asked.SAMPLE, Asked.PARKED)
"""Pairs that are shown on request though nothing waits for them."""


def next_question(seat: Seat, run_id: int, kind: QuestionKind, chosen: Mapping[str, Any]) -> QuestionView | None:
    """The question to ask now: the one the address names, else the most worthwhile that this tab has not skipped and nobody else has open. It is
    claimed, and the claim renewed with every run of the page."""
    linked = _linked(seat, run_id, kind)
    if linked is not None:
        return linked
    may_decide = seat.may(Permission.DECIDE)
    for _ in range(MOST_TRIES):
        found = question_views.question_list(
            seat.db, seat.actor, run_id, kind=kind, **chosen, skipped=_skipped(), free_for=seat.actor.username if may_decide else None, limit=1
        )
        if not found:
            return None
        if not may_decide or _claimed(seat, found[0].key) is None:
            return _shown(_whole(seat, run_id, found[0]))
    return None


def _linked(seat: Seat, run_id: int, kind: QuestionKind) -> QuestionView | None:
    """The question in the address, while it is open (or one of those that hold nothing up) and nobody else has it; else the address forgets it."""
    key = address.word("question")
    if key is None:
        return None
    view = question_views.question(seat.db, seat.actor, run_id, key)
    holder = _claimed(seat, key) if view is not None and seat.may(Permission.DECIDE) else None
    is_askable = view is not None and (view.is_open or view.asked in ASIDE) and view.kind == kind
    if holder is not None:
        st.info(seat.say.markdown("question.held", who=holder), icon=":material/person:")
    elif view is not None and is_askable:
        return _shown(_whole(seat, run_id, view))
    elif not is_askable:
        st.info(seat.say.markdown("question.gone"), icon=":material/info:")
    address.put(question=None)
    return None


def _whole(seat: Seat, run_id: int, view: QuestionView) -> QuestionView:
    return question_views.with_members(seat.db, seat.actor, run_id, view) if view.kind == QuestionKind.DUPLICATE else view


def _claimed(seat: Seat, key: str) -> str | None:
    """Claim a question; None, or the sentence that tells who has it open."""
    try:
        steward.claim(seat.db, seat.settings, seat.actor, key)
    except StaleItemError as error:
        return told.told(seat.say, error.detail)
    return None


def _shown(question: QuestionView) -> QuestionView:
    if st.session_state.get("question.key") != question.key:
        st.session_state["question.key"] = question.key
        st.session_state["question.since"] = time.monotonic()
    return question


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
    address.put(question=None)
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
    seen_decision: int | None = None
    values: Mapping[str, Any] | None = None
    relation: Relation | None = None
    is_turned: bool = False
    note: str | None = None
    same: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    """Where more than two records stand side by side: those that are one place, and those that are another."""


def give(reply: Reply) -> None:
    """Callback: take the answer, unless it came for a question that is no longer on the table or in haste."""
    if st.session_state.get("question.key") != reply.key:
        return
    seconds = time.monotonic() - st.session_state.get("question.since", 0.0)
    if seconds < HASTE_SECONDS:
        return
    seat = desk.take(Permission.DECIDE)
    outcome = desk.attempt(_take, seat, reply, round(seconds, 2))
    close_dialog()
    if outcome is None:
        return
    if outcome.refused:
        desk.refuse(GvrcError(seat.say("question.refused"), outcome.refused[0].why))
        return
    address.put(question=None)
    st.session_state["question.last"] = outcome.decision_ids[0]


def _take(seat: Seat, reply: Reply, seconds: float) -> steward.DecideOutcome:
    values = {name: value for name, value in (reply.values or {}).items() if value is not None}
    if reply.same:
        group = steward.GroupAnswer(
            key=reply.key, same=reply.same, apart=reply.apart, values=values, seen_evidence=reply.evidence_hash, seen_decision=reply.seen_decision,
            seconds_taken=seconds,
        )
        return steward.decide_group(seat.db, seat.settings, seat.actor, reply.run_id, group)
    answer = steward.AnswerIn(
        key=reply.key, answer=reply.answer, values=values, relation=reply.relation, is_turned=reply.is_turned, note=reply.note,
        seen_evidence=reply.evidence_hash, seen_decision=reply.seen_decision, seconds_taken=seconds,
    )
    return steward.decide(seat.db, seat.settings, seat.actor, reply.run_id, [answer])


def give_alike(run_id: int, key: str, seen_keys: tuple[str, ...]) -> None:
    """Accept the suggestion of the question on the table on all questions alike that were shown. Drawn where it is called, for it can take seconds."""
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
    desk.tell(seat.say.markdown("question.alike.done", n=outcome.applied))


def undo_last(run_id: int) -> None:
    """Callback: take back this person's newest answer of the run that still stands, with those given in the same step."""
    seat = desk.take(Permission.DECIDE)
    latest = decisions_list(seat.db, seat.actor, run_id, limit=LAST_SHOWN, as_batches=True)
    mine = [each for each in latest if each.decided_by == seat.actor.username]
    if mine:
        _take_back(seat, mine[0].decision_id)
    else:
        desk.tell(seat.say.markdown("question.nothing_to_undo"))


def undo(decision_id: int) -> None:
    """Callback: take an answer back, in any order, with those given in the same step; what it answered is asked again, next."""
    _take_back(desk.take(Permission.DECIDE), decision_id)


def _take_back(seat: Seat, decision_id: int) -> None:
    try:
        undone = steward.undo_batch(seat.db, seat.settings, seat.actor, decision_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("question.undone") if undone == 1 else seat.say.markdown("question.undone_all", n=undone))


# ------------------------------------------------------------------------------------------------------------------------ dialogs and keys


def open_dialog(name: str, key: str) -> None:
    """Callback: open a dialog about the question `key`."""
    if st.session_state.get("question.key") == key:
        st.session_state["question.dialog"] = (name, key)


def close_dialog() -> None:
    """Callback, also when a dialog is dismissed."""
    st.session_state.pop("question.dialog", None)


def leave_when_closed(key: str) -> None:
    """First line of a dialog's body: what was pressed in it closed it, so the whole page is run, not the dialog alone."""
    if open_dialog_for(key) is None:
        st.rerun()


def open_dialog_for(key: str) -> str | None:
    """The name of the dialog open on this question. While one is open, no shortcut behind it may fire."""
    dialog = st.session_state.get("question.dialog")
    return dialog[0] if dialog is not None and dialog[1] == key else None


DECISION = "decision "
"""What the key of a dialog about an answer given begins with."""


def any_dialog_for(key: str) -> bool:
    """Whether a dialog is open over this question: its own, or one about an answer given before."""
    dialog = st.session_state.get("question.dialog")
    return dialog is not None and (dialog[1] == key or dialog[1].startswith(DECISION))


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
    """How many questions or records it answers for, where its words tell so."""
    words: str | None = None
    """The key of its words, where it is not its name."""


def key_row(say: Words, question_key: str, keys: list[Key]) -> None:
    """The row of answers, at the foot of the window however long the records are. Its buttons belong to one question: a press that arrives late finds
    them gone. Behind a dialog all are dead."""
    is_dead = any_dialog_for(question_key)
    with st.bottom, st.container(horizontal=True, gap="xsmall"):
        for key in keys:
            st.button(
                say.markdown(f"key.{key.words or key.name}", n=key.amount), key=f"{key.name}_{question_key[:16]}", on_click=key.act, args=key.arguments,
                shortcut=None if is_dead or key.is_disabled else key.shortcut, disabled=is_dead or key.is_disabled,
                type="primary" if key.is_primary else "secondary",
            )


def progress_line(seat: Seat, run_id: int, kind: QuestionKind, waiting: int) -> str:
    """Markdown: how far this is answered, and the minutes left at the person's own pace."""
    done = tally.progress(seat.db, seat.actor, run_id, kind, waiting)
    is_long = done.minutes_left >= MANY_MINUTES
    left = round(done.minutes_left / 60) if is_long else done.minutes_left
    return seat.say.markdown("question.progress.hours" if is_long else "question.progress", done=done.answered, all=done.all, n=left) if waiting else seat.say.markdown("question.all_done", n=done.answered)


def nothing_left(seat: Seat, run_id: int, kind: QuestionKind, page: str) -> None:
    """The empty state of a question page: done, or what is left is skipped, at a colleague's desk, or holds nothing up."""
    elsewhere = tally.open_elsewhere(seat.db, seat.actor, run_id)
    if how_many_skipped():
        st.markdown(seat.say.markdown("question.only_skipped", n=how_many_skipped()))
        st.button(seat.say.markdown("question.bring_back"), key="bring_back", on_click=bring_back, type="primary")
    else:
        st.markdown(seat.say.markdown(f"{page}.done"))
    for who, count in elsewhere.items():
        st.markdown(seat.say.markdown("question.elsewhere", who=who, n=count))
    if kind is QuestionKind.DUPLICATE:
        _offer_aside(seat, run_id)
    _offer_other_runs(seat, run_id, kind, page)


def _offer_other_runs(seat: Seat, run_id: int, kind: QuestionKind, page: str) -> None:
    """Questions of the kind that wait in runs other than the one that is looked at."""
    say = seat.say
    for work in home.open_work(seat.db, seat.actor):
        if work.run_id == run_id:
            continue
        if kind is QuestionKind.DUPLICATE and work.pairs:
            navigation.link(page, say.markdown("duplicates.in_run", n=work.pairs, run=work.run_id), query={"run": str(work.run_id)}, symbol="arrow_forward")
        if kind is QuestionKind.ISSUE and work.values:
            navigation.link(page, say.markdown("review.in_run", n=work.values, run=work.run_id), query={"run": str(work.run_id)}, symbol="arrow_forward")


def _offer_aside(seat: Seat, run_id: int) -> None:
    """What holds nothing up but is worth a look: a sample of the machine's own merges, and what was parked."""
    for asked, count in tally.aside_counts(seat.db, seat.actor, run_id).items():
        if count and address.word("asked") != asked:
            words, act = st.columns([8, 4], vertical_alignment="center")
            words.markdown(seat.say.markdown(f"question.aside.{asked}", n=count))
            act.button(seat.say.markdown("question.aside.look"), key=f"aside_{asked}", on_click=_look_aside, args=(asked,))


def _look_aside(asked: str) -> None:
    address.put(asked=asked, question=None)
    bring_back()
