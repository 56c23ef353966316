"""What the texts of a record tell about where it lies: one clue per text, with every unit it may mean and its weight."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gvrc.model.quick import quick
from gvrc.reference.gazetteer import Gazetteer, PlaceMatch
from gvrc.reference.place_names import place_key

WEIGHTS: Mapping[str, float] = {
    "county": 2.0, "constituency": 2.2, "ward": 1.7, "section": 2.1, "address": 2.0, "district": 1.8, "sub_county": 1.5,
    "town": 1.0, "location": 1.0, "name": 0.8, "description": 0.8, "post_box": 0.6, "point": 1.5,
}  # fmt: skip
"""How much one clear text of each kind counts. A constituency names its county and is rarely mistyped into another one; a place name
inside a facility's name often tells where its founder comes from. Set on two national lists with wrong counties put in."""

STRONG_CLUES = frozenset({"county", "constituency", "ward", "section", "address", "district", "sub_county"})
"""Administrative statements; only these may place a record by themselves, the others only suggest."""

SHARED = {1: 1.0, 2: 0.6}
SHARED_BY_MANY = 0.35
"""What is left of a clue's weight when its name stands in two counties, or in more."""
REPEATED = 0.25
"""What is left of a clue that only repeats the text of a weightier one."""

CLOSE_SPELLING = 0.85
"""Likeness from which a misspelt ward of the stated county is preferred to a ward of that very name elsewhere."""

_BRACKETED = re.compile(r"\([^()]{0,80}\)?")
_NAMED = frozenset({"exact", "normalised", "alias", "part", "old", "sub_county"})


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One text and the units it may mean. `source` is the field it stands in (or `name`, `point`)."""

    source: str
    text: str
    matches: tuple[PlaceMatch, ...]
    weight: float
    counties: Mapping[str, float]
    """The counties it may mean, each with the confidence of its best match."""


def clue_of(source: str, text: str, matches: tuple[PlaceMatch, ...], weight: float) -> Clue:
    """A clue with its counties gathered from its matches."""
    counties: dict[str, float] = {}
    for match in matches:
        if match.confidence > counties.get(match.county_code, 0.0):
            counties[match.county_code] = match.confidence
    return Clue(source=source, text=text, matches=matches, weight=weight, counties=counties)


def county_scores(clues: Iterable[Clue]) -> dict[str, float]:
    """The weight of evidence for each county. Texts that repeat each other count once, names shared by counties count less."""
    scores: dict[str, float] = defaultdict(float)
    seen: set[tuple[str, str]] = set()
    for clue in sorted(clues, key=lambda clue: -clue.weight):
        counties = clue.counties
        share = clue.weight * SHARED.get(len(counties), SHARED_BY_MANY)
        for county_code, confidence in counties.items():
            said = (place_key(clue.text), county_code)
            scores[county_code] += share * confidence * (REPEATED if said in seen else 1.0)
            seen.add(said)
    return dict(scores)


def county_clues(gazetteer: Gazetteer, text: str, weight: float) -> Iterator[Clue]:
    """What the county field says: a county, several, or (a heading, a town, a district, a province) something that lies in some."""
    matches = gazetteer.counties_named(text) or _counties_in(gazetteer, text)
    if matches:
        yield clue_of("county", text, matches, weight)
        return
    province = _in_province(gazetteer, text)
    if province:
        yield clue_of("county", text, province, WEIGHTS["county"] / 2)
        return
    elsewhere = gazetteer.find_district(text) or gazetteer.anything(text)
    matches = elsewhere or gazetteer.find_county(text)
    if matches:
        yield clue_of("county", text, matches, WEIGHTS["district"] if elsewhere else weight)


def _in_province(gazetteer: Gazetteer, text: str) -> tuple[PlaceMatch, ...]:
    """The counties of the old province that a text names."""
    return tuple(PlaceMatch(level="county", county_code=code, confidence=0.5, method="alias") for code in sorted(gazetteer.find_province(text)))


def _counties_in(gazetteer: Gazetteer, text: str) -> tuple[PlaceMatch, ...]:
    """The counties named inside a longer text (`Nairobi and Kiambu`, `Kwale (Msambweni)`)."""
    phrases = gazetteer.phrases_in(text)
    found = {match.county_code: match for _, matches in phrases for match in matches if match.level == "county" and match.method in _NAMED}
    return tuple(found[code] for code in sorted(found))


def stated_clues(gazetteer: Gazetteer, stated: Mapping[str, str], county_codes: Sequence[str]) -> Iterator[Clue]:
    """The clues of every stated text but the county's own. Each text is looked up within `county_codes` first and in the country only when
    nothing there comes near: `Iikerin` in Narok is a misspelt ward, not a place elsewhere."""
    seats = _constituency(gazetteer, stated["constituency"], county_codes) if "constituency" in stated else ()
    if seats:
        yield clue_of("constituency", stated["constituency"], seats, WEIGHTS["constituency"])
    wards = _ward(gazetteer, stated["ward"], county_codes, seats) if "ward" in stated else ()
    if wards:
        yield clue_of("ward", stated["ward"], wards, WEIGHTS["ward"])
    for source, find in (("sub_county", _sub_county), ("district", _district), ("section", _section), ("address", _section)):
        text = stated.get(source)
        matches = find(gazetteer, text, county_codes) if text else ()
        if text and matches:
            yield clue_of(source, text, matches, WEIGHTS[source])
    for source in ("town", "location", "description", "post_box"):
        yield from text_clues(gazetteer, source, stated.get(source) or "", county_codes)


def text_clues(gazetteer: Gazetteer, source: str, text: str, county_codes: Sequence[str] = ()) -> Iterator[Clue]:
    """A clue for each place name inside running text."""
    for phrase, matches in gazetteer.phrases_in(text) if text else ():
        yield clue_of(source, phrase, _inside_first(matches, county_codes), WEIGHTS[source])


def _inside_first(matches: tuple[PlaceMatch, ...], county_codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
    """Of a name's units those within the counties, if there are any: a name that fits the stated county speaks for it."""
    return tuple(match for match in matches if match.county_code in county_codes) or matches


def _constituency(gazetteer: Gazetteer, text: str, county_codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
    inside = gazetteer.find_constituency(text, county_codes) if county_codes else ()
    if _named(inside):
        return inside
    anywhere = gazetteer.find_constituency(text)
    return _named(anywhere) or inside or anywhere or _sub_county(gazetteer, text, county_codes)


def _ward(gazetteer: Gazetteer, text: str, county_codes: Sequence[str], seats: Sequence[PlaceMatch]) -> tuple[PlaceMatch, ...]:
    """The stated constituency's own ward of that name, wherever it lies; else the county's. Elsewhere only a ward's full name counts: parts of
    double names and likeness are too common among 1,450."""
    named = gazetteer.wards_named(text)
    seat_codes = {seat.constituency_code for seat in seats}
    own = tuple(match for match in named if match.constituency_code in seat_codes)
    inside = own or (gazetteer.find_ward(text, county_codes) if county_codes else ())
    if inside and inside[0].confidence >= CLOSE_SPELLING:
        return inside
    return tuple(match for match in named if match.method != "part") or inside


def _sub_county(gazetteer: Gazetteer, text: str, county_codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
    found = gazetteer.find_sub_county(text) + _named(gazetteer.find_constituency(text)) + gazetteer.find_district(text)
    return _inside_first(found, county_codes)


def _district(gazetteer: Gazetteer, text: str, county_codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
    plain = _BRACKETED.sub(" ", text).strip() or text
    found = gazetteer.find_district(text) or gazetteer.find_district(plain) or _named(gazetteer.find_county(plain))
    return _inside_first(found or _sub_county(gazetteer, plain, ()) or gazetteer.anything(plain), county_codes)


def _section(gazetteer: Gazetteer, text: str, county_codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
    """A heading names a county, rarely a smaller unit."""
    counties = _named(gazetteer.find_county(text)) or _counties_in(gazetteer, text) or _in_province(gazetteer, text)
    return counties or _inside_first(gazetteer.find_district(text) + gazetteer.anything(text), county_codes)


def _named(matches: Iterable[PlaceMatch]) -> tuple[PlaceMatch, ...]:
    return tuple(match for match in matches if match.method in _NAMED)
