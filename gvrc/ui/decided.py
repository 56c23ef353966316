"""The last decisions beside the question: each can be changed or taken back, in any order."""

from __future__ import annotations

import streamlit as st

from gvrc import steward
from gvrc.errors import GvrcError
from gvrc.model.review import Answer, QuestionKind
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, questions, show, told
from gvrc.ui.catalogue import Words, escape_markdown
from gvrc.ui.desk import Seat
from gvrc.views.decided import LAST_SHOWN, DecisionView, decisions_list

HEIGHT_PX = 330
LONGEST_LINE = 25
"""Characters that fit on one line beside the question; all of it stands in the help and in the dialog."""
_SYMBOLS = {
    Answer.SAME: "join_inner", Answer.DIFFERENT: "call_split", Answer.RELATED: "link", Answer.UNSURE: "help", Answer.ACCEPT: "check",
    Answer.CORRECT: "edit", Answer.WAIVE: "done_all", Answer.REJECT: "block",
}


def panel(seat: Seat, run_id: int) -> None:
    """The last answers of the run, newest first; a click on one opens it."""
    decisions = decisions_list(seat.db, seat.actor, run_id, limit=LAST_SHOWN, as_batches=True)
    if not decisions:
        st.caption(seat.say.markdown("decided.none"))
        return
    st.caption(seat.say.markdown("question.last", n=len(decisions)))
    with st.container(height=HEIGHT_PX if len(decisions) > 6 else "content", border=False, gap="xxsmall"):
        for decision in decisions:
            _line(seat, decision)
    opened = next((each for each in decisions if questions.open_dialog_for(f"{questions.DECISION}{each.decision_id}")), None)
    if opened is not None:
        _change_dialog(seat, run_id, opened)
    elif str(st.session_state.get("question.dialog", ("", ""))[1]).startswith(questions.DECISION):
        questions.close_dialog()
        st.rerun()


def _line(seat: Seat, decision: DecisionView) -> None:
    answer = seat.say(f"answer.{decision.answer}")
    room = LONGEST_LINE - len(answer)
    what = told.decided(seat.say, decision.what)
    shown = what if len(what) <= room else f"{what[:room].rstrip()}…"
    st.button(
        f"**{escape_markdown(answer)}** {escape_markdown(shown)}", key=f"decision_{decision.decision_id}", type="tertiary", on_click=_open, args=(decision.decision_id,),
        icon=f":material/{_SYMBOLS.get(Answer(decision.answer), 'check')}:", help=escape_markdown(in_words(seat.say, decision)), width="content",
        disabled=not seat.may(Permission.DECIDE),
    )


def in_words(say: Words, decision: DecisionView) -> str:
    """A decision as a sentence: when, who, which answer, about what."""
    how = f" ({say(f'registry.relation.how.{decision.relation}')})" if decision.relation else ""
    return f"{decision.decided_at.astimezone():%H:%M} {decision.decided_by}: {say(f'answer.{decision.answer}')}{how} · {told.decided(say, decision.what)}"


def _open(decision_id: int) -> None:
    st.session_state["question.dialog"] = ("decision", f"{questions.DECISION}{decision_id}")


def _change_dialog(seat: Seat, run_id: int, decision: DecisionView) -> None:
    say = seat.say

    @st.dialog(say.markdown("decided.title"), on_dismiss=questions.close_dialog)
    def change() -> None:
        questions.leave_when_closed(f"{questions.DECISION}{decision.decision_id}")
        show.plain(told.decided(say, decision.what))
        st.caption(say.markdown("decided.said", answer=say(f"answer.{decision.answer}"), who=decision.decided_by, when=show.moment(decision.decided_at)))
        if decision.note:
            st.caption(escape_markdown(decision.note))
        with st.container(horizontal=True, gap="xsmall"):
            if decision.kind == QuestionKind.DUPLICATE and decision.together == 1:
                for answer, shortcut in ((Answer.SAME, "S"), (Answer.DIFFERENT, "D"), (Answer.UNSURE, "U")):
                    if answer != decision.answer:
                        _answer_button(seat, run_id, decision, answer, shortcut)
            st.button(say.markdown("decided.reopen"), key=f"reopen_{decision.decision_id}", on_click=_reopen, args=(decision.decision_id, decision.question_key), shortcut="O")
            st.button(say.markdown("question.undo"), key=f"undo_{decision.decision_id}", on_click=_undo, args=(decision.decision_id,), shortcut="Backspace")

    change()


def _answer_button(seat: Seat, run_id: int, decision: DecisionView, answer: Answer, shortcut: str) -> None:
    st.button(
        seat.say.markdown(f"answer.{answer}"), key=f"change_{answer}_{decision.decision_id}", on_click=_change, args=(run_id, decision.decision_id, decision.question_key, answer),
        shortcut=shortcut, type="primary" if answer is Answer.SAME else "secondary",
    )


def _change(run_id: int, decision_id: int, question_key: str, answer: Answer) -> None:
    """Callback: another answer in place of the one that stands."""
    seat = desk.take(Permission.DECIDE)
    questions.close_dialog()
    given = steward.AnswerIn(key=question_key, answer=answer, seen_decision=decision_id)
    outcome = desk.attempt(steward.decide, seat.db, seat.settings, seat.actor, run_id, [given])
    if outcome is not None and outcome.refused:
        desk.refuse(GvrcError(seat.say("question.refused"), outcome.refused[0].why))


def _undo(decision_id: int) -> None:
    """Callback: take the answer back; its question waits again."""
    questions.close_dialog()
    questions.undo(decision_id)


def _reopen(decision_id: int, question_key: str) -> None:
    """Callback: take the answer back and put its question on the table at once."""
    questions.close_dialog()
    questions.undo(decision_id)
    address.put(question=question_key)


