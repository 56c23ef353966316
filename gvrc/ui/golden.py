"""The golden record on the desk, live: one value per field already chosen, with its reason; each can be changed or typed, and its quality with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from gvrc.ui import show, tables, told
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Choice, Column, Row
from gvrc.views import golden as golden_views
from gvrc.views.golden import GoldenField

STATE = "golden.values"
LABEL_PX = 104


def chosen(question_key: str) -> dict[str, Any]:
    """What this person chose differently from survivorship, for this question; choices of other questions are forgotten."""
    kept: dict[str, dict[str, Any]] = st.session_state.setdefault(STATE, {})
    if set(kept) - {question_key}:
        kept.clear()
    return kept.setdefault(question_key, {})


def panel(seat: Seat, question_key: str, record_ids: Sequence[int], values: dict[str, Any]) -> None:
    """The record as these would become together: its quality, a line for each field that may be chosen otherwise, below them those that are settled."""
    view = golden_views.golden_preview(seat.db, seat.actor, record_ids, values)
    if view is None:
        return
    say = seat.say
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show.section(say.markdown("duplicates.golden"))
        st.markdown(say.markdown("duplicates.golden.quality", quality=f"{view.quality_score:.0f}"), help=_parts(seat, view.quality_parts))
    st.caption(say.markdown("duplicates.golden.lead"))
    problem = st.session_state.get(f"{STATE}.problem")
    if problem is not None and problem[0] == question_key:
        st.error(escape_markdown(told.told(say, problem[1])), icon=":material/error:")
    open_fields = [field for field in view.fields if field.may_type or len(_choices(field)) > 1]
    settled = [field for field in view.fields if field not in open_fields]
    rows: list[Row] = [(_label(seat, field), _choice(seat, number, field), _reason(seat, field)) for number, field in enumerate(open_fields)]
    rows += [(_label(seat, field), show.value_text(field.value), _reason(seat, field)) for field in settled]
    st.session_state[f"{STATE}.shown"] = (question_key, [(field.field_name, _choices(field)) for field in open_fields])
    columns = (Column(title="", width=LABEL_PX), Column(title=say("duplicates.golden.value")), Column(title=say("duplicates.golden.why")))
    words = {"absent": show.ABSENT, "other": say("duplicates.golden.other")}
    tables.table(columns, rows, key="golden", label=say("duplicates.golden"), on_choose=partial(_choose, values), words=words)


def _label(seat: Seat, field: GoldenField) -> Cell:
    return Cell(runs=((show.field_label(seat.say, field.field_name), "quiet"),))


def _reason(seat: Seat, field: GoldenField) -> Cell:
    return Cell(runs=((told.told(seat.say, field.reason), "quiet"),))


def _choice(seat: Seat, number: int, field: GoldenField) -> Cell:
    """The value, to be chosen from those of the records or, where that may be, typed."""
    name = seat.say("duplicates.golden.choose", field=show.field_label(seat.say, field.field_name))
    return Cell(text=field.value or "", choice=Choice(tag=number, name=name, values=_choices(field), may_type=field.may_type))


def _parts(seat: Seat, parts: Sequence[Any]) -> str:
    """The parts of the quality score, each with its reasons, as Markdown."""
    lines = []
    for part in parts:
        name = seat.say.or_plain("quality." + part["dimension"], part["dimension"])
        why = escape_markdown(" ".join(told.told(seat.say, reason) for reason in part["reasons"]) or seat.say("quality.full"))
        lines.append(f"- {name} **{part['value']:.0f}**: {why}")
    return "\n".join(lines)


def _choices(field: GoldenField) -> list[str]:
    """The values to choose from, in an order that stays when the choice changes."""
    return sorted({value for value in (*field.alternatives, field.value) if value is not None})


def _choose(values: dict[str, Any], number: int, text: str) -> None:
    """Callback: take the value chosen or typed; a typed one that cannot stand is refused with the reason, and the one before stays."""
    question_key, fields = st.session_state[f"{STATE}.shown"]
    st.session_state.pop(f"{STATE}.problem", None)
    if not 0 <= number < len(fields):
        return
    field_name, choices = fields[number]
    wrong = None if text in choices else golden_views.problem_with(field_name, text)
    if wrong is not None:
        st.session_state[f"{STATE}.problem"] = (question_key, wrong)
        return
    values[field_name] = text.strip()
