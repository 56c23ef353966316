"""What a row without a name may be called: what its list says it is, and where (`Children's Office, Kajiado North`). Proposed, never set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gvrc.cleaning.kinds import GENERAL, find_kind
from gvrc.cleaning.text import clean_text, is_missing
from gvrc.model.issue import Suggestion
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.offices import office_of, words_of_heading
from gvrc.reference.vocabularies import Vocabularies, kind_words, normalised

AREAS = ("location", "ward", "town", "sub_county", "constituency", "district", "county")
"""Canonical fields that say where a row is, the finest first."""
LONGEST_AREA = 60

_OF_LEVEL = (("sub county", ("sub_county", "constituency", "district")), ("constituency", ("constituency", "sub_county")), ("ward", ("ward",)), ("county", ("county",)))
"""What the words of a heading say of the level of its places: `Sub-County Children Officers`, `County Gender Officers`."""
_UNIT_OF_OFFICE = frozenset({"county commissioner", "deputy county commissioner", "assistant county commissioner"})
_WORD = re.compile(r"[^\W\d_]{2,}")


def names_a_person(text: str, headings: tuple[str, ...], values: Mapping[str, Any]) -> bool:
    """Whether what stands as the name in a list of persons, or of offices that persons hold, is the name of one: words that name neither a kind of place nor a
    place. A single word may be the place of an office, and of a person only where the row tells the place elsewhere."""
    office = next((office for heading in headings if (office := office_of(heading))), None)
    words = _WORD.findall(text)
    if office is None or not office.may_name_holder or not words or any(map(str.isdigit, text)):
        return False
    if not kind_words().isdisjoint(normalised(text).split()) or office_of(text) is not None or load_gazetteer().anything(text) or load_gazetteer().find_county(text):
        return False
    if len(words) < 2:
        return office.is_person and any(not is_missing(values.get(area)) for area in AREAS[:-1])
    return office.is_person or not load_gazetteer().phrases_in(text)


_OF_ANY_OFFICE = frozenset({"sub", "county", "constituency", "ward", "district", "office", "officer", "coordinator", "ordinator", "co", "for", "of", "the", "and", "service", "department", "national", "government", "in", "charge", "area", "scco"})


def is_office_alone(name: str) -> bool:
    """Whether a name says which office a place is, and not of where (`Sub-County Children's Office`, `SCCO`)."""
    office = office_of(name)
    return office is not None and not office.is_person and set(words_of_heading(name)) <= _OF_ANY_OFFICE.union(words_of_heading(office.label))


def proposed_name(headings: tuple[str, ...], values: Mapping[str, Any], vocabularies: Vocabularies, own_type: str | None = None) -> Suggestion | None:
    """The name that follows from what a row stands under and where it is, with its reason; None when one of the two is not told. A kind of place names one only where
    the row itself says it (`own_type`): what misses in a list of stations may be the station, or the office of who commands several."""
    for heading in headings:
        label, confidence = _label(heading, vocabularies) if heading == own_type or office_of(heading) else ("", 0.0)
        place = _place(heading, values) if label else ""
        if label and place:
            name = f"{label}, {place}"
            reason = f"The list says “{heading[:60]}”, and the row says “{place}”."
            return Suggestion(values={"name": name}, shown=name, confidence=confidence, reason=reason)
    return None


def _label(heading: str, vocabularies: Vocabularies) -> tuple[str, float]:
    """What one place of a list is called, and how sure that is; empty where nothing but `office` or `organisation` can be said."""
    if (office := office_of(heading)) is not None:
        return office.label, 0.7
    kind = find_kind(" ".join(words_of_heading(heading)), vocabularies)
    if kind is None or kind.code in (GENERAL, "other", "government_office", "hotline") or vocabularies.group(kind.code) == "shelter":
        return "", 0.0
    return vocabularies.facility_types.label(kind.code), 0.5


def _place(heading: str, values: Mapping[str, Any]) -> str:
    """Where a row is, by the level that its heading speaks of, else by the finest."""
    plain = " ".join(words_of_heading(heading))
    levels = next((levels for words, levels in _OF_LEVEL if words in plain and not any(unit in plain for unit in _UNIT_OF_OFFICE)), ())
    for area in (*levels, *AREAS):
        text = clean_text(value) if type(value := values.get(area)) is str else None
        if text and not is_missing(text) and len(text) <= LONGEST_AREA and not any(map(str.isdigit, text)):
            place = text.split(",")[0].strip()
            return " ".join(map(str.capitalize, place.split())) if place.isupper() else place
    return ""
