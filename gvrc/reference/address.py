"""Reads a place written from the small to the large, or the other way round: `Kondele, Kisumu Central, Kisumu County`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gvrc.reference.gazetteer import Gazetteer, PlaceMatch

MOST_PARTS = 6
"""Parts of an address that are read."""

SURE_SPELLING = 0.85
"""Likeness from which a misspelt part is a ward of the constituency beside it."""

SEPARATOR = re.compile(r"[,;|>\n]|\s[-–/]\s")
"""What stands between the parts of an address."""
_LEVEL_WORD = re.compile(
    r"(?<=[^\s,;])\s(sub[-\s]?count(?:y|ies)|county|constituency|ward)\b(?!\s(?:of|government|council|assembly|hospital|referral|teaching|offices?|commissioner|head\s?quarters|hq))(?=\s*[^\s,;])",
    re.IGNORECASE,
)
"""A word that says of which level the words before it are, with more behind it: the address goes on there without a comma."""
_AND = re.compile(r"\s(?:and|na|&)\s", re.IGNORECASE)
_SAYS_WARD = re.compile(r"\bward$", re.IGNORECASE)
_SAYS_SEAT = re.compile(r"\b(?:constituency|sub[-\s]?county)$", re.IGNORECASE)
_BY_NAME = frozenset({"exact", "normalised", "alias", "old"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The texts of an address that name official units, one within the other; empty where it names none."""

    county: str = ""
    constituency: str = ""
    ward: str = ""


def read_address(gazetteer: Gazetteer, text: str) -> Address:
    """What a text says by its parts. Only parts that name units by name or alias count, and only units that lie within each other; a text of
    one part names a county, a unit whose level it says (`Kitisuru Ward`) or nothing. A locality that is also called like a ward
    (`Eastleigh, Nairobi`) names no ward without its constituency."""
    parts = _parts(gazetteer, text)
    if _names_several_counties(gazetteer, parts):
        return Address()
    for index in (len(parts) - 1, 0) if len(parts) > 1 else range(len(parts)):
        codes = {match.county_code for match in gazetteer.find_county(parts[index]) if match.method in _BY_NAME and not _says_smaller(parts[index])}
        if len(codes) == 1 and not (len(parts) == 1 and _is_also_elsewhere(gazetteer, parts[0], min(codes))):
            others = parts[:index] if index else parts[:0:-1]
            return _within(gazetteer, parts[index], min(codes), others)
    return _without_county(gazetteer, parts)


def _parts(gazetteer: Gazetteer, text: str) -> list[str]:
    """The parts of an address, at most MOST_PARTS from its end: what is largest usually stands last. The country goes, and the region when it stands at
    an end beside at least two smaller ones (`Kenya, Coast, Kwale, Matuga`)."""
    parts = [part.strip(" .()") for part in SEPARATOR.split(_LEVEL_WORD.sub(r" \1,", text))]
    parts = [part for part in parts if any(map(str.isalpha, part)) and not gazetteer.is_nationwide(part)][-MOST_PARTS:]  # 12 is a house, and also the number of a county
    for end in (0, -1):
        if len(parts) > 2 and gazetteer.find_province(parts[end]) and not gazetteer.counties_named(parts[end]):  # Nairobi is both
            del parts[end]
    return parts


def _names_several_counties(gazetteer: Gazetteer, parts: Sequence[str]) -> bool:
    """Whether a text lists counties side by side (`Nairobi, Mombasa & Kisumu`); a name that is also that of a unit within another one named lists none."""
    if len(parts) < 2 or sum("county" in part.lower() for part in parts) == 1:
        return False
    pieces = [piece for part in parts for piece in _AND.split(part)]
    named = {piece: {match.county_code for match in gazetteer.counties_named(piece)} for piece in pieces}
    counties = [(piece, codes) for piece, codes in named.items() if len(codes) == 1]
    lie_within = (codes <= {match.county_code for match in gazetteer.anything(other)} for piece, codes in counties for other, _ in counties if other != piece)
    return len({min(codes) for _, codes in counties}) > 1 and not any(lie_within)


def _says_smaller(part: str) -> bool:
    return _SAYS_WARD.search(part) is not None or _SAYS_SEAT.search(part) is not None


def _without_county(gazetteer: Gazetteer, parts: Sequence[str]) -> Address:
    """Constituency and ward of an address without a county: a constituency that the text calls so or that holds the ward named beside it."""
    for index in range(len(parts) - 1, -1, -1):
        part, rest = parts[index], [*parts[:index], *parts[index + 1 :]]
        seats = gazetteer.constituencies_named(part) if len(parts) > 1 or _SAYS_SEAT.search(part) else ()
        if len({seat.county_code for seat in seats}) != 1 or _SAYS_WARD.search(part):
            continue
        codes = {seat.unit_code for seat in seats}
        ward = next((other for other in rest if sum(match.constituency_code in codes for match in gazetteer.wards_named(other)) == 1), "")
        if ward or _SAYS_SEAT.search(part):
            return Address(constituency=part, ward=ward)
    return Address(ward=next((part for part in parts if _SAYS_WARD.search(part) and gazetteer.wards_named(part)), ""))


def _is_also_elsewhere(gazetteer: Gazetteer, part: str, county_code: str) -> bool:
    """`Samburu` alone is a county and a town of Kwale; with the word County it is the county."""
    if "county" in part.lower():
        return False
    return any(match.county_code != county_code for match in gazetteer.anything(part))


def _within(gazetteer: Gazetteer, county: str, county_code: str, others: Sequence[str]) -> Address:
    """The constituency and ward among the other parts, the part nearest to the county first."""
    for index in range(len(others) - 1, -1, -1):
        part, rest = others[index], [*others[:index], *others[index + 1 :]]
        seats = _by_name(gazetteer.find_constituency(part, (county_code,)))
        if not seats or _SAYS_WARD.search(part):
            continue
        codes = tuple(seat.unit_code for seat in seats)
        found = [(other, gazetteer.find_ward(other, (county_code,), codes)) for other in reversed(rest)]
        wards = (other for other, matches in found if len(_by_name(matches)) == 1)
        alike = (other for other, matches in found if len(matches) == 1 and matches[0].confidence >= SURE_SPELLING)
        return Address(county=county, constituency=part, ward=next(wards, "") or next(filter(_SAYS_WARD.search, rest), "") or next(alike, ""))
    sure = (part for part in reversed(others) if _names_just_a_ward(gazetteer, part, county_code))
    return Address(county=county, ward=next(sure, "") or next(filter(_SAYS_WARD.search, others), ""))


def _names_just_a_ward(gazetteer: Gazetteer, part: str, county_code: str) -> bool:
    return len(_by_name(gazetteer.find_ward(part, (county_code,)))) == 1 and not gazetteer.find_town(part)


def _by_name(matches: Sequence[PlaceMatch]) -> tuple[PlaceMatch, ...]:
    return tuple(match for match in matches if match.method in _BY_NAME)


_UNIT_WORDS = frozenset({"county", "subcounty", "sub-county", "sub", "constituency", "division", "district", "ward"})
_HEADED_UNIT = re.compile(
    r"(?P<before>.{3,40}?)\s+(?:sub[\s-]?county|constituency|division|district|ward)|(?:sub[\s-]?county|constituency|division|district|ward)\s?[:\-–]\s?(?P<behind>.{3,40})", re.IGNORECASE
)


def unit_headed(gazetteer: Gazetteer, text: str) -> str:
    """The unit below a county that a text names with its level and nothing else (`Matuga` of `MATUGA SUB COUNTY`); empty when it names none."""
    words = text.split()
    if len(words) < 2 or not (words[-1].lower() in _UNIT_WORDS or words[0].lower().rstrip(":-–") in _UNIT_WORDS or ":" in text):
        return ""
    found = _HEADED_UNIT.fullmatch(text)
    unit = (found["before"] or found["behind"]).strip() if found else ""
    is_known = unit and (gazetteer.constituencies_named(unit) or gazetteer.wards_named(unit) or gazetteer.find_sub_county(unit) or gazetteer.find_district(unit))
    return unit if is_known else ""


_BOX = re.compile(r"p\s?\.?\s?o\s?\.?\s?box|\bbox\b|\bprivate\s+bag\b|\bs\.?l\.?p\b", re.IGNORECASE)
_NO_TOWN = re.compile(r"\d[\d\s/-]*|\b(?:p\s?\.?\s?o\s?\.?\s?box|box|private\s+bag|s\.?l\.?p|post\s?code|postal\s?code|code|kenya|town|market|municipality|city|cbd|centre|center|trading|off|along|at|in|near)\b\.?", re.IGNORECASE)
"""What stands beside the name of a town in the last part of an address."""
_END = re.compile(r"[,;.\n|]|\s[-–]\s")
LAST_PARTS = 2
"""Parts at the end of an address of which one may be the town; the others are streets and buildings, which are called after towns."""


def is_post_box(text: str) -> bool:
    """Whether an address is one to write to: its town is where the post office is."""
    return _BOX.search(text) is not None


def town_in_address(gazetteer: Gazetteer, text: str) -> str:
    """The town at the end of an address that says nothing else of where it lies (`P.O. Box 123, Kerugoya`, `Opposite the Post Office, Ogembo town`); empty where its last
    parts are no town, or one of several counties."""
    parts = [plain for part in _END.split(_NO_TOWN.sub(" ", text[-LONGEST_END:])) if (plain := " ".join(part.strip(" -–()").split()))]
    said = " ".join(text.split())
    for part in reversed(parts[-LAST_PARTS:]):
        if part not in said:
            continue
        counties = {match.county_code for match in gazetteer.find_town(part) or _of_seats_and_counties(gazetteer, part)}
        if counties:
            return part if len(counties) == 1 else ""
    return ""


LONGEST_END = 120
"""Characters at the end of an address in which its town is looked for."""


def _of_seats_and_counties(gazetteer: Gazetteer, part: str) -> tuple[PlaceMatch, ...]:
    return _by_name((*gazetteer.find_county(part), *gazetteer.constituencies_named(part)))
