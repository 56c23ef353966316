"""The flagged values: what is wrong, where the value came from, what the machine suggests and why; the queue by kind beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gvrc import steward
from gvrc.model.record import PERSONAL_FIELDS
from gvrc.model.review import Answer, QuestionKind
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission
from gvrc.ui import decided, facets, places, questions, show, spellings, tables, told, warming
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Key, Reply
from gvrc.views import questions as question_views
from gvrc.views import tally as tallies
from gvrc.views.questions import QuestionView
from gvrc.views.records import IssueView, RecordView
from gvrc.views.runs import RunView
from gvrc.views.tally import Tally

FACETS = ("code", "source", "county", "facility_type", "severity", "stage")
KIND_WIDTH_PX, FACET_WIDTH_PX = 640, 175
QUESTION_AND_BESIDE = (9, 3)
PLACE_FIELDS = places.LEVELS
ALIKE_SHOWN = 50
MOST_AT_ONCE = 500
"""Questions that one step answers: each answer is a transaction of its own, and a step should not take minutes."""
CONTEXT_FIELDS = ("name", "facility_type_label", "address", "county", "constituency", "ward", "point", "contacts", "services")


def ask(seat: Seat, run: RunView) -> None:
    """The page below its heading: the queue by kind and its facets, the question on the table with its keys, beside it the last decisions."""
    if spellings.are_asked_for():
        spellings.ask(seat, run)
        return
    tally = tallies.flag_tally(seat.db, seat.actor, run.run_id)
    picked = facets.chosen(FACETS)
    if tally.groups or any(picked.values()):
        _facets(seat, run, tally, picked)
    question = questions.next_question(seat, run.run_id, QuestionKind.ISSUE, picked)
    main, beside = st.columns(QUESTION_AND_BESIDE, gap="medium")
    with main:
        if question is None or question.issue is None:
            questions.nothing_left(seat, run.run_id, QuestionKind.ISSUE, "review")
        else:
            _question(seat, run, question, question.issue)
    with beside:
        spellings.offer(seat)
        decided.panel(seat, run.run_id)


def _facets(seat: Seat, run: RunView, tally: Tally, picked: dict[str, str | None]) -> None:
    """The kinds of issue that wait and how far one is; below, what else narrows the queue."""
    kind, done = st.columns(QUESTION_AND_BESIDE, gap="medium", vertical_alignment="center")
    with kind:
        facets.row(seat, tally, FACETS[:1], picked, width=KIND_WIDTH_PX)
    done.caption(questions.progress_line(seat, run.run_id, QuestionKind.ISSUE, tally.total(**picked)))
    facets.row(seat, tally, FACETS[1:], picked, width=FACET_WIDTH_PX)


def _question(seat: Seat, run: RunView, question: QuestionView, issue: IssueView) -> None:
    warming.rehearse(seat, run.run_id, question)
    record = question.records[0]
    with st.container(border=True, gap="small"):
        show.section(escape_markdown(show.issue_title(seat.say, issue.code)))
        st.markdown(f"{show.state_badge(seat.say, issue.severity)} {escape_markdown(told.issue_message(seat.say, issue))}")
        if question.previous_decision:
            st.caption(escape_markdown(told.told(seat.say, question.previous_decision)))
        _value_and_suggestion(seat, question, record)
    alike = _alike(seat, run, question)
    _keys(seat, run, question, alike)
    _context(seat, record)
    dialog = questions.open_dialog_for(question.key)
    if dialog == "correct":
        _correct_dialog(seat, run, question)
    elif dialog == "waive":
        _waive_dialog(seat, run, question)
    elif dialog == "alike" and question.suggestion is not None:
        _alike_dialog(seat, run, question, alike > MOST_AT_ONCE)


def _alike(seat: Seat, run: RunView, question: QuestionView) -> int:
    """How many questions wait for the same suggestion, this one among them, counted to one more than a step answers; none for who may not answer them."""
    if question.suggestion is None or not seat.may(Permission.DECIDE):
        return 0
    return tallies.alike_count(seat.db, seat.actor, run.run_id, question.key, at_most=MOST_AT_ONCE + 1)


def _value_and_suggestion(seat: Seat, question: QuestionView, record: RecordView) -> None:
    say = seat.say
    now, instead = st.columns(2)
    with now:
        st.caption(say.markdown("review.value", field=show.field_label(say, question.field or "")))
        show.plain(show.visibility_word(say, question.value) if question.field == "visibility" else show.value_text(question.value))
        st.caption(say.markdown("review.origin", name=show.value_text(record.name), file=record.file_name or "", pointer=record.pointer or ""))
    with instead:
        st.caption(say.markdown("review.suggestion"))
        if question.suggestion is None:
            show.plain(say("review.no_suggestion"))
        else:
            st.markdown(f":green-background[**{escape_markdown(told.suggested(say, question.field, question.suggestion.shown))}**]")
            st.caption(escape_markdown(told.told(say, question.suggestion.reason)))


def _context(seat: Seat, record: RecordView) -> None:
    """The rest of the record, quiet: a person judges a value in its surroundings."""
    say = seat.say
    pairs = [(show.field_label(say, field_name), show.record_value(say, record, field_name)) for field_name in CONTEXT_FIELDS]
    tables.pairs([(label, value) for label, value in pairs if value != show.ABSENT], key="flag_context", label=say("review.context.alt"))


# ------------------------------------------------------------------------------------------------------------------------ keys and dialogs


def _keys(seat: Seat, run: RunView, question: QuestionView, alike: int) -> None:
    """The row of answers; that for all rows alike stands there only when there are others."""
    may_decide = seat.may(Permission.DECIDE)
    has_suggestion = question.suggestion is not None
    for_all = Key(name="accept_alike", shortcut="Shift+A", act=questions.open_dialog, arguments=("alike", question.key), amount=min(alike, MOST_AT_ONCE))
    questions.key_row(
        seat.say,
        question.key,
        [
            Key(name="accept", shortcut="A", act=questions.give, arguments=(_reply(run, question, Answer.ACCEPT),), is_primary=has_suggestion, is_disabled=not (may_decide and has_suggestion)),
            *([for_all] if alike > 1 else []),
            Key(name="correct", shortcut="E", act=questions.open_dialog, arguments=("correct", question.key), is_primary=not has_suggestion, is_disabled=not may_decide),
            Key(name="waive", shortcut="W", act=questions.open_dialog, arguments=("waive", question.key), is_disabled=not may_decide),
            Key(name="reject", shortcut="X", act=questions.give, arguments=(_reply(run, question, Answer.REJECT),), is_disabled=not may_decide),
            Key(name="skip", shortcut="Right", act=questions.skip_question, arguments=(question.key,)),
            Key(name="undo", shortcut="Backspace", act=questions.undo_last, arguments=(run.run_id,), is_disabled=not may_decide),
        ],
    )


def _reply(run: RunView, question: QuestionView, answer: Answer, values: dict[str, Any] | None = None, note: str | None = None) -> Reply:
    return Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, seen_decision=question.seen_decision, answer=answer, values=values, note=note)


def _correct_dialog(seat: Seat, run: RunView, question: QuestionView) -> None:
    """The right value, typed, or a place chosen from the official ones; checked when it is saved, and refused with the reason when it cannot be."""
    say = seat.say
    fields = _fields_to_correct(question)

    @st.dialog(say.markdown("review.correct.title"), on_dismiss=questions.close_dialog)
    def correct() -> None:
        questions.leave_when_closed(question.key)
        st.caption(say.markdown("review.correct.lead"))
        if fields == PLACE_FIELDS:
            places.choose(seat, question.key[:16], {level: getattr(question.records[0], level) for level in PLACE_FIELDS})
        else:
            _typed_fields(seat, question, fields)
        _checked(seat, run, question, fields)
        st.button(say.markdown("review.correct.save"), key=f"save_{question.key[:16]}", type="primary", on_click=_save_correction, args=(run, question, fields))

    correct()


def _typed_fields(seat: Seat, question: QuestionView, fields: tuple[str, ...]) -> None:
    for field_name in fields:
        if field_name == "visibility":
            tiers = list(load_vocabularies().visibilities.terms)
            st.selectbox(
                show.field_label(seat.say, field_name), tiers, index=tiers.index(question.records[0].visibility or tiers[0]), key=f"correct_{field_name}_{question.key[:16]}",
                format_func=lambda code: show.visibility_word(seat.say, code),
            )  # fmt: skip
            continue
        start = "" if field_name in PERSONAL_FIELDS else show.value_text(_present_value(question, field_name)).replace(show.ABSENT, "")
        st.text_input(show.field_label(seat.say, field_name), value=start, key=f"correct_{field_name}_{question.key[:16]}", max_chars=500)


def _checked(seat: Seat, run: RunView, question: QuestionView, fields: tuple[str, ...]) -> None:
    """What would come of the value that stands there now, told before it is saved."""
    values = _values_given(question, fields)
    if not values or values == _values_at_start(question, fields):
        return
    answer = steward.AnswerIn(key=question.key, answer=Answer.CORRECT, values=values)
    problem = steward.problem_with(seat.db, seat.settings, seat.actor, run.run_id, answer)
    if problem is None:
        st.success(seat.say.markdown("review.correct.good"), icon=":material/check_circle:")
    else:
        st.warning(escape_markdown(told.told(seat.say, problem)), icon=":material/warning:")


def _values_given(question: QuestionView, fields: tuple[str, ...]) -> dict[str, Any]:
    if fields == PLACE_FIELDS:
        return dict(places.chosen(question.key[:16]))
    typed = {field_name: str(st.session_state.get(f"correct_{field_name}_{question.key[:16]}", "")).strip() for field_name in fields}
    return {name: text for name, text in typed.items() if text}


def _values_at_start(question: QuestionView, fields: tuple[str, ...]) -> dict[str, Any]:
    if fields == PLACE_FIELDS:
        return dict(places.official({level: getattr(question.records[0], level) for level in PLACE_FIELDS}))
    shown = {name: str(value) for name in fields if (value := _present_value(question, name)) is not None}
    return {name: show.value_text(_present_value(question, name)) for name in shown}


def _fields_to_correct(question: QuestionView) -> tuple[str, ...]:
    """A place is corrected as a whole, a point as two numbers; anything else by itself."""
    field_name = question.field or "name"
    if field_name in PLACE_FIELDS:
        return PLACE_FIELDS
    if field_name in ("coordinates", "point", "latitude", "longitude"):
        return ("latitude", "longitude")
    return (field_name,)


def _present_value(question: QuestionView, field_name: str) -> Any:
    return question.value if field_name == question.field != "visibility" else getattr(question.records[0], field_name, None)


def _save_correction(run: RunView, question: QuestionView, fields: tuple[str, ...]) -> None:
    questions.give(_reply(run, question, Answer.CORRECT, values=_values_given(question, fields)))


def _alike_dialog(seat: Seat, run: RunView, question: QuestionView, are_more: bool) -> None:
    """What would be accepted, row by row, before it is; of very many, as many as one step answers."""
    say = seat.say
    alike = steward.alike(seat.db, seat.settings, seat.actor, run.run_id, question.key).keys[:MOST_AT_ONCE]
    shown = told.suggested(say, question.field, question.suggestion.shown if question.suggestion else None)
    rows = question_views.questions_by_key(seat.db, seat.actor, run.run_id, alike[:ALIKE_SHOWN])

    @st.dialog(say.markdown("review.alike.title"), width="large", on_dismiss=questions.close_dialog)
    def accept_all() -> None:
        questions.leave_when_closed(question.key)
        st.markdown(say.markdown("review.alike.lead", n=len(alike), shown=shown))
        if st.button(say.markdown("review.alike.do", n=len(alike)), key=f"alike_{question.key[:16]}", type="primary"):
            questions.give_alike(run.run_id, question.key, alike)
            st.rerun()
        show.table(
            {
                say("field.name"): [row.records[0].name for row in rows],
                say("field.county"): [row.records[0].county for row in rows],
                say("review.alike.now"): [row.value for row in rows],
                say("upload.files.name"): [f"{row.records[0].file_name} {row.records[0].pointer}" for row in rows],
            },
            alt=say("review.alike.alt"),
        )
        if are_more:
            st.caption(say.markdown("review.alike.step", n=len(alike)))
        if len(alike) > len(rows):
            st.caption(say.markdown("review.alike.more", n=len(alike) - len(rows)))

    accept_all()


def _waive_dialog(seat: Seat, run: RunView, question: QuestionView) -> None:
    say = seat.say
    key = f"why_{question.key[:16]}"

    @st.dialog(say.markdown("review.waive.title"), on_dismiss=questions.close_dialog)
    def waive() -> None:
        questions.leave_when_closed(question.key)
        st.caption(say.markdown("review.waive.lead"))
        st.text_input(say.markdown("review.waive.why"), key=key, max_chars=500)
        st.button(say.markdown("review.waive.save"), key=f"save_{key}", type="primary", on_click=_save_waiver, args=(run, question, key))

    waive()


def _save_waiver(run: RunView, question: QuestionView, key: str) -> None:
    questions.give(_reply(run, question, Answer.WAIVE, note=str(st.session_state.get(key, "")).strip()))
