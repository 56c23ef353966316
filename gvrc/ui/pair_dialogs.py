"""The two answers that need a word more: how two places are related, and why one cannot tell."""

from __future__ import annotations

import streamlit as st

from gvrc.model.review import Answer, Relation
from gvrc.ui import questions, show
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Reply
from gvrc.views.questions import QuestionView
from gvrc.views.runs import RunView

REASONS = ("too_little", "contradict", "ask_there", "other")
"""Why one cannot tell."""
TURNED, REASON = "pair_dialogs.turned", "pair_dialogs.reason"


def draw(seat: Seat, run: RunView, question: QuestionView) -> None:
    """The dialog that is open on the question, if any."""
    opened = questions.open_dialog_for(question.key)
    if opened == "related":
        _related(seat, run, question)
    elif opened == "unsure":
        _unsure(seat, run, question)
    else:
        st.session_state.pop(TURNED, None)
        st.session_state.pop(REASON, None)


def _related(seat: Seat, run: RunView, question: QuestionView) -> None:
    """The four kinds of relation, each a sentence with both names; turned round with one key."""
    say = seat.say
    names = [show.value_text(record.name) for record in question.records]

    @st.dialog(say.markdown("duplicates.related.title"), width="medium", on_dismiss=questions.close_dialog)
    def ask() -> None:
        questions.leave_when_closed(question.key)
        is_turned = bool(st.session_state.get(TURNED, question.is_turned))
        first, second = reversed(names) if is_turned else names
        for relation, shortcut in zip(Relation, ("1", "2", "3", "4"), strict=True):
            reply = Reply(
                run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, seen_decision=question.seen_decision, answer=Answer.RELATED,
                relation=relation, is_turned=is_turned,
            )
            st.button(
                say.markdown(f"relation.{relation}", first=first, second=second), key=f"{relation}_{question.key[:16]}", on_click=questions.give, args=(reply,),
                shortcut=shortcut, width="stretch", type="primary" if relation == question.relation else "secondary",
            )
        st.button(say.markdown("duplicates.related.turn"), key=f"turn_{question.key[:16]}", on_click=_turn, args=(not is_turned,), shortcut="T", icon=":material/swap_vert:")

    ask()


def _turn(is_turned: bool) -> None:
    st.session_state[TURNED] = is_turned


def _unsure(seat: Seat, run: RunView, question: QuestionView) -> None:
    """A reason by key, a comment if one wishes, and Enter parks the pair."""
    say = seat.say

    @st.dialog(say.markdown("duplicates.unsure.title"), on_dismiss=questions.close_dialog)
    def ask() -> None:
        questions.leave_when_closed(question.key)
        chosen = st.session_state.get(REASON, REASONS[0])
        st.caption(say.markdown("duplicates.unsure.lead"))
        for number, reason in enumerate(REASONS, start=1):
            st.button(
                say.markdown(f"unsure.{reason}"), key=f"{reason}_{question.key[:16]}", on_click=_choose, args=(reason,), shortcut=str(number), width="stretch",
                icon=":material/radio_button_checked:" if reason == chosen else ":material/radio_button_unchecked:",
            )
        with st.form(key=f"unsure_{question.key[:16]}", border=False):
            st.text_input(say.markdown("duplicates.unsure.comment"), key=f"comment_{question.key[:16]}", max_chars=400)
            st.form_submit_button(
                say.markdown("duplicates.unsure.park"), type="primary", shortcut="Enter", on_click=_park, args=(run, question, say(f"unsure.{chosen}"))
            )

    ask()


def _choose(reason: str) -> None:
    st.session_state[REASON] = reason


def _park(run: RunView, question: QuestionView, reason: str) -> None:
    """Callback: park the pair with its reason and comment."""
    comment = str(st.session_state.get(f"comment_{question.key[:16]}", "")).strip()
    note = f"{reason}. {comment}" if comment else f"{reason}."
    questions.give(
        Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, seen_decision=question.seen_decision, answer=Answer.UNSURE, note=note)
    )
