"""Rows that are no place: section headings, totals, repeated column headers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gvrc.cleaning.text import is_missing
from gvrc.reference.address import unit_headed
from gvrc.reference.countries import country_keys
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.gazetteer_tables import read_place_tables
from gvrc.reference.place_names import place_key
from gvrc.reference.vocabularies import Vocabularies, normalised

LONGEST_HEADING = 90
"""Characters; a longer text is no heading."""

_BEGINNING = 3
_LEADS = frozenset({"cou", "pol", "sta", "hea", "hos", "fac", "gen", "dis", "cli", "reg", "pro", "are", "sec", "she", "ngo", "org"})
"""The first letters of the words that may stand before the name of a section (`Police Stations in Kwale`, `COUNTY: KWALE`)."""
_FILLERS = re.compile(r"^(?:of|for|in|within|number)\s+", re.IGNORECASE)
_MARKS_OF_NUMBERS = frozenset(".):]-–")
_NUMBERING = re.compile(r"^[\s(\[]*(?:no\.?\s*)?(?:\d{1,4}|[ivx]{1,4}|[a-z])\s?[.):\]\-–]+\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[][^()\[\]]{0,80}[)\]]")
_PLAIN_NUMBER = re.compile(r"^\d{1,3}\s+(?=[^\W\d_])")
_UNIT_WORDS = re.compile(r"\b(?:county|counties|region|province|area|headings?|section|list|cont|contd|continued)\b(?:\s+(?:government\s+)?of\b)?", re.IGNORECASE)
_OF_THE_LIST = re.compile(r"^(?:source|prepared|compiled|updated|note|notes|nb|key|date|as\s+at|reference|checked|approved|signed)\b\s*(?:by\b|on\b|[:.]|\d{4}|$)", re.IGNORECASE)
"""What a list says of itself between or under its rows (`Source: Ministry of Health`, `Prepared by`, `Updated 2023`)."""
_PLURAL_KINDS = re.compile(
    r"\b(?:(?:police|health|medical|support|gbv)\s+)*(?:stations|posts|bases|facilities|hospitals|cent(?:re|er)s|dispensaries|clinics|desks|organi[sz]ations|shelters|houses|providers|services)"
    r"(?:\s+(?:in|within|of|for)\b)?\s*",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*[/&,]\s*")
_COUNTING = re.compile(r"^(?:(?:grand|sub)[\s-]?)?totals?\b|^page\s+\d|^(?:list|table|annex|appendix|section|category|part)\s+(?:of\b|\d|[a-z]\b)", re.IGNORECASE)
_NUMBERS = re.compile(r"[\d\s.,:;=()%\-–/]+")
_PROVES_PLACE = ("phone", "contact", "hotline", "email", "website", "officer", "officer_contact", "latitude", "longitude", "coordinates", "mfl_code", "facility_code", "fid_code",
                 "registration_number", "services", "ward", "constituency", "address", "keph_level", "owner", "operational_status", "last_verified_at")  # fmt: skip


_PROVES_MORE_THAN_AREA = tuple(name for name in _PROVES_PLACE if name not in ("latitude", "longitude", "coordinates", "ward", "constituency", "operational_status", "last_verified_at", "keph_level"))
"""What a place has and no area."""
_ENDS_WITH_LEVEL = re.compile(r"\s(?:ward|county|constituency)$", re.IGNORECASE)


@lru_cache(maxsize=1)
def section_names() -> frozenset[str]:
    """Keys of the names that head sections of lists: counties with their spellings, the old provinces, and countries."""
    tables = read_place_tables()
    names = [county.county for county in tables.counties]
    names += [alias.alias for alias in tables.aliases if alias.level == "county"]
    names += [province for province, _ in tables.provinces]
    return frozenset(place_key(name) for name in names) | country_keys()


def heading_kind(text: str, values: Mapping[str, Any], own_keys: Mapping[str, Any], vocabularies: Vocabularies) -> str | None:
    """What kind of heading a name is (section, total, header, title, note, officer, or a trial of a form), or None for the name of a place.

    `values` are the row's canonical values: a county's name alone heads a section only when the row tells nothing else that a place
    would have. `own_keys` are the source's own keys, which a repeated header shows again as values.
    """
    if len(text) > LONGEST_HEADING:
        return None
    if not any(map(str.isalpha, text)) and _counts(own_keys, vocabularies):
        return "total"
    kind = _kind_of_text(text, vocabularies)
    if kind is None and text[0] == "*" and _is_footnote(text, own_keys):
        return "note"
    if kind is None and sum(map(bool, own_keys.values())) == 1 and _IS_TITLE.search(text) is not None:
        return "title"
    if _is_told_in_each(text, own_keys):
        return kind or "title"
    if kind is None or kind in ("total", "title", "officer", "trial"):
        return kind
    if kind == "header" and _repeats_keys(text, own_keys):
        return kind
    if _is_alone(own_keys) and (kind == "header" or _names_only_a_kind(text.strip(" .,:;-–—*_=#"), vocabularies)):
        return "section"  # what stands beside it flowed down from the rows before
    proofs = _PROVES_MORE_THAN_AREA if kind == "section" and _is_area_headed(text, values) else _PROVES_PLACE
    return None if _proves_place(values, vocabularies, proofs) or any(type(cell) is str and (_HOLDS_NUMBER.search(cell) or _says_code(cell, vocabularies)) for cell in own_keys.values()) or any(_OF_POSTS.search(key) and not is_missing(cell) for key, cell in own_keys.items()) else kind


_HOLDS_NUMBER = re.compile(r"(?<!\d)(?:\+?254|0)[\d ()/-]{7,14}\d")
"""A number to call, which nobody gives a heading, in whatever column it stands."""
_CODE_FIRST = re.compile(r"(?:<\w{1,6}>)?\W{0,3}(?:(?:call|dial|piga|toll[ -]?free|tel)\W{1,3}){0,2}(\d{3,4})(?!\w)", re.IGNORECASE)


def _says_code(cell: str, vocabularies: Vocabularies) -> bool:
    """Whether a cell begins with a short code to call (`999, 112`, `Call 116`)."""
    found = _CODE_FIRST.match(cell) if len(cell) <= LONGEST_HEADING else None
    return found is not None and found[1] in vocabularies.short_codes


_OF_POSTS = re.compile(r"(?:posts|bases)\b", re.IGNORECASE)
"""A column of the posts under a station, which may be called as its county is."""


def _is_alone(row: Mapping[str, Any]) -> bool:
    """Whether a row says one thing only."""
    return sum(not is_missing(cell) for cell in row.values()) == 1


_IS_TITLE = re.compile(r"\b(?:directory|register|referral pathways?|contact list|list of contacts|service mapping)\b|\b(?:contacts|providers|facilities|stations)\b.*\b(?:19|20)\d\d$", re.IGNORECASE)
"""What a list calls itself."""
_IS_READ = re.compile(r"\b(?:Act|ACT),? (?:No\.? ?\d+ of )?(?:19|20)\d\d\b|[A-Za-z]{3} Act$|^Constitution of Kenya|^How to \w")
"""What is read and no place: a law (`Sexual Offences Act, 2006`), a guide (`How to report`). Lists of help hold them among the helpers."""
_IS_READ_BEGINS = frozenset({"How to", "Consti"})
_FOOTNOTE_WORDS = 4


def _is_footnote(text: str, row: Mapping[str, Any]) -> bool:
    """A sentence behind an asterisk that is all a row says (`*Facilities marked are pending verification`)."""
    words = text.lstrip("* ").split()
    return len(words) >= _FOOTNOTE_WORDS and sum(map(str.islower, words)) > len(words) / 2 and sum(not is_missing(cell) for cell in row.values()) == 1


FEWEST_MERGED = 3
"""Cells that must say the same before they are one that was merged over all columns."""


def _is_told_in_each(text: str, row: Mapping[str, Any]) -> bool:
    """Whether every cell of a row says the same: a heading merged over all columns, as tables of documents and pages are exported."""
    values = list(row.values())
    if len(values) < FEWEST_MERGED or values[0] != values[1] or type(values[0]) is not str:
        return False
    told = [value for value in values if not is_missing(value)]
    return len(told) >= FEWEST_MERGED and told.count(told[0]) == len(told)


def is_note(row: Mapping[str, Any], vocabularies: Vocabularies) -> bool:
    """Whether all that a row without a name says is what its list says of itself (`Source: Ministry of Health`)."""
    told = [cell for name, cell in row.items() if not is_missing(cell)]
    return len(told) == 1 and type(told[0]) is str and len(told[0]) <= LONGEST_HEADING and _kind_of_text(told[0].strip(), vocabularies) in ("note", "total")


@lru_cache(maxsize=1_024)
def _kind_of_text(text: str, vocabularies: Vocabularies) -> str | None:
    bare = text if text[:1].isalpha() and _MARKS_OF_NUMBERS.isdisjoint(text[:7]) else _NUMBERING.sub("", text)
    if "(" in bare or "[" in bare:
        bare = _BRACKETS.sub(" ", bare)
    bare = bare.strip(" .,:;-–—*_=#")
    if not bare:
        return "note"
    if found := vocabularies.headings.get(normalised(bare)):
        return found if _is_plain(text, found) else None
    if _COUNTING.match(bare):
        return _counting_kind(bare)
    if ("ct" in bare or "CT" in bare or bare[:6] in _IS_READ_BEGINS) and _IS_READ.search(bare) is not None:
        return "title"
    if _OF_THE_LIST.match(bare):
        return "note"
    return "section" if _is_section(bare) or _names_only_a_kind(bare, vocabularies) or unit_headed(load_gazetteer(), bare) else None


def _counts(row: Mapping[str, Any], vocabularies: Vocabularies) -> bool:
    """Whether a row says in any cell that it is a sum; what stands in the column of names is a count then."""
    return any(type(cell) is str and len(cell) <= LONGEST_HEADING and _kind_of_text(cell.strip(), vocabularies) == "total" for cell in row.values())


def _names_only_a_kind(bare: str, vocabularies: Vocabularies) -> bool:
    """`2. LEGAL AID`, `Police Stations`: what a section holds, and no name."""
    parts = _PARTS.split(bare) if bare.isupper() else [bare]
    return all(vocabularies.facility_types.known_spelling(part) is not None or vocabularies.services.known_spelling(part) is not None for part in parts if part)


def _is_plain(text: str, kind: str) -> bool:
    """A header word counts as it stands; the table holds no phrase that could be a name with a number before it."""
    return kind != "section" or not any(map(str.isdigit, text.rstrip("0123456789"))) or _NUMBERING.match(text) is not None


def _counting_kind(bare: str) -> str | None:
    """`TOTAL 45`, `Sub-total - Kwale`, `Page 2 of 5`, `List of ...`; not `Total Care Clinic`."""
    rest = _COUNTING.sub("", bare, count=1)
    if bare.casefold().startswith(("list", "table", "annex", "appendix")):
        return "title"
    words = _FILLERS.sub("", _UNIT_WORDS.sub(" ", _NUMBERS.sub(" ", rest)).strip(" .:-–"))
    is_counting = not words or words.casefold() in _COUNTED or place_key(words) in section_names()
    return "total" if is_counting else None


_COUNTED = frozenset({
    "of", "for", "facilities", "stations", "records", "organisations", "organizations", "institutions", "hospitals", "health facilities", "police stations", "police posts", "posts", "bases",
    "shelters", "hotlines", "ngos", "csos", "partners", "entries", "rows", "sites", "centres", "centers", "clinics", "dispensaries", "service providers", "providers", "offices",
})  # fmt: skip
"""What sums of lists count (`Total: 4 organisations`)."""


def _is_section(bare: str) -> bool:
    """A county or old province alone, or with words that only say what follows (`KWALE COUNTY POLICE STATIONS`)."""
    bare = _PLAIN_NUMBER.sub("", bare) if bare[:1].isdigit() else bare
    if not _may_begin_section(bare[:12].partition(" ")[0]):
        return False
    words = _UNIT_WORDS.sub(" ", _PLURAL_KINDS.sub(" ", bare)).strip(" .,:;-–/&")
    return bool(words) and len(words) <= 40 and place_key(words) in section_names()


@lru_cache(maxsize=4_096)
def _may_begin_section(word: str) -> bool:
    """Whether the first word of a text is one of those that may stand before the name of a section, or begins such a name itself."""
    key = place_key(word)
    if key[:_BEGINNING] in _LEADS or not key:
        return bool(key)
    names = _sorted_names()
    place = bisect_left(names, key)
    return place < len(names) and names[place].startswith(key)


@lru_cache(maxsize=1)
def _sorted_names() -> tuple[str, ...]:
    """The section names in order: those that begin with a word follow it."""
    return tuple(sorted(section_names()))


def _repeats_keys(text: str, own_keys: Mapping[str, Any]) -> bool:
    key = normalised(text)
    return any(normalised(str(name)) == key for name in own_keys)


def _proves_place(values: Mapping[str, Any], vocabularies: Vocabularies, proofs: Sequence[str] = _PROVES_PLACE) -> bool:
    return any(_tells_something(values.get(name), vocabularies) for name in proofs)


def _is_area_headed(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a row is called by an area with its level (`Tiwi Ward`) and says no kind of place: it may have an outline and lie in areas of its own."""
    return is_missing(values.get("facility_type")) and (_ENDS_WITH_LEVEL.search(text) is not None or text == "Kenya")


def _tells_something(value: Any, vocabularies: Vocabularies) -> bool:
    """True for a value that is neither missing nor a header word again."""
    if is_missing(value):
        return False
    return not isinstance(value, str) or vocabularies.headings.get(normalised(value[:80])) != "header"
