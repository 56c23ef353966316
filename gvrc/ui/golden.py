"""The golden record on the desk, live: one value per field already chosen, with its reason; each can be changed or typed, and its quality with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gvrc.ui import show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.views import golden as golden_views
from gvrc.views.golden import GoldenField

STATE = "golden.values"
LABEL_PX, BOX_PX = 104, 270


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
        st.error(escape_markdown(problem[1]), icon=":material/error:")
    open_fields = [field for field in view.fields if field.may_type or len(_choices(field)) > 1]
    with st.container(gap="xxsmall"):
        for field in open_fields:
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
                st.caption(show.field_label(say, field.field_name), width=LABEL_PX)
                _box(seat, question_key, field, values)
                st.caption(escape_markdown(field.reason))
    settled = [field for field in view.fields if field not in open_fields]
    if settled:
        show.table(
            {
                say("commit.cell.field"): [show.field_label(say, field.field_name) for field in settled],
                say("duplicates.golden.value"): [field.value for field in settled],
                say("duplicates.golden.why"): [field.reason for field in settled],
            },
            alt=say("duplicates.golden.settled"),
        )


def _parts(seat: Seat, parts: Sequence[Any]) -> str:
    """The parts of the quality score, each with its reasons, as Markdown."""
    lines = []
    for part in parts:
        name = seat.say.or_plain("quality." + part["dimension"], part["dimension"])
        why = escape_markdown(" ".join(part["reasons"]) or seat.say("quality.full"))
        lines.append(f"- {name} **{part['value']:.0f}**: {why}")
    return "\n".join(lines)


def _box(seat: Seat, question_key: str, field: GoldenField, values: dict[str, Any]) -> None:
    """The value, to be chosen from those of the records or, where that may be, typed."""
    choices = _choices(field)
    key = f"golden_{field.field_name}_{question_key[:16]}_{hash(field.value) & 0xFFFF}"
    st.selectbox(
        seat.say.markdown("duplicates.golden.choose", field=show.field_label(seat.say, field.field_name)), choices,
        index=choices.index(field.value) if field.value is not None else None, key=key, on_change=_choose, args=(question_key, key, field.field_name, choices, values),
        label_visibility="collapsed", width=BOX_PX, accept_new_options=field.may_type, filter_mode="prefix", placeholder=show.ABSENT,
    )


def _choices(field: GoldenField) -> list[str]:
    """The values to choose from, in an order that stays when the choice changes."""
    return sorted({value for value in (*field.alternatives, field.value) if value is not None})


def _choose(question_key: str, key: str, field_name: str, choices: Sequence[str], values: dict[str, Any]) -> None:
    """Callback: take the value chosen or typed; a typed one that cannot stand is refused with the reason, and the one before stays."""
    text = st.session_state.get(key)
    st.session_state.pop(f"{STATE}.problem", None)
    if text is None:
        values.pop(field_name, None)
        return
    wrong = None if text in choices else golden_views.problem_with(field_name, str(text))
    if wrong is not None:
        st.session_state[f"{STATE}.problem"] = (question_key, wrong)
        st.session_state.pop(key, None)
        return
    values[field_name] = str(text).strip()
