"""How places are marked on the map: by quality, kind of place or state, each mark a colour, a sign and a word.

The colours are those of the theme (.streamlit/config.toml), so that the legend and the map agree; the signs tell the marks apart without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from gvrc.views.map import MapCounts, MapPlace

Rgb = tuple[int, int, int]
_LIGHT: Mapping[str, Rgb] = {
    "primary": (11, 95, 95), "green": (31, 122, 77), "orange": (163, 90, 0), "red": (179, 38, 30), "blue": (48, 100, 140), "gray": (90, 103, 104),
    "violet": (112, 72, 160), "text": (11, 16, 17), "ground": (255, 255, 255), "area": (236, 240, 240), "chosen_area": (214, 230, 230), "warm": (240, 170, 84), "edge": (176, 188, 188),
}  # fmt: skip
_DARK: Mapping[str, Rgb] = {
    "primary": (111, 197, 194), "green": (107, 200, 150), "orange": (224, 160, 82), "red": (238, 138, 130), "blue": (134, 182, 219), "gray": (163, 176, 176),
    "violet": (190, 160, 230), "text": (232, 236, 236), "ground": (20, 26, 27), "area": (34, 43, 44), "chosen_area": (30, 66, 66), "warm": (150, 96, 20), "edge": (84, 98, 99),
}  # fmt: skip
WAYS = ("quality", "kind", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One kind of mark: its code, its colour in the theme, the sign in it. Its word is `map.<way>.<code>`."""

    code: str
    colour: str
    sign: str


_MARKS: Mapping[str, tuple[Mark, ...]] = {
    "quality": (
        Mark(code="high", colour="blue", sign="+"), Mark(code="middle", colour="orange", sign="~"), Mark(code="low", colour="red", sign="!"),
        Mark(code="none", colour="gray", sign="?"),
    ),
    "kind": (
        Mark(code="health", colour="green", sign="H"), Mark(code="police", colour="blue", sign="P"), Mark(code="organisation", colour="orange", sign="O"),
        Mark(code="shelter", colour="violet", sign="S"), Mark(code="hotline", colour="red", sign="L"), Mark(code="office", colour="gray", sign="G"),
        Mark(code="none", colour="gray", sign="?"),
    ),
    "state": (
        Mark(code="ready", colour="green", sign="+"), Mark(code="committed", colour="blue", sign="C"), Mark(code="to_review", colour="orange", sign="?"),
        Mark(code="held", colour="red", sign="!"), Mark(code="operational", colour="green", sign="+"), Mark(code="not_operational", colour="red", sign="x"),
        Mark(code="temporarily_closed", colour="orange", sign="~"), Mark(code="pending_opening", colour="blue", sign="P"),
        Mark(code="none", colour="gray", sign="-"),
    ),
}  # fmt: skip


def rgb(colour: str) -> list[int]:
    """A colour of the theme that this browser shows."""
    return list((_DARK if st.context.theme.type == "dark" else _LIGHT)[colour])


def mark_of(way: str, place: MapPlace, bands: tuple[float, float]) -> Mark:
    """The mark of a place."""
    code = {"quality": _band(place.quality_score, bands), "kind": place.group, "state": place.state}[way]
    return _mark(way, code)


def _band(score: float | None, bands: tuple[float, float]) -> str | None:
    if score is None:
        return None
    return "low" if score < bands[0] else "middle" if score < bands[1] else "high"


def _mark(way: str, code: str | None) -> Mark:
    return next((mark for mark in _MARKS[way] if mark.code == code), _MARKS[way][-1])


def legend(way: str, counts: MapCounts) -> list[tuple[Mark, int]]:
    """The marks that occur, in their order, each with how many places have it."""
    found = {"quality": counts.bands, "kind": counts.groups, "state": counts.states}[way]
    sums: dict[str, int] = {}
    for code, count in found.items():
        mark = _mark(way, code)
        sums[mark.code] = sums.get(mark.code, 0) + count
    return [(mark, sums[mark.code]) for mark in _MARKS[way] if sums.get(mark.code)]
