"""Two or more records side by side: what differs is loud, what agrees is quiet; their points on a small map."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations, groupby
from typing import Any

import streamlit as st

from gvrc.ui import pair_score, parts, show, tables
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.map_marks import rgb
from gvrc.ui.tables import Cell, Column, Row, Run
from gvrc.views.questions import MatchView, QuestionView, haversine_km
from gvrc.views.records import RecordView

SHOWN_FIELDS = ("name", "facility_type_label", "place", "point", "contacts", "services", "mfl_code", "registration_number", "owner", "operational_status", "address")
MARKS = ("❶", "❷", "❸", "❹", "❺", "❻")
COLOURS = ("primary", "orange", "blue", "red", "gray", "green")
NEAR_KM = 0.5
"""Points nearer than this are quiet: lists round, and gates have sides."""
MAP_HEIGHT_PX = 170
LEAST_DEGREES = 20 / 111_320
"""Twenty metres: points nearer to each other than that are drawn as if so far apart."""
LONGEST_VALUE = 90
"""Characters of a cell; all of it stands on the record's own page."""


def table(seat: Seat, question: QuestionView, records: Sequence[RecordView]) -> None:
    """One row per field, one column per record, and what the comparison of the field weighs where there are two."""
    say = seat.say
    match = question.match if len(records) == 2 else None
    columns = [Column(title=say("duplicates.column.field")), *(Column(title=_origin(record, mark)) for record, mark in zip(records, MARKS, strict=False))]
    if match is not None:
        columns.append(Column(title=say("duplicates.column.evidence")))
    rows: list[Row] = []
    for field_name in SHOWN_FIELDS:
        cells = _row(say, field_name, records)
        if cells is not None:
            rows.append((show.field_label(say, field_name), *cells, *([] if match is None else [_evidence(say, match, field_name)])))
    tables.table(columns, rows, key="pair_table", label=say("duplicates.table.alt"))


def _evidence(say: Words, match: MatchView, field_name: str) -> str | Cell:
    """What the comparison of a field weighs, in signs and in a few words."""
    heard = pair_score.evidence(say, match, field_name)
    return "" if heard is None else Cell(runs=((f"{heard[0]} ", "strong"), (heard[1], "quiet")))


def _origin(record: RecordView, mark: str) -> str:
    place = f"{record.file_name} {record.pointer or ''}".strip()
    return f"{mark} {place if len(place) <= 44 else place[:20] + '…' + place[-23:]}"


def _row(say: Words, field_name: str, records: Sequence[RecordView]) -> list[Cell] | None:
    """The cells of a field; None when nobody knows it."""
    values = [_text(say, record, field_name) for record in records]
    if all(value == show.ABSENT for value in values):
        return None
    if field_name == "name":
        return _names(values)
    is_loud = _LOUD[field_name](records, field_name) if field_name in _LOUD else _texts_differ(values)
    return [Cell(runs=[_loud(value) if is_loud and value != show.ABSENT else _quiet(value)]) for value in values]


def _text(say: Words, record: RecordView, field_name: str) -> str:
    if field_name == "place":
        return " · ".join(each for each in (record.county, record.constituency, record.ward) if each) or show.ABSENT
    if field_name == "owner":
        return show.owner_word(say, record.owner)
    value = show.record_value(say, record, field_name)
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE].rstrip()}…"


def _names(values: Sequence[str]) -> list[Cell]:
    """Names word by word: a word that not every name has is loud."""
    words = [{word.casefold() for word in value.split()} for value in values]
    common = set.intersection(*words) if words else set()
    return [Cell(runs=[_quiet(value)] if value == show.ABSENT else _words(value.split(), common)) for value in values]


def _words(words: Sequence[str], common: set[str]) -> list[Run]:
    """Words in a row that are loud, or quiet, stand together."""
    found: list[Run] = []
    for is_common, run in groupby(words, key=lambda word: word.casefold() in common):
        text = " ".join(run)
        found += [(" ", "quiet")] if found else []
        found.append(_quiet(text) if is_common else _loud(text))
    return found


def _quiet(text: str) -> Run:
    return show.breakable(text), "quiet"


def _loud(text: str) -> Run:
    return f"≠ {show.breakable(text)}", "loud"


def _texts_differ(texts: Sequence[str]) -> bool:
    return len({text.casefold() for text in texts if text != show.ABSENT}) > 1


def _places_differ(records: Sequence[RecordView], field_name: str) -> bool:
    """At a level that both know; a place that is only less precise agrees."""
    return any(len({value for record in records if (value := getattr(record, level))}) > 1 for level in ("county", "constituency", "ward"))


def _points_differ(records: Sequence[RecordView], field_name: str) -> bool:
    return (span_km(records) or 0.0) > NEAR_KM


def _lists_differ(records: Sequence[RecordView], field_name: str) -> bool:
    """Lists differ when two of them share nothing."""
    known = [set(found) for record in records if (found := _listed(record, field_name))]
    return any(not one & other for one, other in combinations(known, 2))


def _listed(record: RecordView, field_name: str) -> list[str]:
    return [contact.value for contact in record.contacts] if field_name == "contacts" else list(record.services)


_LOUD: dict[str, Callable[[Sequence[RecordView], str], bool]] = {
    "place": _places_differ, "point": _points_differ, "contacts": _lists_differ, "services": _lists_differ,
}


# ------------------------------------------------------------------------------------------------------------------------ the map


def span_km(records: Sequence[RecordView]) -> float | None:
    """The largest distance between any two points; None with fewer than two."""
    points = _placed(records)
    return max((haversine_km(*one, *other) for one, other in combinations(points, 2)), default=None)


def _placed(records: Sequence[RecordView]) -> list[tuple[float, float]]:
    return [(record.latitude, record.longitude) for record in records if record.latitude is not None and record.longitude is not None]


def small_map(seat: Seat, records: Sequence[RecordView]) -> None:
    """The points and the lines between them, drawn without any outside map; the metres in words."""
    say, span = seat.say, span_km(records)
    if span is None:
        st.caption(say.markdown("duplicates.where.unknown", n=len(_placed(records))))
        return
    parts.draw("map", _drawing(records, alt=say("duplicates.map.alt")), key="pair_map", height=MAP_HEIGHT_PX)
    metres = f"{span * 1000:,.0f} m" if span < 10 else f"{span:,.1f} km"
    st.caption(say.markdown("duplicates.metres" if len(_placed(records)) == 2 else "duplicates.metres_at_most", metres=metres))


def _drawing(records: Sequence[RecordView], *, alt: str) -> dict[str, Any]:
    """The points with their marks and the lines between them, for `parts/map.js`; the view leaves as much room around them as they take."""
    points: list[dict[str, Any]] = [
        {"id": number, "at": [record.longitude, record.latitude], "tip": f"{mark} {show.value_text(record.name)}", "sign": str(number), "colour": rgb(colour)}
        for number, (record, colour, mark) in enumerate(zip(records, COLOURS, MARKS, strict=False), start=1)
        if record.latitude is not None and record.longitude is not None
    ]
    longitudes, latitudes = [point["at"][0] for point in points], [point["at"][1] for point in points]
    around = max(max(longitudes) - min(longitudes), max(latitudes) - min(latitudes), LEAST_DEGREES) / 2
    return {
        "label": alt, "height": MAP_HEIGHT_PX, "view": [min(longitudes) - around, min(latitudes) - around, max(longitudes) + around, max(latitudes) + around],
        "words": {}, "colours": {name: rgb(name) for name in ("primary", "ground", "text", "area", "edge")}, "outlines": [], "counties": {}, "circles": [],
        "places": json.dumps(points), "lines": [[one["at"], other["at"]] for one, other in combinations(points, 2)], "chosen": [], "picked": [],
    }  # fmt: skip
