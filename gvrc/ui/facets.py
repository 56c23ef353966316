"""Facets over the questions that wait: each choice with how many wait in it, under the other choices; the choice is in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gvrc.ui import address, places, questions, show
from gvrc.ui.desk import Seat
from gvrc.views.tally import Tally

IN_THE_ADDRESS = {"code": "issue", "facility_type": "kind"}
"""Facets that the addresses of all pages call otherwise."""
LONGEST = 60
"""Choices of one facet that are listed; the rest are few of each."""


def chosen(names: Sequence[str]) -> dict[str, str | None]:
    """What the address chooses for each facet."""
    return {name: address.word(IN_THE_ADDRESS.get(name, name)) for name in names}


def row(seat: Seat, tally: Tally, names: Sequence[str], picked: dict[str, str | None], *, width: int) -> None:
    """One select box per facet. A choice whose questions are all answered stays to be seen, so that it can be taken back."""
    with st.container(horizontal=True, gap="xsmall"):
        for name in names:
            _facet(seat, name, tally.facet(name, **picked), picked[name], width)


def _facet(seat: Seat, name: str, amounts: dict[str, int], current: str | None, width: int) -> None:
    values = list(amounts)[:LONGEST]
    choices = ["", *values, *([current] if current and current not in values else [])]
    labels = {"": seat.say(f"facet.{name}.all")} | {value: f"{_word(seat, name, value)} ({amounts.get(value, 0):,})" for value in choices[1:]}
    key = f"facet_{name}_{current}"
    st.selectbox(
        seat.say.markdown(f"facet.{name}"), choices, index=choices.index(current or ""), format_func=lambda value: labels.get(value, value), key=key,
        on_change=_choose, args=(name, key), width=width, label_visibility="collapsed",
    )


def _word(seat: Seat, name: str, value: str) -> str:
    if name == "county":
        return places.county_name(value)
    if name == "facility_type":
        return show.kind_word(seat.say, value)
    if name == "code":
        return show.issue_title(seat.say, value)
    if name == "severity":
        return seat.say.or_plain(f"state.{value}", value)
    if name == "stage":
        return seat.say.or_plain(f"stage.{value}", value)
    if name == "asked":
        return seat.say.or_plain(f"asked.{value}", value)
    return seat.say.or_plain(f"band.{value}", value) if name == "band" else value


def _choose(name: str, key: str) -> None:
    address.put(**{IN_THE_ADDRESS.get(name, name): st.session_state[key] or None}, question=None)
    questions.bring_back()
