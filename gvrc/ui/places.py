"""Choosing an official place: its county, then a constituency of that county, then a ward of that constituency."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from gvrc.reference.gazetteer import Gazetteer, load_gazetteer
from gvrc.ui import show
from gvrc.ui.desk import Seat

LEVELS = ("county", "constituency", "ward")
NOT_KNOWN = ""


def county_name(county_code: str) -> str:
    """The name of a county by its code; the code itself when it is none of the official ones."""
    known = {county.county_code: county.county for county in load_gazetteer().counties}
    return known.get(county_code, county_code)


def choose(seat: Seat, key: str, start: Mapping[str, str | None]) -> None:
    """Three boxes with the official names, each offering what lies in the one before it; `chosen` reads them.

    `start` is what stands there now; a name that is not official there is not taken over. For dialogs and forms of one page: `key` tells them apart.
    """
    above: list[str] = []
    for level in LEVELS:
        names = [NOT_KNOWN, *_OFFERED[level](load_gazetteer(), above)]
        _box(seat, f"{level}_{key}", level, names, start.get(level) or NOT_KNOWN, is_open=all(above))
        above.append(chosen(key).get(level, NOT_KNOWN))


def chosen(key: str) -> dict[str, str]:
    """What is chosen in the boxes of `key`, official names by level; a level that is not known is left out."""
    return official({level: st.session_state.get(f"{level}_{key}") for level in LEVELS})


def official(names: Mapping[str, str | None]) -> dict[str, str]:
    """Of the names of a place by level, those that are official ones each within the one before it."""
    found: dict[str, str] = {}
    for level in LEVELS:
        name = str(names.get(level) or NOT_KNOWN)
        if name not in _OFFERED[level](load_gazetteer(), list(found.values())):
            break
        found[level] = name
    return found


def _box(seat: Seat, key: str, level: str, names: list[str], start: str, *, is_open: bool) -> None:
    """One box. A name kept from another county or constituency is let go."""
    if st.session_state.get(key) not in names:
        st.session_state[key] = start if key not in st.session_state and start in names else NOT_KNOWN
    st.selectbox(
        show.field_label(seat.say, level), names, key=key, disabled=not is_open,
        format_func=lambda name: name or seat.say("review.correct.not_known"),
    )


def _counties(gazetteer: Gazetteer, above: list[str]) -> list[str]:
    return sorted(county.county for county in gazetteer.counties)


def _constituencies(gazetteer: Gazetteer, above: list[str]) -> list[str]:
    return sorted(seat.constituency for seat in gazetteer.constituencies if [seat.county] == above[:1])


def _wards(gazetteer: Gazetteer, above: list[str]) -> list[str]:
    return sorted({ward.ward for ward in gazetteer.wards if [ward.county, ward.constituency] == above[:2]})


_OFFERED: Mapping[str, Callable[[Gazetteer, list[str]], list[str]]] = {"county": _counties, "constituency": _constituencies, "ward": _wards}
