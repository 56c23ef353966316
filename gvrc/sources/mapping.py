"""Which field of a list means what: proposed from names and values, kept as plain data, recognised again by its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from gvrc.errors import SourceError
from gvrc.model.record import CANONICAL_FIELDS, CONTACT_FIELDS
from gvrc.model.source import FieldSample, Mapping
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.grid import EASTINGS, NORTHINGS_NORTH, NORTHINGS_SOUTH, metres_in
from gvrc.reference.offices import office_of
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.sources.field_names import (
    NEVER,
    NOWHERE,
    KnownName,
    are_pages,
    asked,
    inherited_name,
    is_never_taken,
    known_name,
    plain_name,
    says_hidden,
    spaced,
    split_path,
)
from gvrc.sources.json_stream import COUNTY_OF_KEY, KIND_OF_LIST
from gvrc.sources.labelled import LABEL_MARK
from gvrc.sources.looks import (
    KIND_HEADING,
    LONGEST_LOOK,
    LOOKS,
    SERVICES_HEADING,
    SUB_COUNTY_HEADING,
    as_number,
    is_kind_key,
    is_missing,
    kind_told,
    share,
    words_of,
)
from gvrc.sources.wide import kind_of, names_one_with_number

SHOWN_SAMPLES = 3
SHOWN_PARTS = 10
"""Parts of a list or an object that a sample shows."""
SHOWN_CHARACTERS = 80
LOOKED_AT = 60
"""Values of one field that are looked at, spread over the sample."""

SURE = 0.8
"""Share of values that must look like something before the look alone decides."""
_WORDS_FIELDS = frozenset({
    "name", "official_name", "facility_type", "owner", "operational_status", "county", "constituency", "sub_county", "district", "ward",
    "town", "location", "section", "country", "services", "officer", "description",
})  # fmt: skip
"""Fields that hold words: a column of numbers or keys is none of them, whatever its name."""
_INHERITABLE = frozenset({
    "county", "constituency", "sub_county", "district", "ward", "town", "section", "category", "facility_type", "last_verified_at", "visibility", "country",
})  # fmt: skip
"""What a parent can say of its records. A parent's name, phone, status or key is its own."""
_HOLDS_LISTS = frozenset({*CONTACT_FIELDS, "services", "coordinates", "category"})
"""Fields whose raw value may be a list; any other is one text or number."""
_AREAS = frozenset({"county", "constituency", "sub_county", "district", "ward", "town"})
"""Fields that may hold several places, one after the other: which of them is meant is a question then."""
_NO_KINDS = frozenset({
    "feature", "featurecollection", "topology", "geometrycollection", "node", "way", "relation", "point", "record", "object", "item", "ok", "success",
    "facility", "facilities", "location", "organization", "organisation", "place", "county", "searchset", "collection", "batch", "bundle",
    "document", "transaction", "table", "list", "text", "string", "literal", "uri", "_doc", "doc", "hit", "header", "footer", "trailer",
    "service", "post", "page", "multipolygon", "multipoint", "polygon", "linestring", "boundary", "site", "geometry",
})
"""Words that tell the kind of a piece of data, not of a place."""


@dataclass(slots=True)
class FieldValues:
    """One field of a list with values of it (missing ones left out); `filled` is their share among the records of the sample."""

    path: str
    values: list[Any] = field(default_factory=list)
    filled: float = 0.0
    is_flat: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.path.split(LABEL_MARK)) if self.is_flat else split_path(self.path)

    def looks(self, look: str) -> float:
        """The share of values that look like something."""
        return share(look, self.values)

    def samples(self) -> tuple[str, ...]:
        """A few different values as the upload page shows them."""
        shown = dict.fromkeys(_shown(value) for value in self.values)
        return tuple(list(shown)[:SHOWN_SAMPLES])


def _told(value: Any) -> str:
    """A value as a person would say it, a list or an object by what it holds."""
    if type(value) is list:
        return ", ".join(map(_told, value[:SHOWN_PARTS]))
    if type(value) is dict:
        return ", ".join([f"{key}: {_told(part)}" for key, part in islice(value.items(), SHOWN_PARTS)])
    return str(value).lower() if type(value) is bool else "" if value is None else str(value)


def _shown(value: Any) -> str:
    text = _told(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def field_values(path: str, values: Sequence[Any], *, is_flat: bool = False) -> FieldValues:
    """A field from the values it has in the records of a sample (None where a record does not have it)."""
    present = [value for value in values if not is_missing(value)]
    step = max(1, len(present) // LOOKED_AT)
    spread = [value[:LONGEST_LOOK] if type(value) is str else value for value in present[::step][:LOOKED_AT]]
    return FieldValues(path=path, values=spread, filled=len(present) / max(1, len(values)), is_flat=is_flat)


# ---------------------------------------------------------------- one field

@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a field probably means: `canonical` is None when it goes nowhere."""

    canonical: str | None
    confidence: float
    reason: str
    rank: int = 10_000


def propose(values: FieldValues) -> Proposal:
    """What a field of a record means, by its name and by its values."""
    if values.path.startswith("^"):
        return _propose_inherited(values)
    named = known_name(values.steps)
    if (special := _propose_special(values)) is not None:
        return special
    if named is None:
        return Proposal(canonical="officer", confidence=0.7, reason=ARE_PERSONS) if _are_holders_of_offices(values) else _by_values(values)
    if named.canonical == NEVER:
        return Proposal(canonical=None, confidence=1.0, reason="it is never taken in: it can identify a person or an account")
    if named.canonical == NOWHERE and (where := _where_by_values(values)) is not None:
        return where
    if named.canonical == NOWHERE:
        return Proposal(canonical=None, confidence=named.confidence, reason="it is known, and the registry has no use for it")
    return _checked(named, values)


_ANY_AREA = frozenset({"region", "area", "zone"})
MOSTLY_COUNTRIES = 0.6
"""Share of values that must be countries before a field of areas tells countries."""


def _where_by_values(values: FieldValues) -> Proposal | None:
    """What a `region` holds that is none of the old provinces: the counties themselves, or addresses with them."""
    if plain_name(values.steps[-1]) not in _ANY_AREA or not values.values:
        return None
    if values.looks("country") >= MOSTLY_COUNTRIES:
        return Proposal(canonical="country", confidence=0.8, reason="its values are countries", rank=9_000)
    if values.looks("address") >= SURE:
        return Proposal(canonical="location", confidence=0.75, reason="its values go through the units in which a place lies", rank=9_000)
    if values.looks("county") >= SURE and values.looks("region") < SURE and len({str(value) for value in values.values}) > 1:
        return Proposal(canonical="county", confidence=0.75, reason="its values are counties", rank=9_000)
    return None


_AREA_ENDINGS = (("sub_county", re.compile(r".+ sub[- ]?county", re.IGNORECASE)), ("county", re.compile(r".+ county", re.IGNORECASE)), ("ward", re.compile(r".+ ward", re.IGNORECASE)))


def _propose_special(values: FieldValues) -> Proposal | None:
    """What a name alone cannot tell: identifiers as FHIR lists them, and the units above a place (`parent.parent.name`: `Kwale County`)."""
    steps = [step.casefold() for step in values.steps]
    if steps[-1] in ("identifier", "identifiers") and values.values and all(isinstance(value, list) for value in values.values):
        told = [item.get("value") for value in values.values for item in value if isinstance(item, dict)]
        if any(LOOKS["mfl_code"](code) for code in told):
            return Proposal(canonical="mfl_code", confidence=0.85, reason="one of the identifiers is an MFL code", rank=9_000)
    if "parent" in steps and steps[-1] in ("name", "displayname", "parent"):
        texts = [str(value) for value in values.values]
        for canonical, ending in _AREA_ENDINGS:
            if texts and sum(ending.fullmatch(text) is not None for text in texts) >= SURE * len(texts):
                return Proposal(canonical=canonical, confidence=0.9, reason=f"the unit above is {_in_words(canonical)}", rank=9_000)
        if values.looks("county") >= SURE:
            return Proposal(canonical="county", confidence=0.85, reason="the unit above is a county", rank=9_000)
    return None


def _checked(named: KnownName, values: FieldValues) -> Proposal:
    """A meaning by name, held against the values."""
    if not values.values:
        return Proposal(canonical=named.canonical, confidence=named.confidence - 0.05, reason=f"{named.reason}; it holds no value yet", rank=named.rank)
    if named.canonical in ("location", "latitude", "longitude") and values.looks("coordinates") >= SURE:
        return _other("coordinates", values, named)
    if named.canonical in _WORDS_FIELDS and named.confidence < 0.8 and values.looks("address") >= SURE:
        return _other("location", values, named)
    if named.canonical == "officer" and (theirs := _check_officer(named, values)) is not None:
        return theirs
    is_list = sum(isinstance(value, list) for value in values.values) > 0.5 * len(values.values)
    if named.canonical not in _HOLDS_LISTS and is_list and not _are_coded(values.values):
        is_read = _hold_one(values.values) or (named.canonical in _AREAS and _hold_texts(values.values))
        return Proposal(canonical=named.canonical, confidence=named.confidence - 0.05, reason=named.reason, rank=named.rank) if is_read else _nothing("lists")
    checks = _CHECKS.get(named.canonical)
    if checks is not None and (other := checks(named, values)) is not None:
        return other
    if named.canonical in _WORDS_FIELDS and not (named.canonical == "country" and values.looks("country") >= SURE) and (what := _no_words(values)):
        if what == "ticks" and (ticked := _by_ticks(values)).canonical:
            return ticked
        return Proposal(canonical=None, confidence=0.6, reason=f"by its name it would be {_in_words(named.canonical)}, but its values are {what}")
    return Proposal(canonical=named.canonical, confidence=_agreed(named, values), reason=named.reason, rank=named.rank)


def _hold_texts(values: Sequence[Any]) -> bool:
    return all(isinstance(value, list) and all(type(item) is str for item in value) for value in values)


def _hold_one(values: Sequence[Any]) -> bool:
    """Whether values are lists that hold one text each, as a linked field or a choice of one is exported."""
    return all(isinstance(value, list) and all(type(item) in (str, int) for item in value) for value in values) and sum(map(len, values)) <= 1.1 * len(values)


def _are_coded(values: Sequence[Any]) -> bool:
    """Whether values are coded ones with their words beside them, as FHIR writes them: `[{"coding": [{"display": "Hospital"}]}]`."""
    return all(words_of(value) for value in values)


def _no_words(values: FieldValues) -> str:
    if values.looks("uuid") >= SURE:
        return "keys"
    if values.looks("flag") >= SURE and values.looks("services") < SURE:
        return "" if _is_ticked_field(values) or _ASKS_IF_OPEN.fullmatch(plain_name(values.steps[-1])) else "ticks"
    return "numbers" if values.looks("whole_number") >= SURE else ""


_ASKS_IF_OPEN = re.compile(r"(?:is )?(?:active|operational|functional|open)")


def _is_ticked_field(values: FieldValues) -> bool:
    named = known_name(values.steps)
    return named is not None and named.canonical in ("services", "opening_hours")


def _agreed(named: KnownName, values: FieldValues) -> float:
    """The confidence of a name, raised when the values say the same."""
    look = {"latitude": "degree", "longitude": "degree", "last_verified_at": "date", "created_at": "date"}.get(named.canonical, named.canonical)
    try:
        return min(0.99, named.confidence + 0.04) if values.looks(look) >= 0.5 else named.confidence
    except KeyError:
        return named.confidence


def _other(canonical: str, values: FieldValues, named: KnownName) -> Proposal:
    return Proposal(canonical=canonical, confidence=0.9, reason=f"its values are {_in_words(canonical)}", rank=named.rank)


def _nothing(what: str) -> Proposal:
    return Proposal(canonical=None, confidence=0.6, reason=f"its values are {what}")


def _check_code(named: KnownName, values: FieldValues) -> Proposal | None:
    if values.looks("facility_code") >= SURE:
        return _other("facility_code", values, named)
    if values.looks("mfl_code") >= SURE:
        return _other("mfl_code", values, named)
    return _check_own_key(named, values) or _other("source_id", values, named)


def _check_name(named: KnownName, values: FieldValues) -> Proposal | None:
    """An agency may be what a place is called, or whose it is; an office, the number to call there."""
    if values.looks("phone") >= 0.5 and sum(isinstance(value, str) and names_one_with_number(value) for value in values.values) < 0.5 * len(values.values):
        return _other("phone", values, named)
    if named.confidence < 0.8 and _are_own_keys(list(map(str, values.values))):
        return _other("source_id", values, named)
    is_what_it_is = plain_name(values.steps[-1]) in _MAY_BE_KINDS or values.steps[-2:] == _OFFICE_OF_A_MAP
    if is_what_it_is and values.looks("facility_type") >= 0.6:
        return _other("facility_type", values, named)
    return _other("owner", values, named) if plain_name(values.steps[-1]) == "agency" and values.looks("owner") >= 0.5 else None


_MAY_BE_KINDS = frozenset({"formation", "formations", "police formation", "police unit", "unit"})
"""Headings above what places of the police are called, or what they are (`Station`, `Post`)."""
_OFFICE_OF_A_MAP = ("tags", "office")
"""The tag by which OpenStreetMap tells what sits in an office (`ngo`)."""


def _check_own_key(named: KnownName, values: FieldValues) -> Proposal | None:
    """A key must differ from record to record."""
    different = len({str(value) for value in values.values})
    if different < 0.9 * len(values.values) or any(isinstance(value, list | dict) for value in values.values):
        return _nothing("not different from record to record, so it is no key")
    return None


_ASKS_WHAT_IT_IS = frozenset({"type", "kind", "facility type", "organisation type", "organization type", "provider type", "resource type", "type of organisation", "type of organization"})
"""Headings above what places are, though places of a kind are called as what they do (`Shelter`, `Legal aid`)."""


def _check_kind(named: KnownName, values: FieldValues) -> Proposal | None:
    """`service_type` may be the kind of place or the services; a column with one strange value only is neither."""
    kinds, services = values.looks("facility_type"), values.looks("services")
    if services > max(kinds, 0.5) and not (plain_name(values.steps[-1]) in _ASKS_WHAT_IT_IS and kinds + share("only_health", values.values) >= 0.6):
        return _other("services", values, named)
    if kinds < 0.2 and values.looks("owner") >= SURE:
        return _other("owner", values, named)
    if values.looks("keph_level") >= SURE and values.looks("whole_number") < 0.2:
        return _other("keph_level", values, named)
    different = {str(value).casefold() for value in values.values}
    if all("--" in text for text in different):
        return _nothing("keys")
    if different <= _NO_KINDS or (len(values.values) >= 5 and len(different) == 1 and not kinds):
        return _nothing("all the same, and no kind of place")
    return None


_OF_PROGRAMMES = frozenset({"program", "programme", "programs", "programmes", "project", "projects"})


def _check_services(named: KnownName, values: FieldValues) -> Proposal | None:
    """A programme may be what is done, or what somebody calls it (`PACT IMARA`)."""
    if plain_name(values.steps[-1]) in _OF_PROGRAMMES and not values.looks("services"):
        return _nothing("no services")
    if share("uuid", [part for value in values.values for part in (value if isinstance(value, list) else [value])]) >= SURE:
        return _nothing("keys")
    kinds, services = values.looks("facility_type"), values.looks("services")
    return _other("facility_type", values, named) if kinds > max(services, 0.6) else None


def _check_category(named: KnownName, values: FieldValues) -> Proposal | None:
    return _other("facility_type", values, named) if values.looks("facility_type") >= 0.6 and values.looks("services") < SURE else None


def _check_contact(named: KnownName, values: FieldValues) -> Proposal | None:
    """The address of a contact is where to write to or to go, unless a number or an e-mail address stands in it."""
    if plain_name(values.steps[-1]).endswith("address") and values.looks("callable") < 0.1 and values.looks("email") < 0.1 and all(type(value) is str for value in values.values):
        return Proposal(canonical="address", confidence=0.85, reason="it is an address without numbers to call", rank=named.rank)
    return None


def _check_phone(named: KnownName, values: FieldValues) -> Proposal | None:
    if any(isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)) for value in values.values):
        return _other("contact", values, named)
    emails, phones = values.looks("email"), values.looks("phone")
    if emails >= SURE and phones < 0.5:
        return _other("email", values, named)
    if emails >= 0.1:
        return _other("contact", values, named)
    if phones < 0.5 and values.looks("short_code") >= 0.5:
        return _other("hotline", values, named)
    if values.steps[-1].strip().casefold() == "number" and phones < 0.5 and values.looks("callable") < 0.5 and sum(map(_holds_number, map(str, values.values))) < 0.5 * len(values.values):
        return _nothing("no phone numbers")
    return None


_NUMBER_WITHIN = re.compile(r"(?<!\d)(?:\+?254|0)[17248]\d?[\d\s-]{6,10}\d(?!\d)")
_CODE_WITHIN = re.compile(r"(?<![\d-])\d{3,4}(?![\d-])")


def _holds_number(text: str) -> bool:
    """Whether a number to call or a short code stands in a text, beside whatever else it says (`116 or 0800 ..`, `0800 .. (toll-free)`)."""
    return _NUMBER_WITHIN.search(text) is not None or any(map(LOOKS["short_code"], _CODE_WITHIN.findall(text)))


def _check_hotline(named: KnownName, values: FieldValues) -> Proposal | None:
    """A column called `Helpline` may hold what the helplines are called."""
    if values.looks("flag") >= SURE:
        return _by_ticks(values)  # `emergency`, with ticks, is what is done there
    numbers = sum(1 for value in values.values if re.search(r"\d{3}", str(value)) is not None)
    if numbers < 0.2 * len(values.values) and plain_name(values.steps[-1]).endswith("contact") and values.looks("name") < 0.3:
        return _other("officer", values, named)
    return Proposal(canonical=None, confidence=0.5, reason="its values are no numbers") if numbers < 0.2 * len(values.values) else None


def _check_officer(named: KnownName, values: FieldValues) -> Proposal | None:
    told = [part for value in values.values for part in (value if isinstance(value, list) else [value])]  # an officer may have several numbers
    return _other("officer_contact", values, named) if max(share("phone", told), share("email", told), values.looks("contact_list")) >= 0.5 else None


def _check_county(named: KnownName, values: FieldValues) -> Proposal | None:
    if values.looks("county") < 0.2 and values.looks("region") >= SURE:
        return _nothing("old provinces, not counties")
    return None


def _check_country(named: KnownName, values: FieldValues) -> Proposal | None:
    """`Country` may stand for `County`, a slip that lists are full of."""
    return _other("county", values, named) if values.looks("county") >= SURE and values.looks("country") < 0.2 else None


def _check_area(named: KnownName, values: FieldValues) -> Proposal | None:
    """A district or town may be the county, constituency or ward itself: FHIR and HSDS put them where their address has room."""
    heading = plain_name(values.steps[-1])
    shares = any(word in heading for word in _SHARE_NAMES_WITH_WARDS)
    looks = ("county", "constituency", "ward") if not shares or len(set(map(str, values.values))) >= ENOUGH_AREAS else ("county",)
    return next((_other(look, values, named) for look in looks if values.looks(look) >= (CERTAIN if look != "county" and (shares or heading == "district") else 0.7)), None)


_SHARE_NAMES_WITH_WARDS = ("division", "town", "nearest", "market")
"""Words of headings above old divisions and places near by, which are often called as a ward or a constituency is, and are neither."""
ENOUGH_AREAS, CERTAIN = 10, 0.9
"""Different values from which on, and the share of them, that tell all the same that such a column holds wards or constituencies."""


def _check_fid(named: KnownName, values: FieldValues) -> Proposal | None:
    """Geographic files number their features as FID: no code of a registry is as short."""
    return None if any(len(str(value)) >= 8 for value in values.values) else _check_own_key(named, values) or _other("source_id", values, named)


_HEMISPHERES = frozenset({"n", "s", "e", "w", "north", "south", "east", "west"})


def _check_degree(named: KnownName, values: FieldValues) -> Proposal | None:
    if {str(value).strip().casefold() for value in values.values} <= _HEMISPHERES:
        return None  # the hemisphere of the degrees in another column
    if all(str(value).strip("-0. ") == "" for value in values.values):
        return _nothing("all zero")
    if sum(abs(number) > 180 for value in values.values if (number := as_number(value)) is not None) > 0.5 * len(values.values) and _are_of_web_map(values):
        return None
    if sum(abs(number) > 180 for value in values.values if (number := as_number(value)) is not None) > 0.5 * len(values.values):
        return _nothing("metres of a map, not degrees")
    numbers = sum(1 for value in values.values if re.search(r"\d", str(value)) is not None)
    return _nothing("no degrees") if numbers < 0.5 * len(values.values) else None


def _are_of_web_map(values: FieldValues) -> bool:
    """Whether metres are those of web maps (EPSG:3857), which can be told: they are east of everything that UTM has."""
    low, high = (3_700_000, 4_700_000) if values.steps[-1].casefold() in ("x", "lng", "lon", "longitude", "long") else (-700_000, 700_000)
    return "geometry" in map(str.casefold, values.steps) and values.looks("number") >= SURE and all(low < (as_number(value) or 0) < high for value in values.values)


def _check_coordinates(named: KnownName, values: FieldValues) -> Proposal | None:
    """A `shape` or `position` without a digit is a word (`Point`, `Manager`)."""
    is_single = max(values.looks("number"), values.looks("uuid")) >= SURE and not any(isinstance(value, list | dict) for value in values.values)
    return _nothing("no coordinates") if is_single or not any(re.search(r"\d", str(value)) for value in values.values) else None


_OF_PAGES = frozenset({"publish", "published", "draft", "private", "inherit", "trash", "future"})
"""States of a web page, which say nothing of the place it tells of."""


def _check_status(named: KnownName, values: FieldValues) -> Proposal | None:
    if {str(value).casefold() for value in values.values} <= _OF_PAGES:
        return _nothing("those of web pages")
    is_ticked = values.looks("flag") >= SURE and values.looks("operational_status") < SURE and not _ASKS_IF_OPEN.fullmatch(plain_name(values.steps[-1]))
    return _nothing("ticks") if is_ticked else None


_ASKS_TO_SHOW = re.compile(r"\b(?:publish|show|display|disclos|shar|list)|\bpublic(?:ly)? (?:visible|list|display)|^is public|\bchapish")


def _check_visibility(named: KnownName, values: FieldValues) -> Proposal | None:
    """`Public` with ticks asks who owns a place; `Confidential?` and `Do not publish` ask what they say."""
    name = plain_name(values.steps[-1])
    if says_hidden(values.steps[-1]) or _ASKS_TO_SHOW.search(name) or (name == "public" and all(type(value) is bool for value in values.values)):
        return None
    return _check_flags(named, values)


def _check_owner(named: KnownName, values: FieldValues) -> Proposal | None:
    """A sector may be that of who owns a place (`Private`), or what is done there (`Protection`, `Health`)."""
    if "sector" not in plain_name(values.steps[-1]).split() or values.looks("owner") >= 0.5:
        return None
    return _other("services", values, named) if values.looks("services") >= 0.5 else _nothing("no owners")


_TO_CALL = ("tel:", "callto:")


def _check_website(named: KnownName, values: FieldValues) -> Proposal | None:
    """The links of a page may be numbers to call (`tel:1195`)."""
    if sum(str(value).strip().casefold().startswith(_TO_CALL) for value in values.values) >= 0.5 * len(values.values):
        return _other("phone", values, named)
    return _nothing("pictures") if _are_pictures(values) else None


def _are_pictures(values: FieldValues) -> bool:
    return sum(_PICTURE.search(str(value)) is not None for value in values.values) >= 0.5 * len(values.values)


_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico)(?:\?|$)", re.IGNORECASE)


def _check_flags(named: KnownName, values: FieldValues) -> Proposal | None:
    return _nothing("ticks") if values.looks("flag") >= SURE else None


_CHECKS: dict[str, Callable[[KnownName, FieldValues], Proposal | None]] = {
    "name": _check_name, "source_id": _check_own_key, "facility_code": _check_code, "facility_type": _check_kind, "services": _check_services,
    "category": _check_category, "contact": _check_contact, "phone": _check_phone, "hotline": _check_hotline, "county": _check_county, "country": _check_country,
    "district": _check_area, "town": _check_area, "fid_code": _check_fid, "latitude": _check_degree, "longitude": _check_degree, "operational_status": _check_status, "visibility": _check_visibility,
    "coordinates": _check_coordinates, "last_verified_at": _check_flags, "created_at": _check_flags, "owner": _check_owner, "website": _check_website,
}  # fmt: skip


_BRANCHES = frozenset({"children", "nodes", "items", "branches", "subs", "sub", "child", "units"})
"""Keys of the branches of a tree, which say nothing of what is in them."""
_OF_HEADINGS = {SUB_COUNTY_HEADING: "sub_county", KIND_HEADING: "facility_type", SERVICES_HEADING: "category"}
_SAY_WHAT_IT_HOLDS = frozenset({"description", "about", "subtitle", "heading", "list_name", "listname", "directory", "source", "network", "table", "sheet_name"})
_TITLES = frozenset({"name", "title", "label", "text", "layer", "layername", "sheet", "collection", "dataset"})


def _propose_inherited(values: FieldValues) -> Proposal:
    """What a parent's value means for its records."""
    name = values.path[1:]
    if re.fullmatch(r"key\d*", name):
        return _by_key_values(values)
    if name.rpartition(".")[2].casefold() in _TITLES and values.values and all(is_kind_key(str(value)) for value in values.values):
        return Proposal(canonical="facility_type", confidence=0.7, reason="the list is called so", rank=9_600)
    if name == COUNTY_OF_KEY or (name.rpartition(".")[2].casefold() in _TITLES and values.looks("county") >= SURE):
        return Proposal(canonical="county", confidence=0.9, reason="the records stand under counties", rank=9_000)
    if (unit := _unit_of_a_branch(name, values)) is not None:
        return unit
    if name in _OF_HEADINGS:
        return Proposal(canonical=_OF_HEADINGS[name], confidence=0.8, reason="it is the heading the records stand under", rank=9_400)
    if name == KIND_OF_LIST:
        return Proposal(canonical="facility_type", confidence=0.8, reason="the list they stand in is called so", rank=9_500)
    if name.rpartition(".")[2].casefold() in _TITLES | _SAY_WHAT_IT_HOLDS and values.values and all(load_vocabularies().tells_only_of_shelters(str(value)) for value in values.values):
        return Proposal(canonical="category", confidence=0.8, reason="the list is called so", rank=9_300)
    if name.rpartition(".")[2].casefold() in (*_ANY_AREA, *_TITLES) and values.looks("country") >= MOSTLY_COUNTRIES:
        return Proposal(canonical="country", confidence=0.85, reason="the records stand under countries", rank=9_000)
    if name.casefold() in ("region", "regions.name", "province", "provinces.name"):
        return Proposal(canonical="section", confidence=0.9, reason="it is the heading the records stand under", rank=9_000)
    return _by_inherited_name(inherited_name(name), values)


def _by_inherited_name(named: KnownName | None, values: FieldValues) -> Proposal:
    if any(str(value).casefold() in _NO_KINDS for value in values.values):
        named = None
    if named is not None and named.canonical in ("services", "owner") and max(values.looks("services"), values.looks("facility_type")) >= 0.5:
        return Proposal(canonical="category", confidence=0.7, reason="it tells what the records below it do", rank=9_400)
    if named is None or named.canonical not in _INHERITABLE:
        return Proposal(canonical=None, confidence=0.6, reason="it says something of the list, not of its records")
    if named.canonical == "last_verified_at" and (ticks := _check_flags(named, values)) is not None:
        return ticks
    return Proposal(canonical=named.canonical, confidence=named.confidence, reason=f"{named.reason}, told once for many records", rank=9_000 + named.rank)


def _unit_of_a_branch(name: str, values: FieldValues) -> Proposal | None:
    """The unit below a county that a branch of a tree is called by: nothing but its values says which it is."""
    container, _, key = name.casefold().rpartition(".")
    if container.rstrip("0123456789 ") not in _BRANCHES or key not in _TITLES:
        return None
    look = next((look for look in ("constituency", "ward") if values.looks(look) >= SURE), None)
    return Proposal(canonical=look, confidence=0.85, reason=f"the records stand under {_in_words(look)}", rank=9_000) if look else None


_COUNTY_CODE = re.compile(r"0(?:0[1-9]|[1-3]\d|4[0-7])")


def _by_key_values(values: FieldValues) -> Proposal:
    """Keys under which records stand: counties, wards, kinds of place, or just headings."""
    readable = FieldValues(path=values.path, values=[str(value).replace("_", " ") for value in values.values])
    for look, canonical in (("county", "county"), ("country", "country"), ("facility_type", "facility_type"), ("constituency", "constituency"), ("ward", "ward")):
        if readable.looks(look) >= 0.6:
            return Proposal(canonical=canonical, confidence=0.9, reason=f"the records stand under {_in_words(canonical)}", rank=9_000)
    if len(set(readable.values)) < len(readable.values) and all(_COUNTY_CODE.fullmatch(text) for text in readable.values):
        return Proposal(canonical="county", confidence=0.8, reason="the records stand under the codes of counties", rank=9_000)
    if readable.looks("whole_number") >= SURE or readable.looks("uuid") >= SURE or _are_own_keys(readable.values):
        return Proposal(canonical="source_id", confidence=0.7, reason="the records stand under keys", rank=9_000)
    return Proposal(canonical="section", confidence=0.6, reason="it is the heading the records stand under", rank=9_000)


_OF_COUNTY_CODES = frozenset({"county code", "county no", "county number", "code of county"})
_NUMBER_OF_COUNTY = re.compile(r"0{0,2}(?:[1-9]|[1-3]\d|4[0-7])")


def _with_codes_of_counties(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """Official codes of counties (`001` to `047`) tell the counties of a list that names none; numbers without their zeros may be those of another order."""
    if any(proposal.canonical == "county" for proposal in proposals.values()):
        return proposals
    for values in fields:
        texts = [str(value).strip() for value in values.values] if plain_name(values.steps[-1]) in _OF_COUNTY_CODES else []
        if texts and all(map(_NUMBER_OF_COUNTY.fullmatch, texts)) and any(map(_COUNTY_CODE.fullmatch, texts)):
            return proposals | {values.path: Proposal(canonical="county", confidence=0.8, reason="it holds the codes of counties")}
    return proposals


def _are_own_keys(values: Sequence[str]) -> bool:
    """Whether keys are codes, one to a record: short, in one word, each with a digit."""
    return len(set(values)) == len(values) > 1 and all(len(text) <= 40 and " " not in text.strip() and re.search(r"\d", text) for text in values)


_VALUE_LOOKS = (
    ("email", "email", 0.85), ("coordinates", "coordinates", 0.85), ("callable", "phone", 0.8), ("website", "website", 0.8),
    ("facility_code", "facility_code", 0.8), ("county", "county", 0.8), ("longitude", "longitude", 0.7), ("latitude", "latitude", 0.6),
    ("constituency", "constituency", 0.7), ("ward", "ward", 0.7), ("operational_status", "operational_status", 0.6),
    ("facility_type", "facility_type", 0.7), ("keph_level", "keph_level", 0.65), ("owner", "owner", 0.65), ("services", "services", 0.65),
)  # fmt: skip


_SAYS_STATUS = re.compile(r"stat|oper|func|condition|hali")
_SAYS_KIND = re.compile(r"\b(?:type|kind|category|aina)$")
_NAMES_A_KEY = re.compile(r"\b(?:seconds|nanoseconds|millis|epoch|id|ids|uid|fid|oid|gid|pk|key|ref|code|index|time|timestamp|date|till|paybill|account|acc|version|hash|bbox|changeset|changese|serial|plot|permit|licen[cs]e|certificate|registration|reg|pin|receipt|batch|case|file|staff|vehicle)(?: nos?| numbers?| num)?$")
"""Names of fields whose digits are no number to call."""


OF_PERSONS = "it is how to reach the persons of the list, not the places"
"""Why a column of numbers or addresses is none of the places."""
ARE_PERSONS = "it reads like the names of persons beside those of places"
"""Why a column of names names no places: its list is one of persons, each at a place."""


def _by_values(values: FieldValues) -> Proposal:
    """What a field with an unknown name means, by its values alone."""
    if not values.values:
        return _by_ticks(values) if values.is_flat else _unknown("its name is unknown and it holds no value")
    if values.looks("flag") >= SURE:
        return _by_ticks(values)
    if _UNNAMED.fullmatch(values.path) and sum(isinstance(value, str) and _is_of_officer(value) for value in values.values) >= SURE * len(values.values):
        return Proposal(canonical="contact_type", confidence=0.7, reason="its values tell whose the numbers are")
    if _UNNAMED.fullmatch(values.path) and values.looks("person") >= MOSTLY_TITLED:
        return Proposal(canonical="officer", confidence=0.7, reason=ARE_PERSONS)
    if share("contact_list", values.values) >= SURE:
        return Proposal(canonical="contact", confidence=0.8, reason="its values are lists of phones and e-mail addresses")
    is_a_type = len(values.steps) > 1 and values.steps[-1].casefold() == "type"  # what kind of data it is, not what it says
    name = plain_name(values.steps[-1])
    for look, canonical, confidence in () if is_a_type else _VALUE_LOOKS:
        if _may_only_look_so(canonical, name, values):
            continue
        seen, enough = values.looks(look), 0.5 if canonical == "facility_type" and _SAYS_KIND.search(name) is not None else SURE
        if look == "county" and seen >= 0.5:  # what serves the whole country stands among the counties
            seen = share("county_or_country", values.values)
        if seen >= enough:
            return Proposal(canonical=canonical, confidence=round(confidence * seen, 2), reason=f"its values look like {_in_words(canonical)}")
    return _by_the_way(values)


_HEADS_PERSONS = re.compile(r"\b(?:focal persons?|focal points?|officers?|co ?ordinators?|administrators?|chair(?:person|man|lady|woman)?|secretary|champions?|ambassadors?|contact persons?|in ?charge|patron|mentors?|counsellors?)$")
"""Headings that end with what a person is."""


def _are_holders_of_offices(values: FieldValues) -> bool:
    """Whether a column is headed by what persons are (`Ward Administrator`, `Gender focal person`) and holds words that read like no places."""
    heading = plain_name(values.steps[-1])
    office = office_of(heading)
    if not (_HEADS_PERSONS.search(heading) or (office is not None and office.may_name_holder)) or (kind_of(values.steps[-1]) and office is None):
        return False
    texts = [value for value in values.values if isinstance(value, str)]
    are_words = bool(texts) and len(texts) == len(values.values) and not any(any(map(str.isdigit, text)) for text in texts)
    return are_words and values.looks("name") < 0.3 and max(values.looks(look) for look in ("county", "constituency", "ward", "services", "facility_type")) < 0.5


def _by_the_way(values: FieldValues) -> Proposal:
    """What texts mean that look like the values of no field."""
    if _tell_of_shelters(values):
        return Proposal(canonical="category", confidence=0.6, reason="some of its values tell of shelters")
    if values.looks("address") >= SURE:
        return Proposal(canonical="location", confidence=0.7, reason="its values go through the units in which a place lies", rank=9_500)
    return _unknown("neither its name nor its values are known")


def _tell_of_shelters(values: FieldValues) -> bool:
    """Whether a field holds short texts some of which begin as shelters are called (`Emergency accommodation for survivors`)."""
    texts = [value for value in values.values if isinstance(value, str)]
    return bool(texts) and all(len(text) < LONGEST_ROLE for text in texts) and any(map(load_vocabularies().begins_sensitive, texts))


LONGEST_ROLE = 80
"""Characters of a text that says what a place does; a longer one tells more."""
_UNNAMED = re.compile(r"column \d+")
MOSTLY_TITLED = 0.6
"""Share of the values of a column without a heading that must be persons with their titles."""
SELDOM = 0.5
"""Share of the records below which few say something of a field."""


def _may_only_look_so(canonical: str, name: str, values: FieldValues) -> bool:
    """Whether values that look like a field may well be something else: the keys of other systems have as many digits as telephone numbers, a running
    number or a rating is the number of a county too, `Active` and `Pending` are said of anything, `Organization` of every record of its kind."""
    if canonical in _WORDS_FIELDS and values.looks("number") >= 0.5:
        return True
    if canonical == "phone":
        return _NAMES_A_KEY.search(name) is not None or values.looks("phone") < 0.25 or values.looks("date") >= 0.5
    if canonical == "keph_level":
        return values.looks("whole_number") > 0.2 or len(set(map(str, values.values))) < 2
    if canonical == "website":
        return _are_pictures(values) or (len(values.values) > 2 and len(set(map(str, values.values))) == 1)
    if canonical == "operational_status":
        return _SAYS_STATUS.search(name) is None
    if canonical != "facility_type":
        return False
    is_seldom = values.filled < SELDOM and _SAYS_KIND.search(name) is None  # an answer that some gave (`Other, namely: shelter`)
    return is_seldom or {str(value).casefold() for value in values.values} <= _NO_KINDS


def _by_ticks(values: FieldValues) -> Proposal:
    """A column headed by a service, with ticks or still empty, says who offers that service."""
    question = asked(values.steps[-1]).rpartition("/")[2]  # the groups of a form stand before its questions
    if values.values and _asks_to_hide(plain_name(values.steps[-1])):
        return Proposal(canonical="visibility", confidence=0.85, reason="it asks whether the place may become known")
    if not LOOKS["services"](spaced(question).replace("_", " ")):
        return _unknown("its values are ticks, and its name is no known service")
    return Proposal(canonical="services", confidence=0.9 if values.values else 0.7, reason="it is headed by a service")


_OF_THE_SITE = re.compile(r"\b(?:locations?|address|sites?|premises|whereabouts|place|map|publicly|public|publish|publication|mahali|anwani)\b")


def _asks_to_hide(name: str) -> bool:
    """Whether a question is about telling where a place is: `Keep the location hidden`, `May the address be published`; a confidential room is none."""
    return _OF_THE_SITE.search(name) is not None and (says_hidden(name) or (_ASKS_TO_SHOW.search(name) is not None and "list" not in name.split()))


def _unknown(reason: str) -> Proposal:
    return Proposal(canonical=None, confidence=0.0, reason=reason)


def _in_words(canonical: str) -> str:
    return {
        "county": "counties", "country": "countries", "constituency": "constituencies", "ward": "wards", "phone": "phone numbers", "email": "e-mail addresses",
        "coordinates": "pairs of coordinates", "latitude": "latitudes", "longitude": "longitudes", "services": "services",
        "facility_type": "kinds of place", "owner": "owners", "operational_status": "statuses", "website": "web addresses",
        "mfl_code": "MFL codes", "facility_code": "registry codes", "source_id": "keys", "hotline": "hotline numbers", "contact": "phones and e-mail addresses mixed",
    }.get(canonical, canonical.replace("_", " "))  # fmt: skip


# ---------------------------------------------------------------- all fields of a list

def propose_fields(fields: Iterable[FieldValues], heads: Collection[str] = (), *, are_offices: bool = False) -> tuple[dict[str, str], tuple[FieldSample, ...]]:
    """A mapping for all fields, the surest source of each canonical field first, and what the upload page shows of every field. `heads` are the fields under
    which each row names several places. `are_offices`: the list is one of offices of an organisation, which may be named once above all of them."""
    fields = list(fields)
    proposals = {values.path: _named_by_rows() if values.steps[-1] in heads and not values.path.startswith("^") else propose(values) for values in fields}
    if are_offices and not any(proposal.canonical == "name" for proposal in proposals.values()):
        proposals |= {values.path: Proposal(canonical="name", confidence=0.7, reason="it names what the records are offices of", rank=9_000) for values in fields if values.path.startswith("^") and is_name_above(values.path[1:]) and plain_name(values.path.rpartition(".")[2]) not in _TITLES - {"name"}}
        proposals |= {values.path: Proposal(canonical="hotline", confidence=0.7, reason="it is how to reach the organisation whose offices these are", rank=9_000) for values in fields if values.path.startswith("^") and (above := inherited_name(values.path[1:])) is not None and above.canonical == "hotline"}
    proposals = _without_kind_of_pages(proposals, fields)
    proposals = _without_unit_levels(_with_finer_names_first(_with_a_name(proposals, fields), fields))
    proposals = _without_half_a_point(_with_a_grid(_with_types_beside(_with_contacts_of_persons(_with_persons_who_answer(proposals, fields), fields), fields), fields), fields)
    proposals = _with_codes_of_counties(_with_numbers_of_counties(_without_codes_of_others(_without_seats_above_wards(_without_places_of_others(proposals), fields), fields), fields), fields)
    chosen = {path: proposal for path, proposal in proposals.items() if proposal.canonical is not None}
    order = sorted(chosen, key=lambda path: (CANONICAL_FIELDS.index(str(chosen[path].canonical)), -round(chosen[path].confidence, 1), chosen[path].rank))
    mapping = {path: str(chosen[path].canonical) for path in order}
    return mapping, tuple(_sample(values, proposals[values.path]) for values in fields)


def _without_kind_of_pages(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """The `posts` of a web site are no posts of the police."""
    listed = next((values for values in fields if values.path == f"^{KIND_OF_LIST}"), None)
    if listed is None or {str(value).casefold() for value in listed.values} != {"posts"} or not are_pages(values.steps[-1] for values in fields):
        return proposals
    return proposals | {listed.path: _nothing("those of web pages")}


COMING_AGAIN = 0.8
"""Share of different names among all of a field from which on it names what its records lie in: a station with its posts in the rows below."""


def _with_finer_names_first(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """Of two columns of names (`Police Station`, `Police Post`) the first of which comes again and again, the other names the places of the rows."""
    names = [values for values in fields if proposals[values.path].canonical == "name" and len(values.values) > 1 and all(type(value) is str for value in values.values)]
    if len(names) != 2 or names[0].path.startswith("^") or names[1].path.startswith("^"):
        return proposals
    coarse, fine = names
    if _different(coarse) > COMING_AGAIN or _different(fine) < 1 or fine.filled < MOSTLY_FILLED or not kind_of(coarse.steps[-1]):
        return proposals
    above = proposals[coarse.path]
    return proposals | {fine.path: replace(proposals[fine.path], confidence=above.confidence, rank=above.rank - 1)}


MOSTLY_FILLED = 0.3
"""Share of the records that name a place of their own beside the one they lie in."""


def _different(values: FieldValues) -> float:
    return len(set(map(str, values.values))) / len(values.values)


_VALUE_OF = re.compile(r"(.{2,60}?)\W?(?:value|number|phone|contact|detail)", re.IGNORECASE)
_TYPE_OF = re.compile(r"(.{2,60}?)\W?(?:type|kind|label|role|designation)", re.IGNORECASE)


def _with_types_beside(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """Of a list that was flattened (`contacts.0.type`, `contacts.0.value`) a column of numbers is that of officers when the column of types beside it names one."""
    types = {found[1]: values for values in fields if proposals[values.path].canonical != "contact_type" and (found := _TYPE_OF.fullmatch(values.path))}
    officers = {stem for stem, values in types.items() if any(_is_of_officer(str(value)) for value in values.values[:LOOKED_AT])}
    return proposals | {
        values.path: Proposal(canonical="officer_contact", confidence=0.8, reason="the column beside it names officers")
        for values in fields if proposals[values.path].canonical in _REACHED_BY and (found := _VALUE_OF.fullmatch(values.path)) and found[1] in officers
    }  # fmt: skip


def _is_of_officer(kind: str) -> bool:
    match = load_vocabularies().contact_types.find(kind[:60])
    return match is not None and match.code == "officer_mobile"


_OF_ANOTHER_PLACE = re.compile(
    r"\b(?:(?:head|main|registered|parent|mother|national|regional) ?(?:office|station|facility|hospital|branch|organi[sz]ation)|head ?quarters?|hq|makao makuu"
    r"|(?:nearest|closest|sister|linked) (?:police|hospital|facility|health|station|court|shelter|safe|branch)|referr(?:al|ed|ing)|refers?|home (?:county|district|village)|birth|origin"
    r"|operations?|operates|operational areas?|coverage|cover(?:s|ed)|serv(?:es|ed)|catchment|presence)\b"
)
"""Names of fields that tell where an organisation is led from, or works, rather than where this place of it lies."""
_WHERE = frozenset({"county", "constituency", "ward", "location", "sub_county", "district", "town", "address"})


def _without_places_of_others(proposals: dict[str, Proposal]) -> dict[str, Proposal]:
    """Beside a field that says where the place lies, the head office of its organisation and the counties that it serves are not where it lies."""
    where = {path for path, proposal in proposals.items() if proposal.canonical in _WHERE and not path.startswith("^")}
    of_others = {path for path in where if _OF_ANOTHER_PLACE.search(plain_name(path.rpartition(".")[2]))}
    if where == of_others:
        return proposals
    return proposals | {path: _nothing("those of another place") for path in of_others}


def _without_codes_of_others(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """In a list of stations or courts a `code` of digits is one of their own: the national list of health facilities has none of them."""
    codes = [values for values in fields if proposals[values.path].canonical == "mfl_code" and plain_name(values.steps[-1]) in _ANY_CODE]
    if not codes:
        return proposals
    texts = [str(value) for values in fields if proposals[values.path].canonical == "name" for value in values.values]
    groups = [load_vocabularies().group(kind) for text in texts if (kind := kind_told(text))]
    if len(groups) < max(2, len(texts) // 2) or "health" in groups:
        return proposals
    own = Proposal(canonical="source_id", confidence=0.8, reason="it is a code of places that the official list does not hold", rank=9_000)
    return proposals | {values.path: own if _differ(values) else _nothing("not different from record to record, so it is no key") for values in codes}


NUMBERED_COUNTIES = 4
"""Names that lie in the county of the number beside them before the numbers are taken for those of counties, ..."""
NUMBERED_SHARE = 0.7
"""... and their share among the names that tell a county at all: where numbers and counties go their own ways, one in 47 agrees by chance."""


def _with_numbers_of_counties(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """A `county_id` of plain numbers, the keys of a table that was left at home, tells the counties of a list that names none, where the names of the places
    beside them mostly lie in the counties of these official numbers."""
    if any(proposal.canonical == "county" for proposal in proposals.values()):
        return proposals
    names = next((values for values in fields if proposals[values.path].canonical == "name" and values.filled == 1 and not values.path.startswith("^")), None)
    for values in fields:
        if names is None or plain_name(values.steps[-1]) not in _KEYS_OF_COUNTIES or values.filled < 1 or len(values.values) != len(names.values):
            continue
        told = [str(value).strip() for value in values.values]
        if all(map(_NUMBER_OF_COUNTY.fullmatch, told)) and _lie_in(names.values, told):
            return proposals | {values.path: Proposal(canonical="county", confidence=0.8, reason="it holds the codes of counties")}
    return proposals


_KEYS_OF_COUNTIES = frozenset({"county id", "county fk", "county", "county key", "countyid", "county ref"})


def _lie_in(names: Sequence[Any], numbers: Sequence[str]) -> bool:
    """Whether the names that tell a county mostly tell that of the number beside them."""
    gazetteer = load_gazetteer()
    agreed = told = 0
    for name, number in zip(names, numbers, strict=True):
        counties = {match.county_code for _, matches in gazetteer.phrases_in(str(name)) for match in matches}
        if counties:
            told += 1
            agreed += any(match.county_code in counties for match in gazetteer.counties_named(number))
    return agreed >= max(NUMBERED_COUNTIES, NUMBERED_SHARE * told)


_ANY_CODE = frozenset({"code", "codes", "no", "number", "station code", "code no", "code number", "msimbo"})
_SUB_COUNTY = _AREA_ENDINGS[0][1]


def _without_seats_above_wards(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """Where organisation units stand in wards, the sub-counties above those are the health service's own, which a constituency may share a name with:
    the ward tells the constituency."""
    above = [values for values in fields if values.steps[0] == "above"]
    if not any(proposals[values.path].canonical == "ward" for values in above):
        return proposals
    seats = [values for values in above if proposals[values.path].canonical == "constituency" and any(_SUB_COUNTY.fullmatch(str(value)) for value in values.values)]
    return proposals | {values.path: replace(proposals[values.path], canonical="sub_county") for values in seats}


def _named_by_rows() -> Proposal:
    return Proposal(canonical="name", confidence=0.9, reason="each row names a place under it")


_ZONE_OF_GRID = re.compile(r"(?:zone\s?)?3[67]\s?[A-Z]?", re.IGNORECASE)
_EAST, _NORTH = re.compile(r"x|easting|utm ?(?:x|e)|.*\beastings?\b.*|.*\blongitude\b.*|lon|lng|long"), re.compile(r"y|northing|utm ?(?:y|n)|.*\bnorthings?\b.*|.*\blatitude\b.*|lat")


def _with_a_grid(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """Columns of metres on the UTM grid, with that of their zone, as the coordinates they are together."""
    own = [values for values in fields if values.values and not values.path.startswith("^")]
    east = next((values for values in own if _EAST.fullmatch(plain_name(values.steps[-1])) and _are_metres(values, (EASTINGS,))), None)
    north = next((values for values in own if _NORTH.fullmatch(plain_name(values.steps[-1])) and _are_metres(values, _northings(values))), None)
    if east is None or north is None:
        return proposals
    zones = [values for values in own if "zone" in plain_name(values.steps[-1]).split() and all(_ZONE_OF_GRID.fullmatch(str(value).strip()) for value in values.values)]
    return proposals | {
        values.path: Proposal(canonical="coordinates", confidence=0.9, reason="with the columns beside it, it tells metres on the UTM grid", rank=rank)
        for rank, values in enumerate([*zones[:1], east, north])
    }


def _northings(values: FieldValues) -> tuple[tuple[float, float], ...]:
    """The metres that a column may hold: those of the north look like latitudes that lost their points, where it is headed as one of latitudes."""
    return (NORTHINGS_SOUTH,) if "lat" in plain_name(values.steps[-1]) else (NORTHINGS_SOUTH, NORTHINGS_NORTH)


def _are_metres(values: FieldValues, bounds: Sequence[tuple[float, float]]) -> bool:
    """Whether most values are metres within bounds."""
    numbers = [number for value in values.values if (number := metres_in(value)) is not None]
    return sum(any(low <= number <= high for low, high in bounds) for number in numbers) > 0.5 * len(values.values)


def _without_half_a_point(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """What only looks like latitudes without longitudes beside it is a measure (`Shape_Length`); half a point in metres of a map is none."""
    halves = {canonical: [values for values in fields if proposals[values.path].canonical == canonical] for canonical in ("latitude", "longitude")}
    if all(halves.values()):
        return proposals
    doubtful = [values for values in halves["latitude"] if proposals[values.path].confidence < 0.75]
    doubtful += [values for half in halves.values() for values in half if _are_of_web_map(values)]
    return proposals | {values.path: _nothing("those of half a point") for values in doubtful}


def _sample(values: FieldValues, proposal: Proposal) -> FieldSample:
    return FieldSample(
        path=values.path, canonical=proposal.canonical, confidence=round(proposal.confidence, 2), reason=proposal.reason, samples=values.samples()
    )


def _with_a_name(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """When no field is called a name, the one whose values read most like names of places is proposed."""
    if any(proposal.canonical == "name" for proposal in proposals.values()):
        return _without_names_of_accounts(_without_titles_of_persons(_without_names_of_persons(proposals, fields), fields), fields)
    official = [path for path, proposal in proposals.items() if proposal.canonical == "official_name"]
    free = [values for values in fields if proposals[values.path].canonical is None and proposals[values.path].confidence < 0.6 and not _are_no_names(values)]
    if any(plain_name(values.steps[-1]) in _OF_INCIDENTS for values in fields) and not any(values.looks("name") >= SURE for values in free):
        return proposals
    located = [values for values in fields if proposals[values.path].canonical == "location" and not values.path.startswith("^") and values.looks("name") >= (SITES if plain_name(values.steps[-1]) in _ARE_SITES else SURE) and _differ(values) and not _are_no_names(values)]
    if located and not any(kind_of(values.steps[-1]) for values in free):
        return {**proposals, located[0].path: Proposal(canonical="name", confidence=0.7, reason="its values read like names of places")}
    best = max((values for values in free if not values.path.startswith("^")), key=lambda values: (values.looks("name"), values.filled), default=None)
    keys = [values for values in fields if re.fullmatch(r"\^key\d*", values.path) and values.looks("name") >= 0.4 and _differ(values)]
    if official:
        return {**proposals, official[0]: Proposal(canonical="name", confidence=0.9, reason="it is the only name there is")}
    if keys:
        return {**proposals, keys[-1].path: Proposal(canonical="name", confidence=0.8, reason="the records stand under their names", rank=9_000)}
    headed = [values for values in free if kind_of(values.steps[-1])]
    if headed:
        alike = [values for values in headed if kind_of(values.steps[-1]) == kind_of(headed[0].steps[-1])]  # `station_1`, `station_2`
        return proposals | {values.path: Proposal(canonical="name", confidence=0.8, reason="it is headed by a kind of place") for values in alike}
    called = [values for values in free if not values.path.startswith("^") and _CALLED_NAME.search(plain_name(values.steps[-1])) and _may_be_names(values)]
    if called:
        best = max(called, key=lambda values: (values.looks("name"), values.filled))
        return {**proposals, best.path: Proposal(canonical="name", confidence=0.75, reason="it is called a name, and holds one to a record")}
    serving = [values for values in fields if proposals[values.path].canonical == "services" and plain_name(values.steps[-1]) in _SERVICES_BY_NAME and _may_be_names(values)]
    if serving and any(proposal.canonical in _REACHED_BY or proposal.canonical == "hotline" for proposal in proposals.values()):
        return {**proposals, serving[0].path: Proposal(canonical="name", confidence=0.7, reason="it names services that are called, one to a record")}
    if best is not None and best.looks("name") >= 0.4:
        return {**proposals, best.path: Proposal(canonical="name", confidence=0.6, reason="its values read like names of places")}
    return _named_from_above(proposals, fields) or _named_by_contents(proposals, fields) or _with_first_text(proposals, free)


_ARE_SITES, SITES = frozenset({"site", "sites", "service site", "supported site", "supported sites", "court station", "court stations"}), 0.2
"""Headings above the places where a programme works, and the share of them that must read like names: short forms (`KTRH`) read like none."""


def _named_from_above(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal] | None:
    """The proposals with the name of an organisation above its offices, or with keys that are words, as the name; None where there are none."""
    above = [values for values in fields if values.path.startswith("^") and is_name_above(values.path[1:]) and len(set(map(str, values.values))) > 1]
    if above:
        return {**proposals, above[-1].path: Proposal(canonical="name", confidence=0.7, reason="it names what the records are offices of", rank=9_000)}
    named_by_keys = [values for values in fields if re.fullmatch(r"\^key\d*", values.path) and _are_words_that_differ(values)]
    if named_by_keys:
        return {**proposals, named_by_keys[-1].path: Proposal(canonical="name", confidence=0.6, reason="the records stand under their names", rank=9_000)}
    return None


def _named_by_contents(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal] | None:
    """The proposals with a `content` or `description` as the name when it says nothing else; None where none does."""
    naming = (values for values in fields if proposals[values.path].canonical == "description" and not values.path.startswith("^") and values.looks("name") >= SURE and _may_be_names(values))
    found = next(naming, None)
    return None if found is None else {**proposals, found.path: Proposal(canonical="name", confidence=0.6, reason="its values read like names of places")}


def _with_first_text(proposals: dict[str, Proposal], free: list[FieldValues]) -> dict[str, Proposal]:
    telling = next((values for values in free if not values.path.startswith("^") and _may_be_names(values)), None)
    if telling is not None:
        return {**proposals, telling.path: Proposal(canonical="name", confidence=0.4, reason="it is the first text that differs from record to record")}
    return proposals


_SERVICES_BY_NAME = frozenset({"service", "services", "resource", "support service", "huduma"})
"""Headings above the names of hotlines and other services: `Service | Number`."""
_CALLED_NAME = re.compile(r"\b(?:name|nam|nm|jina)$")


_IS_BESIDE = re.compile(r"\b(?:landmarks?|nearest|near|opposite|next to|directions?)\b")
"""Headings of what places are told to stand by, which are other places."""


def _are_no_names(values: FieldValues) -> bool:
    """Whether a field says the same of every record, or words that tell the kind of a piece of data (`Point`): no names of places."""
    different = {str(value).casefold() for value in values.values}
    return different <= _NO_KINDS or _IS_BESIDE.search(plain_name(values.steps[-1])) is not None or (len(values.values) > 2 and len(different) == 1)


def _without_names_of_persons(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """When a column headed by a kind of place (`hospital`) holds its names, a `name` beside it that reads like none is a person's, as in lists of doctors."""
    serving = _named_services(proposals, fields)
    if serving:
        return proposals | serving
    names = [values for values in fields if proposals[values.path].canonical == "name"]
    has_titles = any((_TELLS_WHAT_SHE_IS.search(plain_name(values.steps[-1])) or _NUMBERS_A_PERSON.match(plain_name(values.steps[-1]))) and values.values for values in fields)
    if not any((has_titles or kind_of(values.steps[-1]) or plain_name(values.steps[-1]) == "facility") and values.looks("name") >= 0.6 for values in names):
        return proposals
    others = [values.path for values in names if plain_name(values.steps[-1]) in ("name", "full name") and values.values and not values.looks("name")]
    theirs = [values.path for values in fields if others and proposals[values.path].canonical in _REACHED_BY and not _is_of_place(values.steps[-1])]
    return proposals | {
        path: Proposal(canonical=None, confidence=0.7, reason=ARE_PERSONS) for path in others
    } | {path: Proposal(canonical="officer_contact", confidence=0.7, reason=OF_PERSONS) for path in theirs}


def _without_titles_of_persons(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """When a column of persons stands in a list, a `title` beside the names of its places is what the persons are (`Principal Magistrate`), no name."""
    names = [values for values in fields if proposals[values.path].canonical == "name" and not values.path.startswith("^")]
    has_names = any(plain_name(values.steps[-1]) != "title" and values.looks("name") >= 0.5 for values in names)
    has_persons = any(proposal.canonical == "officer" for proposal in proposals.values())
    titles = [values.path for values in names if has_names and has_persons and plain_name(values.steps[-1]) == "title"]
    return proposals | {path: Proposal(canonical="officer", confidence=0.7, reason="it tells what the persons of the list are", rank=9_000) for path in titles}


OF_ACCOUNTS = frozenset({"password", "passwd", "pwd", "pass word", "user password", "password hash", "hashed password", "remember token", "salt", "last login", "is superuser", "is staff"})
"""Columns that only tables of those who sign in have."""


_CALLS_AN_INCIDENT = frozenset({"title", "name", "incident", "incident title", "incident name", "subject", "case", "case title", "case name", "headline"})
_OF_INCIDENTS = frozenset({
    "reporter", "reporter name", "reported by", "complainant", "complainant name", "victim", "victim name", "victim age", "age of victim", "survivor name", "survivor age", "age of survivor", "perpetrator", "perpetrator name",
    "suspect", "accused", "incident date", "date of incident", "incident type", "type of incident", "incident time", "ob number", "ob no", "case number", "case status", "incident id", "relationship to perpetrator",
})  # fmt: skip
"""Columns that only lists of incidents have: what is called there happened to somebody, and is no place."""


def _without_names_of_accounts(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """In a list of those who sign in to a program, or of what people reported, no column names places, unless its values read like them."""
    columns = {plain_name(values.steps[-1]) for values in fields}
    if columns.isdisjoint(OF_ACCOUNTS | _OF_INCIDENTS):
        return proposals
    names = [values for values in fields if proposals[values.path].canonical in ("name", "official_name") and values.values]
    if columns.isdisjoint(OF_ACCOUNTS):  # what happened is called by where it did: `Woman beaten at the station`
        names = [values for values in names if plain_name(values.steps[-1]) in _CALLS_AN_INCIDENT]
    elif any(values.looks("name") > 0.1 for values in names):
        return proposals
    return proposals | {values.path: Proposal(canonical=None, confidence=0.7, reason=ARE_PERSONS) for values in names}


_OF_PROVIDERS = frozenset({"provider", "service provider", "provider name", "run by", "managed by"})


def _named_services(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """In a list of hotlines the services that are called are its places, and who provides them runs them; empty for any other list."""
    names = [values for values in fields if proposals[values.path].canonical == "name"]
    calls = any(proposal.canonical == "hotline" for proposal in proposals.values())
    if not calls or not names or any(plain_name(values.steps[-1]) not in _OF_PROVIDERS for values in names):
        return {}
    serving = [values for values in fields if proposals[values.path].canonical == "services" and plain_name(values.steps[-1]) in _SERVICES_BY_NAME and len(values.values) > 1 and _different(values) == 1 and all(isinstance(value, str) for value in values.values)]
    if not serving:
        return {}
    run_by = Proposal(canonical=None, confidence=0.7, reason="it tells who provides the services that are called")
    return {serving[0].path: Proposal(canonical="name", confidence=0.8, reason="it names services that are called, one to a record")} | {values.path: run_by for values in names}


_TELLS_WHAT_SHE_IS = re.compile(r"\b(?:designation|title|rank|position|role|cadre|wadhifa)\b")
_NUMBERS_A_PERSON = re.compile(r"badge|(?:force|payroll|employee|staff) (?:number|no|id)\b")
_ANSWERS_FOR_PLACE = re.compile(r"\b(?:contact|focal)\b")
_REACHES_A_PERSON = re.compile(r"(?:mobile|cell ?phone|cell)(?: (?:phone|number|no|nos))?|contact (?:person s? ?)?(?:phone|mobile|tel|telephone|cell|number|no|email|e mail)\b.*")


def _with_contacts_of_persons(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """In a list of persons with what each of them is (`Representative`, `Designation`, `Phone`) the numbers are theirs; beside a number of the place, a
    `contact phone` is that of the contact person named in the list. Who is told as the contact person of a place answers its only number."""
    persons = [values for values in fields if proposals[values.path].canonical == "officer" and values.values]
    names = [values for values in persons if _TELLS_WHAT_SHE_IS.search(plain_name(values.steps[-1])) is None]
    if not names:
        return proposals
    has_ranks = any(plain_name(values.steps[-1]) == "rank" and values.values for values in fields)
    are_of_list = (len(names) < len(persons) or has_ranks or any(_UNNAMED.fullmatch(values.path) for values in names)) and not any(_ANSWERS_FOR_PLACE.search(plain_name(values.steps[-1])) for values in names)
    reached = [values for values in fields if proposals[values.path].canonical in _REACHED_BY and not values.path.startswith("^")]
    of_place = [values for values in reached if _is_of_place(values.steps[-1])]
    desks = {values.steps[:-1] for values in names if len(values.steps) > 1 and plain_name(values.steps[-2]) not in _OF_ALL_CONTACTS}
    theirs = [values for values in reached if values not in of_place and (values.steps[:-1] in desks or are_of_list or (of_place and _REACHES_A_PERSON.search(plain_name(values.steps[-1]))))]
    return proposals | {
        values.path: Proposal(canonical="officer_contact", confidence=0.7, reason=OF_PERSONS) for values in theirs
    }


_OF_ALL_CONTACTS = frozenset({"contacts", "contact", "contact details", "contact info", "contact information", "communication", "details", "properties", "attributes", "fields", "data", "tags", "resource", "node", "acf", "meta", "mawasiliano"})
"""Keys of objects that hold what is said of a place, and not of one desk of it with who sits there (`"gender_desk": {"officer": .., "phone": ..}`)."""
_PERSON_AND_NUMBER = re.compile(r"\b(?:contact|focal) (?:person|point)s?\b.*\b(?:phone|tel|telephone|mobile|contacts?|numbers?|no|cell)\b")


def _with_persons_who_answer(proposals: dict[str, Proposal], fields: list[FieldValues]) -> dict[str, Proposal]:
    """`Contact person/phone`, where a list has no other column of numbers, is how its places are reached; who is named within is read from its cells."""
    if any(proposal.canonical in _REACHED_BY or proposal.canonical == "hotline" for proposal in proposals.values()):
        return proposals
    theirs = [values for values in fields if proposals[values.path].canonical == "officer_contact"]
    both = [values.path for values in theirs if re.search(r"[/&]|\band\b", values.steps[-1]) and _PERSON_AND_NUMBER.search(plain_name(values.steps[-1]))]
    if len(both) < len(theirs):
        return proposals
    return proposals | {path: Proposal(canonical="contact", confidence=0.8, reason="it names who answers for the place, with the only numbers there are") for path in both}


_REACHED_BY = frozenset({"phone", "email", "contact"})


def _is_of_place(step: str) -> bool:
    """Whether a column says that it is the place's: `hospital phone`."""
    return any(kind_of(word) or word in ("facility", "office", "institution", "official") for word in plain_name(step).split())


def _may_be_names(values: FieldValues) -> bool:
    """Whether a field holds short texts of words, one to a record: names, where nothing else tells which field is the name."""
    texts = [value for value in values.values if isinstance(value, str) and 3 <= len(value.strip()) <= 80 and value.strip()[0].isalpha()]
    return len(texts) >= 2 and len(texts) == len(values.values) and values.filled >= 0.8 and len(set(texts)) >= 0.9 * len(texts) and not any(
        values.looks(look) >= 0.3 for look in ("county", "flag", "date", "uuid", "email", "website", "facility_code", "services", "owner", "operational_status", "facility_type")
    )


def is_name_above(name: str) -> bool:
    """Whether a parent's value is a name that its records have none of: an organisation's, told once for its offices."""
    named = inherited_name(name)
    return named is not None and named.canonical in ("name", "official_name")


_OF_ORGANISATION_UNITS = frozenset({"path", "parent", "parent.id", "ancestors", "parent.name", "parent.displayName"})


def _without_unit_levels(proposals: dict[str, Proposal]) -> dict[str, Proposal]:
    """The `level` of an organisation unit (DHIS2) says how deep it stands in its tree, nothing of the care given there."""
    if "level" not in proposals or not _OF_ORGANISATION_UNITS.intersection(proposals):
        return proposals
    return {**proposals, "level": Proposal(canonical=None, confidence=0.9, reason="it is the level of an organisation unit, not of care")}


def _are_words_that_differ(values: FieldValues) -> bool:
    """Whether the keys of records are words, one to a record, and no counties: what stations are called by their places."""
    texts = list(map(str, values.values))
    return len(set(texts)) == len(texts) > 1 and not any(any(map(str.isdigit, text)) for text in texts) and values.looks("county") < 0.2


def _differ(values: FieldValues) -> bool:
    return len({str(value) for value in values.values}) >= 0.9 * len(values.values)


def corrected(mapping: Mapping, fields: Sequence[FieldSample], choices: dict[str, str | None], source: str) -> Mapping:
    """A mapping as a person corrected it: `choices` gives the canonical field, or None for none, of some of its `fields`.

    What a person chose comes before what was proposed where several fields feed one. Raises SourceError when a choice names a field the list
    does not have, or one that is never taken in, or a meaning there is none of; or when nothing is left that names a place.
    """
    known = {sample.path: sample for sample in fields}
    for path, canonical in choices.items():
        _require_choice(known.get(path), canonical)
    kept = {path: canonical for path, canonical in mapping.fields.items() if choices.get(path, canonical) == canonical}
    chosen = {path: canonical for path, canonical in choices.items() if canonical is not None and path not in kept}
    together = {**chosen, **kept}
    if not replace(mapping, fields=together).has_names:
        raise SourceError("No field says the name of the place.", "Choose the field that does; without it no row can become a place.")
    order = sorted(together, key=lambda path: CANONICAL_FIELDS.index(together[path]))
    return replace(mapping, source=source, fields={path: together[path] for path in order}, unused=tuple(path for path in known if path not in together))


def _require_choice(sample: FieldSample | None, canonical: str | None) -> None:
    if sample is None:
        raise SourceError("The list has no such field.", "Reload the page: the list may have been received anew.")
    if canonical is not None and canonical not in CANONICAL_FIELDS:
        raise SourceError("A field can only go to one that the registry has.", f"These are: {', '.join(CANONICAL_FIELDS)}.")
    if canonical is not None and any(map(is_never_taken, (sample.path, *split_path(sample.path)))):
        raise SourceError("This field is never taken in: it can identify a person or an account.", "Leave it unused.")


# ---------------------------------------------------------------- shape, and mappings as data

def signature(kind: str, record_paths: Iterable[tuple[str, ...]], keys: Iterable[str]) -> str:
    """The shape of a list: where its records stand and what their fields are called, never what they hold."""
    paths = ";".join(sorted("/".join(path) for path in record_paths))
    return f"{kind}|{paths}|{','.join(sorted(key.replace(',', ' ') for key in keys))}"


SOME_PLACES = 0.95
"""How alike shapes are at most of which one has records in some of the places of the other only: without its table of counties, or of its hospitals only."""
_READ_ALIKE = {"referenced": "json"}
"""Forms of lists that differ by how they are read, and not in the file."""


def likeness(one: str, other: str) -> float:
    """How alike two shapes are, 0 to 1: the same places of records, and the share of field names they have in common."""
    (form, places, keys), (other_form, other_places, other_keys) = one.split("|", 2), other.split("|", 2)
    if _READ_ALIKE.get(form, form) != _READ_ALIKE.get(other_form, other_form):
        return 0.0
    at, other_at = set(places.split(";")), set(other_places.split(";"))
    if not (at <= other_at or other_at <= at):
        return 0.0
    ours, theirs = set(keys.split(",")) - {""}, set(other_keys.split(",")) - {""}
    if not ours or not theirs:
        return 0.8
    return (1.0 if at == other_at else SOME_PLACES) * len(ours & theirs) / len(ours | theirs)


def mapping_to_json(mapping: Mapping) -> dict[str, Any]:
    """A mapping as plain data. Fields are a list of pairs, because their order matters and a database may not keep that of keys."""
    return {
        "source": mapping.source, "record_paths": [list(path) for path in mapping.record_paths], "fields": [list(pair) for pair in mapping.fields.items()],
        "constants": dict(mapping.constants), "signature": mapping.signature, "dialect": mapping.dialect, "unused": list(mapping.unused),
        "places": [list(group) for group in mapping.places],
    }  # fmt: skip


def mapping_from_json(data: dict[str, Any]) -> Mapping:
    """A mapping from plain data; fields may be pairs or an object. Canonical names that are none are left out."""
    pairs = data.get("fields") or []
    pairs = pairs.items() if isinstance(pairs, dict) else pairs
    return Mapping(
        source=str(data["source"]),
        record_paths=tuple(tuple(map(str, path)) for path in data.get("record_paths") or ()),
        fields={str(path): str(canonical) for path, canonical in pairs if canonical in CANONICAL_FIELDS},
        constants={str(name): str(value) for name, value in (data.get("constants") or {}).items() if name in CANONICAL_FIELDS},
        signature=str(data.get("signature") or ""),
        dialect=str(data.get("dialect") or ""),
        unused=tuple(str(path) for path in data.get("unused") or ()),
        places=tuple(tuple(map(str, group)) for group in data.get("places") or () if group),
    )
