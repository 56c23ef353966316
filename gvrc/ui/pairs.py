"""The duplicates desk: is this one place?

The records stand side by side, what differs is loud and what agrees is quiet, with what each comparison weighs; the points on a small map and the
last decisions beside them; below, the golden record as it would become, each value changeable, and how the match score adds up.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from gvrc.model.review import Answer, QuestionKind
from gvrc.security.permissions import Permission
from gvrc.ui import decided, facets, golden, pair_dialogs, pair_group, pair_score, pair_sides, questions, runs, told, warming
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Key, Reply
from gvrc.views import tally as tallies
from gvrc.views.questions import QuestionView
from gvrc.views.runs import RunView

FACETS = ("source", "county", "facility_type", "band", "asked")
FACET_WIDTH_PX = 175
QUESTION_AND_BESIDE = (9, 3)


def ask(seat: Seat, run: RunView) -> None:
    """The page below its heading: progress and facets, the question on the table with its keys, beside it the map and the last decisions."""
    tally = tallies.pair_tally(seat.db, seat.actor, run.run_id)
    picked = facets.chosen(FACETS)
    if tally.groups or any(picked.values()):
        facets.row(seat, tally, FACETS, picked, width=FACET_WIDTH_PX)
    question = questions.next_question(seat, run.run_id, QuestionKind.DUPLICATE, picked)
    if question is not None:
        _score_line(seat, run, question, tally.total(**picked))
    main, beside = st.columns(QUESTION_AND_BESIDE, gap="medium")
    with main:
        if question is None:
            questions.nothing_left(seat, run.run_id, QuestionKind.DUPLICATE, "duplicates")
            runs.offer_again(seat, run)
        else:
            _question(seat, run, question)
    with beside:
        if question is not None:
            pair_sides.small_map(seat, _side_by_side(question))
        decided.panel(seat, run.run_id)


def _side_by_side(question: QuestionView) -> list[Any]:
    return [member.record for member in question.members] or list(question.records)


def _question(seat: Seat, run: RunView, question: QuestionView) -> None:
    warming.rehearse(seat, run.run_id, question)
    values = golden.chosen(question.key)
    pair_sides.table(seat, question, _side_by_side(question))
    choice = pair_group.choice(seat, question)
    _keys(seat, run, question, values, choice)
    golden.panel(seat, question.key, pair_group.record_ids(question, choice), values)
    if question.match is not None:
        pair_score.explained(seat, question.match)
    pair_dialogs.draw(seat, run, question)


def _score_line(seat: Seat, run: RunView, question: QuestionView, waiting: int) -> None:
    """The question, how sure the machine is and why it asks, what became of pairs like this, what was answered before; how far one is."""
    say, match = seat.say, question.match
    parts = [f"**{say.markdown('duplicates.question') if question.relation is None else say.markdown('duplicates.question.related')}**"]
    if match is not None:
        parts.append(say.markdown("duplicates.score", score=f"{match.match_score:.2f}", band=say(f"band.{match.band}")))
        parts += [escape_markdown(told.told(say, match.of_decided))] if match.of_decided else []
    said, done = st.columns(QUESTION_AND_BESIDE, gap="medium", vertical_alignment="center")
    with said, st.container(gap="xxsmall"):
        st.markdown(" · ".join(parts))
        st.caption(escape_markdown(told.told(say, question.previous_decision or question.reason)))
    done.caption(questions.progress_line(seat, run.run_id, QuestionKind.DUPLICATE, waiting))


# ------------------------------------------------------------------------------------------------------------------------ keys


def _keys(seat: Seat, run: RunView, question: QuestionView, values: dict[str, Any], choice: pair_group.Choice | None) -> None:
    cannot = not seat.may(Permission.DECIDE)
    is_relation = question.relation is not None
    same = pair_group.same_reply(run, question, values, choice)
    related = reply(run, question, Answer.RELATED, relation=question.relation, is_turned=question.is_turned)
    proposed = Key(name="accept", words=f"accept_{question.relation}", shortcut="A", act=questions.give, arguments=(related,), is_primary=True, is_disabled=cannot)
    questions.key_row(
        seat.say,
        question.key,
        [
            *([proposed] if is_relation else []),
            Key(
                name="same", words="same_of" if choice else None, amount=len(choice.same) if choice else None, shortcut="S", act=questions.give, arguments=(same,),
                is_primary=not is_relation, is_disabled=cannot or (choice is not None and len(choice.same) < 2),
            ),
            Key(name="different", shortcut="D", act=questions.give, arguments=(reply(run, question, Answer.DIFFERENT),), is_disabled=cannot),
            Key(name="related", shortcut="L", act=questions.open_dialog, arguments=("related", question.key), is_disabled=cannot),
            Key(name="unsure", shortcut="U", act=questions.open_dialog, arguments=("unsure", question.key), is_disabled=cannot),
            Key(name="skip", shortcut="Right", act=questions.skip_question, arguments=(question.key,)),
            Key(name="undo", shortcut="Backspace", act=questions.undo_last, arguments=(run.run_id,), is_disabled=cannot),
        ],
    )


def reply(run: RunView, question: QuestionView, answer: Answer, **more: Any) -> Reply:
    """An answer to the question as it was seen."""
    return Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, seen_decision=question.seen_decision, answer=answer, **more)
