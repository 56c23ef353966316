"""The flagged values: what is wrong, where the value came from, what the machine suggests and why; the queue by kind beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gvrc.model.record import PERSONAL_FIELDS
from gvrc.model.review import Answer, QuestionKind
from gvrc.security.permissions import Permission
from gvrc.ui import address, questions, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Filters, Key, Reply
from gvrc.views import questions as question_views
from gvrc.views import records as record_views
from gvrc.views.questions import QuestionView
from gvrc.views.records import IssueView, RecordView
from gvrc.views.runs import RunView

PLACE_FIELDS = ("county", "constituency", "ward")
CONTEXT_FIELDS = ("name", "facility_type_label", "county", "constituency", "ward", "point", "contacts", "services")


def ask(seat: Seat, run: RunView) -> None:
    """The page below its heading: the queue by kind, the question on the table, the keys, the last decisions."""
    counts = question_views.question_counts(seat.db, seat.actor, run.run_id)
    code = _queue(seat, counts.by_code)
    question = questions.next_question(seat, run.run_id, Filters(kind=QuestionKind.ISSUE, code=code))
    if question is None or question.issue is None:
        questions.nothing_left(seat, "review")
    else:
        _question(seat, run, question, question.issue)
    questions.last_decisions(seat, run.run_id)


def _queue(seat: Seat, by_code: dict[str, int]) -> str | None:
    """The kinds of issue that wait, with how many of each; one may be taken at a time. The choice is in the address."""
    if not by_code:
        return None
    titles = record_views.issue_titles()
    ordered = sorted(by_code, key=lambda code: -by_code[code])
    current = address.one_of("kind", ordered)
    labels = {"": seat.say("review.all", n=sum(by_code.values())), **{code: f"{titles.get(code, code)} ({by_code[code]:,})" for code in ordered}}
    st.selectbox(
        seat.say.markdown("review.kind"), list(labels), index=list(labels).index(current or ""), format_func=labels.__getitem__, key=f"kind_{current}",
        on_change=_choose_kind, args=(f"kind_{current}",), width=440,
    )
    return current


def _choose_kind(key: str) -> None:
    address.put(kind=st.session_state[key] or None)
    questions.bring_back()


def _question(seat: Seat, run: RunView, question: QuestionView, issue: IssueView) -> None:
    record = question.records[0]
    with st.container(border=True, gap="small"):
        show.section(escape_markdown(issue.title))
        st.markdown(f"{show.state_badge(seat.say, issue.severity)} {escape_markdown(issue.message)}")
        if question.previous_decision:
            st.caption(escape_markdown(question.previous_decision))
        _value_and_suggestion(seat, question, record)
    _keys(seat, run, question)
    _context(seat, record)
    dialog = questions.open_dialog_for(question.key)
    if dialog == "correct":
        _correct_dialog(seat, run, question)
    elif dialog == "waive":
        _waive_dialog(seat, run, question)


def _value_and_suggestion(seat: Seat, question: QuestionView, record: RecordView) -> None:
    say = seat.say
    now, instead = st.columns(2)
    with now:
        st.caption(say.markdown("review.value", field=show.field_label(say, question.field or "")))
        show.plain(show.value_text(question.value))
        st.caption(say.markdown("review.origin", name=show.value_text(record.name), file=record.file_name or "", pointer=record.pointer or ""))
    with instead:
        st.caption(say.markdown("review.suggestion"))
        if question.suggestion is None:
            show.plain(say("review.no_suggestion"))
        else:
            st.markdown(f":green-background[**{escape_markdown(show.value_text(question.suggestion.shown))}**]")
            st.caption(escape_markdown(question.suggestion.reason))


def _context(seat: Seat, record: RecordView) -> None:
    """The rest of the record, quiet: a person judges a value in its surroundings."""
    say = seat.say
    pairs = [(show.field_label(say, field_name), show.record_value(record, field_name)) for field_name in CONTEXT_FIELDS]
    show.key_values([(label, value) for label, value in pairs if value != show.ABSENT], alt=say("review.context.alt"))


# ------------------------------------------------------------------------------------------------------------------------ keys and dialogs


def _keys(seat: Seat, run: RunView, question: QuestionView) -> None:
    may_decide = seat.may(Permission.DECIDE)
    has_suggestion = question.suggestion is not None
    questions.key_row(
        seat.say,
        question.key,
        [
            Key(name="accept", shortcut="A", act=questions.give, arguments=(_reply(run, question, Answer.ACCEPT),), is_primary=has_suggestion, is_disabled=not (may_decide and has_suggestion)),
            Key(name="correct", shortcut="E", act=questions.open_dialog, arguments=("correct", question.key), is_primary=not has_suggestion, is_disabled=not may_decide),
            Key(name="waive", shortcut="W", act=questions.open_dialog, arguments=("waive", question.key), is_disabled=not may_decide),
            Key(name="reject", shortcut="X", act=questions.give, arguments=(_reply(run, question, Answer.REJECT),), is_disabled=not may_decide),
            Key(name="skip", shortcut="Right", act=questions.skip_question, arguments=(question.key,)),
            Key(name="undo", shortcut="Backspace", act=questions.undo_last, arguments=(run.run_id,), is_disabled=not may_decide),
        ],
    )


def _reply(run: RunView, question: QuestionView, answer: Answer, values: dict[str, Any] | None = None, note: str | None = None) -> Reply:
    return Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, answer=answer, values=values, note=note)


def _correct_dialog(seat: Seat, run: RunView, question: QuestionView) -> None:
    """The right value, typed; checked when it is saved, and refused with the reason when it cannot be."""
    say = seat.say
    fields = _fields_to_correct(question)

    @st.dialog(say.markdown("review.correct.title"), on_dismiss=questions.close_dialog)
    def correct() -> None:
        st.caption(say.markdown("review.correct.lead"))
        for field_name in fields:
            start = "" if field_name in PERSONAL_FIELDS else show.value_text(_present_value(question, field_name)).replace(show.ABSENT, "")
            st.text_input(show.field_label(say, field_name), value=start, key=f"correct_{field_name}_{question.key[:16]}", max_chars=500)
        st.button(say.markdown("review.correct.save"), key=f"save_{question.key[:16]}", type="primary", on_click=_save_correction, args=(run, question, fields))

    correct()


def _fields_to_correct(question: QuestionView) -> tuple[str, ...]:
    """A place is corrected as a whole, a point as two numbers; anything else by itself."""
    field_name = question.field or "name"
    if field_name in PLACE_FIELDS:
        return PLACE_FIELDS
    if field_name in ("coordinates", "point", "latitude", "longitude"):
        return ("latitude", "longitude")
    return (field_name,)


def _present_value(question: QuestionView, field_name: str) -> Any:
    return question.value if field_name == question.field else getattr(question.records[0], field_name, None)


def _save_correction(run: RunView, question: QuestionView, fields: tuple[str, ...]) -> None:
    typed = {field_name: str(st.session_state.get(f"correct_{field_name}_{question.key[:16]}", "")).strip() for field_name in fields}
    questions.give(_reply(run, question, Answer.CORRECT, values={name: text for name, text in typed.items() if text}))


def _waive_dialog(seat: Seat, run: RunView, question: QuestionView) -> None:
    say = seat.say
    key = f"why_{question.key[:16]}"

    @st.dialog(say.markdown("review.waive.title"), on_dismiss=questions.close_dialog)
    def waive() -> None:
        st.caption(say.markdown("review.waive.lead"))
        st.text_input(say.markdown("review.waive.why"), key=key, max_chars=500)
        st.button(say.markdown("review.waive.save"), key=f"save_{key}", type="primary", on_click=_save_waiver, args=(run, question, key))

    waive()


def _save_waiver(run: RunView, question: QuestionView, key: str) -> None:
    questions.give(_reply(run, question, Answer.WAIVE, note=str(st.session_state.get(key, "")).strip()))
