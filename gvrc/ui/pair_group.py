"""More than two records side by side: which of them are one place, which are another, and which are left for later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gvrc.model.review import Answer
from gvrc.ui import questions, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.pair_sides import MARKS
from gvrc.ui.questions import Reply
from gvrc.views.questions import QuestionView
from gvrc.views.runs import RunView

IN, OUT, LATER = "in", "out", "later"
_NEXT = {IN: OUT, OUT: LATER, LATER: IN}
_SYMBOLS = {IN: "check_circle", OUT: "call_split", LATER: "radio_button_unchecked"}
LONGEST_NAME = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The record keys that are the same place, and those that are another place than that."""

    same: tuple[str, ...]
    apart: tuple[str, ...]


def choice(seat: Seat, question: QuestionView) -> Choice | None:
    """A button per record that says what it is taken for; its number on the keyboard turns it. None when two records stand there."""
    if not question.members:
        return None
    places = _places(question)
    is_dead = questions.any_dialog_for(question.key)
    with st.bottom, st.container(horizontal=True, gap="xsmall"):
        st.caption(seat.say.markdown("duplicates.group.lead"), width="content")
        for number, member in enumerate(question.members, start=1):
            name = show.value_text(member.record.name)
            short = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME].rstrip()}…"
            place = places[member.key]
            st.button(
                f"{MARKS[number - 1]} {escape_markdown(short)}: {seat.say.markdown(f'duplicates.group.{place}')}", key=f"member_{number}_{question.key[:16]}",
                icon=f":material/{_SYMBOLS[place]}:", on_click=_turn, args=(question.key, member.key, places), shortcut=None if is_dead else str(number), disabled=is_dead,
            )
    return Choice(same=_those(places, IN), apart=_those(places, OUT))


def _places(question: QuestionView) -> dict[str, str]:
    """What each record is taken for now: what is joined already is in, what is only asked about waits, until the steward turns it."""
    kept: dict[str, dict[str, str]] = st.session_state.setdefault("pair_group.places", {})
    if set(kept) - {question.key}:
        kept.clear()
    turned = kept.setdefault(question.key, {})
    return {member.key: turned.get(member.key, IN if member.is_in else LATER) for member in question.members}


def _turn(question_key: str, member_key: str, places: dict[str, str]) -> None:
    """Callback: in, another place, later, in."""
    st.session_state["pair_group.places"].setdefault(question_key, {})[member_key] = _NEXT[places[member_key]]


def _those(places: dict[str, str], wanted: str) -> tuple[str, ...]:
    return tuple(key for key, place in places.items() if place == wanted)


def record_ids(question: QuestionView, chosen: Choice | None) -> Sequence[int]:
    """The staged records whose golden record is shown: those that are taken for one place."""
    if chosen is None:
        return question.record_ids
    ids = [member.record_id for member in question.members if member.key in chosen.same and member.record_id is not None]
    feeding = [number for number in question.record_ids if number not in {member.record_id for member in question.members}]
    return [*dict.fromkeys([*ids, *feeding])]


def same_reply(run: RunView, question: QuestionView, values: dict[str, Any], chosen: Choice | None) -> Reply:
    """The answer Same: for the pair, or for all that are taken for one place."""
    return Reply(
        run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, seen_decision=question.seen_decision, answer=Answer.SAME, values=values,
        same=chosen.same if chosen else (), apart=chosen.apart if chosen else (),
    )
