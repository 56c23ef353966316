"""What values look like: a phone, a county, a decimal degree. Used to propose what an unknown field means, never to clean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

from gvrc.reference.address import SEPARATOR, unit_headed
from gvrc.reference.countries import country_told, stated_countries
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.grid import read_grid
from gvrc.reference.vocabularies import kind_words, load_vocabularies, normalised, placeholder_key
from gvrc.sources.field_names import spaced

LONGEST_LOOK = 200
"""Characters of a value that are looked at."""

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_URL = re.compile(r"(?:https?://|www\.)\S+|[\w-]+\.(?:org|com|net|go\.ke|or\.ke|co\.ke|ac\.ke|ke)(?:/\S*)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}-\d{1,2}(?:-\d{1,2})?(?:[T ].*)?|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?: .*)?"
    r"|(?:\d{1,2}(?:st|nd|rd|th)? )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ,.-]+(?:\d{1,2},? )?\d{2,4}", re.IGNORECASE,
)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_FLAGS = frozenset({"y", "n", "yes", "no", "true", "false", "t", "f", "0", "1", "x", "✓", "✔", "ndiyo", "hapana", "√", "✅", "☑", "✗", "✘", "❌", "☐", "available", "offered", "provided", "present", "not offered", "not provided", "unavailable", "absent"})
YES = frozenset({"y", "yes", "true", "t", "1", "x", "✓", "✔", "ndiyo", "√", "✅", "☑", "available", "offered", "provided", "present"})
_PAIR = re.compile(r"(?:POINT ?)?[\[(]? ?([-+]?\d{1,2}\.\d+) ?°? ?[NS]? ?[,; ] ?([-+]?\d{1,2}\.\d+) ?°? ?[EW]? ?[\])]?", re.IGNORECASE)
"""A pair of degrees, with single spaces."""
_ANGLES = re.compile(r"(?=.*[NS])(?=.*E)(?=.*\d)[NSE\d\s.,:;°º'\"′″’”+-]+", re.IGNORECASE)
"""A pair of angles with their hemispheres: `0°29'52"S 36°19'12"E`, `N03 33.512 E038 38.701`."""
_ENUMERATION = re.compile(r"\s*[,;|]\s*")
_TITLED = re.compile(r"(?:dr|prof|mr|mrs|ms|miss|hon|rev|eng|adv|sr|bro|pst|pastor|insp|inspector|c\.?i|cpl|sgt|corporal|sergeant|constable|supt|nurse|matron|madam|mwalimu|bi|bw)\b\.?\s+[^\W\d_]{2,}", re.IGNORECASE)
"""A person's name behind a title or a rank."""
_REGISTRY_CODE = re.compile(r"[A-Z]{2,4}-\d{3,6}")
_LEVEL = re.compile(r"(?:keph\s*)?(?:level|lvl|l|daraja|tier)[\s-]*(?:[1-6][ab]?|ii|iii|iv|v|vi)|[1-6][ab]?", re.IGNORECASE)


def is_missing(value: Any) -> bool:
    """Whether a value says nothing: empty, `N/A`, `-`, `NIL`, `to be verified`."""
    if type(value) is str:
        return len(value) < 40 and _is_placeholder(value)
    return value is None or value == [] or value == {}


@lru_cache(maxsize=4096)
def _is_placeholder(text: str) -> bool:
    key = placeholder_key(text)
    return not key or key in load_vocabularies().placeholders


def is_yes(text: str) -> bool | None:
    """True for a ticked cell, False for one that is not, None when the text is no tick at all."""
    text = text.strip().casefold()
    return text in YES if text in _FLAGS else None


def as_number(value: Any) -> float | None:
    """A value as a number; None when it is none."""
    if type(value) is bool or isinstance(value, list | dict):
        return None
    try:
        number = float(str(value)[:30].strip().rstrip("°NSEWnsew "))
    except ValueError:
        return None
    return number if number == number else None


def _is_phone(text: str) -> bool:
    return any(_is_one_phone(part) for part in re.split(r"[/;,&|]| or | na ", text))


_BARE_NUMBER = re.compile(r"0\d{8,10}|[17]\d{8}|[2456]\d{8}|(?:00)?254\d{8,10}")


def _is_callable(text: str) -> bool:
    """Whether a text holds a number to call, be it a short code."""
    return any(_is_one_phone(part) or _is_short_code(part) for part in re.split(r"[/;,&|]| or | na ", text))


_OF_A_SPREADSHEET = re.compile(r"[1-9]\d{8,11}\.0|[1-9](?:[.,]\d{1,11})?E\+?(?:0?8|11)", re.IGNORECASE)
"""A number to call that a spreadsheet took for a quantity: `722000111.0`, `7.22000111E+08`."""


def _is_one_phone(text: str) -> bool:
    if _OF_A_SPREADSHEET.fullmatch(text.strip()):
        return text.strip().startswith(("1", "7", "2"))
    digits = "".join(sign for sign in text if sign.isdigit())
    if digits == text and not _BARE_NUMBER.fullmatch(digits):
        return False  # a running number or a time, which nobody wrote to be called
    letters = sum(1 for sign in text if sign.isalpha())
    return 9 <= len(digits) <= 13 and letters <= 12 and letters < len(digits) and digits.startswith(("0", "7", "1", "2", "4", "5", "6"))


def _is_short_code(text: str) -> bool:
    return text.strip() in load_vocabularies().short_codes


def _is_degree(value: Any) -> bool:
    number = as_number(value)
    return number is not None and (-5.5 <= number <= 6 or 33 <= number <= 43) and len(str(value).partition(".")[2]) >= 2


def _is_between(value: Any, low: float, high: float) -> bool:
    number = as_number(value)
    return number is not None and low <= number <= high and len(str(value).partition(".")[2]) >= 2


_METRES = re.compile(r"\d{6}")


def _is_pair(value: Any) -> bool:
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict):
            return {"lat", "latitude"} & set(value[0]) != set() and all(_is_degree(part) for part in list(value[0].values())[:2])
        told = [item for item in value if item is not None and item is not False and item != ""]
        return len(told) in (2, 3) and all(_is_degree(item) for item in told[:2])
    text = str(value)[:LONGEST_LOOK]
    if _METRES.search(text) is not None and read_grid(text) is not None:
        return True
    return _PAIR.fullmatch(" ".join(text.split())) is not None or (_ANGLES.fullmatch(text) is not None and sum(map(str.isdigit, text)) >= 6)


@lru_cache(maxsize=4096)
def is_county(text: str) -> bool:
    """Whether a text is the name of a county, as written officially or by a known alias; its number alone may be that of anything (`8-5` are hours)."""
    return any(map(str.isalpha, text)) and any(match.method in ("exact", "normalised", "alias") for match in load_gazetteer().find_county(text))


_NO_KIND = frozenset({"office", "offices", "other", "others", "organisation", "organisations", "organization", "organizations", "provider", "providers", "service provider", "service providers"})
"""Keys of lists that say nothing of the kind of what is in them: a government's office is one, and so is a charity's."""


@lru_cache(maxsize=4096)
def is_kind_key(key: str) -> bool:
    """Whether the key of a list names the kind of its places: `police_stations`, `Safe Houses`."""
    words = spaced(key).replace("_", " ").replace("-", " ").strip()
    return len(words) < 60 and words.casefold() not in _NO_KIND and any(normalised(form) in _spellings("facility_types") for form in (words, words.removesuffix("s"), f"{words[:-3]}y" if words.endswith("ies") else words))


@lru_cache(maxsize=4096)
def _is_constituency(text: str) -> bool:
    return any(match.level == "constituency" for match in load_gazetteer().anything(text))


@lru_cache(maxsize=4096)
def _is_ward(text: str) -> bool:
    return any(match.level == "ward" for match in load_gazetteer().anything(text))


def is_area(text: str) -> bool:
    """Whether a text is the name of a county, constituency or ward, or of a country."""
    return is_county(text) or _is_constituency(text) or _is_ward(text) or country_told(text) is not None


@lru_cache(maxsize=1024)
def is_region(text: str) -> bool:
    """Whether a text names an old province or region."""
    return bool(load_gazetteer().find_province(text))


def _is_address(value: Any) -> bool:
    """Whether a text, or a list of names, goes through the units in which a place lies: a county and at least one other part."""
    parts = [words_of(item) or str(item) for item in value] if isinstance(value, list) else SEPARATOR.split(str(value)[:LONGEST_LOOK])
    parts = [part.strip() for part in parts[:8] if any(map(str.isalpha, part))]
    return len(parts) > 1 and any(map(is_county, parts)) and all(len(part) < 60 for part in parts)


def _is_term(vocabulary: str) -> Callable[[str], bool]:
    return lambda text: normalised(text) in _spellings(vocabulary)


@lru_cache(maxsize=8)
def _spellings(vocabulary: str) -> frozenset[str]:
    """All ways to write the terms of a vocabulary. Alikeness is left to the cleaning: here it would cost more than it tells."""
    terms = getattr(load_vocabularies(), vocabulary).terms.values()
    return frozenset(normalised(text) for term in terms for text in (term.label, *term.aliases))


def _are_services(value: Any) -> bool:
    """Whether a value is a service, or a list or an enumeration of which more than half are."""
    parts = value if isinstance(value, list) else _ENUMERATION.split(str(value)[:LONGEST_LOOK]) if not isinstance(value, dict) else []
    said = [part for part in parts[:20] if isinstance(part, str) and part.strip()]
    return sum(map(_is_term("services"), said)) > 0.5 * len(said)


def _is_mfl_code(text: str) -> bool:
    digits = text.strip().removesuffix(".0")
    padded = len(digits) == _PADDED_CODE and digits.startswith("00")
    digits = digits.lstrip("0") if padded else digits
    return digits.isdecimal() and 5 <= len(digits) <= 6 and not digits.startswith("0")


_PADDED_CODE = 8
"""Digits to which some systems fill up official codes with zeros."""


def _holds_kind_word(text: str) -> bool:
    """Whether a text holds a word that names a kind of place, as names of places do."""
    return not kind_words().isdisjoint(normalised(text).split())


def kind_told(text: str) -> str:
    """The kind that the last words of a text tell which tell any; empty when none do."""
    words, phrases = normalised(text).split(), load_vocabularies().name_phrases
    spans = (tuple(words[start:end]) for end in range(len(words), 0, -1) for start in range(max(0, end - 5), end))
    return next((phrases[span] for span in spans if span in phrases), "")


def _on_text(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    def looks(value: Any) -> bool:
        return not isinstance(value, list | dict) and check(str(value)[:LONGEST_LOOK].strip())

    return looks


def words_of(value: Any) -> str:
    """The words of a coded value (FHIR CodeableConcept, Coding, Reference, or a list of them) or of a list of one text, else an empty text."""
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], str):
            return value[0]
        return words_of(value[0]) if value else ""
    if not isinstance(value, dict):
        return ""
    told = next((value[key] for key in ("text", "display", "name", "displayName", "label", "title") if isinstance(value.get(key), str) and value[key].strip()), "")
    return told or words_of(value.get("coding"))


def _is_contact_list(value: Any) -> bool:
    """Whether a value is a list of objects that each hold a phone or an e-mail address, and are no offices with a county of their own."""
    if not isinstance(value, list) or not value or any(isinstance(part, str) and is_county(part) for item in value if isinstance(item, dict) for part in item.values()):
        return False
    return all(isinstance(item, dict) and any(LOOKS[look](part) for part in item.values() for look in ("phone", "email")) for item in value)


LOOKS: dict[str, Callable[[Any], bool]] = {
    "email": _on_text(lambda text: _EMAIL.search(text) is not None),
    "phone": _on_text(_is_phone),
    "callable": _on_text(_is_callable),
    "contact_list": _is_contact_list,
    "short_code": _on_text(_is_short_code),
    "website": _on_text(lambda text: _URL.fullmatch(text) is not None),
    "uuid": _on_text(lambda text: _UUID.fullmatch(text) is not None),
    "whole_number": _on_text(str.isdecimal),
    "number": lambda value: as_number(value) is not None,
    "flag": _on_text(lambda text: text.casefold() in _FLAGS),
    "degree": _is_degree,
    "latitude": lambda value: _is_between(value, -5.5, 6),
    "longitude": lambda value: _is_between(value, 33, 43),
    "coordinates": _is_pair,
    "date": _on_text(lambda text: _DATE.fullmatch(text) is not None),
    "county": _on_text(is_county),
    "country": _on_text(lambda text: bool(stated_countries(text))),
    "county_or_country": _on_text(lambda text: is_county(text) or load_gazetteer().is_nationwide(text)),
    "address": _is_address,
    "constituency": _on_text(_is_constituency),
    "ward": _on_text(_is_ward),
    "region": _on_text(is_region),
    "mfl_code": _on_text(_is_mfl_code),
    "facility_code": _on_text(lambda text: _REGISTRY_CODE.fullmatch(text) is not None),
    "keph_level": _on_text(lambda text: _LEVEL.fullmatch(text) is not None),
    "facility_type": _on_text(_is_term("facility_types")),
    "person": _on_text(lambda text: _TITLED.match(text) is not None and not _holds_kind_word(text)),
    "only_health": _on_text(lambda text: text.casefold() in ("health", "medical", "healthcare", "health care", "medical services", "health services")),
    "services": _are_services,
    "owner": _on_text(_is_term("owners")),
    "operational_status": _on_text(_is_term("operational_statuses")),
    "name": _on_text(lambda text: not text.startswith(("{", "[")) and _holds_kind_word(text)),
}


def share(look: str, values: Iterable[Any]) -> float:
    """The share (0 to 1) of values that look like something; 0 when there are none."""
    seen = list(values)
    return sum(map(LOOKS[look], seen)) / len(seen) if seen else 0.0


_NUMBERED = re.compile(r"\W{0,3}(?:\d{1,3}|[ivxl]{1,6}|[a-z])\s?[.):]\s*(\D{3,80})", re.IGNORECASE)


SECTION, SUB_COUNTY_HEADING, KIND_HEADING, SERVICES_HEADING = "section", "heading sub county", "heading kind", "heading services"
"""Names under which headings flow down to the rows below them: of a county or region (or anything numbered), of a smaller unit, of a kind of place, of
what is done there."""
HEADINGS = (SECTION, SUB_COUNTY_HEADING, KIND_HEADING, SERVICES_HEADING)


@lru_cache(maxsize=4096)
def heading_level(text: str) -> str:
    """What a lone cell heads: a section (`1. KWALE`, a county or region by itself), a smaller unit (`MSAMBWENI SUB COUNTY`), a kind of place
    (`SAFE HOUSES`); empty when it is no heading."""
    if len(text) > 100:
        return ""
    numbered = _NUMBERED.fullmatch(text)
    said = (numbered[1] if numbered else text).strip(" .:-–*_")
    if unit_headed(load_gazetteer(), said):
        return SUB_COUNTY_HEADING
    if _heads_a_kind(said):
        return KIND_HEADING
    if _heads_services(said):
        return SERVICES_HEADING
    said = _GOES_ON.sub("", said).strip(" .:-–*_(")
    return SECTION if numbered or is_county(said) or is_region(said) or country_told(said) or _names_county_and_kind(said) else ""


_GOES_ON = re.compile(r"\W*\b(?:cont(?:['’]?d|inued)?|ctd)\W*$", re.IGNORECASE)
_COUNTY_FIRST = re.compile(r"(.{3,30}?\s+county|[A-Z][A-Z' /-]{2,30}?)[\s:|–-]+(.{4,60})", re.IGNORECASE)
_COUNTY_LAST = re.compile(r"(.{4,60}?)\s+(?:in|within|of|for)\s+(.{3,40})", re.IGNORECASE)


def is_county_or_country(text: str) -> bool:
    """Whether a text is the name of a county, or of a country."""
    return is_county(text) or country_told(text) is not None


def _names_county_and_kind(text: str) -> bool:
    """Whether a heading says which kinds of place follow, and of which county (`POLICE STATIONS IN KWALE COUNTY`, `KWALE COUNTY HOSPITALS`)."""
    first, last = _COUNTY_FIRST.fullmatch(text), _COUNTY_LAST.fullmatch(text)
    kind = first[2] if first and is_county_or_country(first[1]) else last[1] if last and is_county_or_country(last[2]) else ""
    return bool(kind) and kind.casefold().endswith("s") and (_heads_a_kind(kind) or kind.casefold() in _ANY_KINDS)


_ANY_KINDS = _NO_KIND | {"facilities", "health facilities", "medical facilities", "stations", "institutions", "contacts", "gbv contacts", "gbv service providers", "support organizations", "support organisations"}
"""What lists hold, as their headings say it without a kind."""


_COUNTY_OF_TITLE = re.compile(r"((?:[A-Za-z][A-Za-z'’/-]*\s+){1,3})county\b(?!\s+(?:assembl|director|commander|governments\b))", re.IGNORECASE)


def county_in_title(text: str) -> str:
    """The one county that a title names as such; empty when it names none or several."""
    found: set[str] = set()
    for said in _COUNTY_OF_TITLE.finditer(text[:200]):
        words = said[1].split()
        found.update(islice((name for size in range(len(words), 0, -1) if is_county(name := " ".join(words[-size:]))), 1))
    if len(found) != 1:
        return ""
    county = found.pop()
    words = text[:200].replace(county, " | ", 1).replace(",", " ").split()
    is_of_several = any(is_county(" ".join(words[start : start + size])) for start in range(len(words)) for size in (1, 2))
    return "" if is_of_several else f"{county} County"


_SIDE_BY_SIDE = re.compile(r"\s*(?:/|&|,|\band\b)\s*", re.IGNORECASE)


def _heads_services(text: str) -> bool:
    """Whether a text in capital letters names services or kinds of place and nothing else (`SECURITY/POLICE`, `HEALTH SERVICES`)."""
    parts = [part for part in _SIDE_BY_SIDE.split(text) if part] if text.isupper() else []
    return bool(parts) and all(is_kind_key(part) or _are_services(part) or _are_services(part.removesuffix(" SERVICES")) or part in _PILLARS for part in parts)


_PILLARS = frozenset({"HEALTH", "HEALTH SERVICES", "HEALTH SECTOR", "MEDICAL SERVICES", "SECURITY SECTOR", "JUSTICE", "JUSTICE SECTOR", "SOCIAL SERVICES", "CIVIL SOCIETY", "JUDICIARY"})


def _heads_a_kind(text: str) -> bool:
    """Whether a text is the plural of a kind of place (`POLICE STATIONS`), or one in capital letters (`POLICE`)."""
    return is_kind_key(text) and (text.isupper() or text.casefold().endswith("s"))
