"""What the fields of other people's lists are called: spelling → canonical field, from `data/reference/field_aliases.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from gvrc.errors import ReferenceDataError
from gvrc.model.record import CANONICAL_FIELDS
from gvrc.settings import DATA_DIR

NOWHERE = "-"
"""A field we know and have no use for (number of beds, a running number)."""
NEVER = "!"
"""A field that is never taken in (bank accounts, identity numbers of persons)."""

FIRST = "0"
"""The step into the first element of a list."""
SIMILAR_ENOUGH = 90.0
"""Similarity (0 to 100) from which an unknown field name counts as a spelling of a known one."""

WORDS_ALIKE, JOINED_ALIKE = 70.0, 95.0
"""Similarity of two words with a slip, and of names written with other spaces."""

LONGEST_NAME = 200
"""Characters of the name of a field, its brackets included; a longer text is looked at no further."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GROUPED = re.compile(r"\w{2,80}(?:(?:/|\.|:\s?)[\w ]{2,80}){1,6}")
_BETWEEN_GROUPS = re.compile(r"[/.:]\s?")
"""A question of a form with the groups it stands in, as form tools export it: `group_contacts/phone`, `meta.contacts.phone`, `LOC: County`."""
_DASHED = re.compile(r"(?:instance|data|meta|group\w{0,40}|grp\w{0,40}|section\w{0,40}|begin\w{0,20})(?:-\w{2,80}){1,6}", re.IGNORECASE)
"""The same with dashes between them, as ODK writes its tables: `instance-gps-Latitude`."""
_IN_ENGLISH = re.compile(r"(.{3,80}) (?:en|eng|english|label)")
_ASKS = re.compile(r"[?\s]*\(?\b(?:yes\s?/\s?no|y\s?/\s?n)\)?\s*$|\?\s*$", re.IGNORECASE)
"""How a heading says that it is a question: `GENDER DESK? (Yes/No)`."""
_QUESTION_NUMBER = re.compile(r"^\s*(?:q\.?\s?)?\d{1,3}[a-z]?\s?[.):]\s*", re.IGNORECASE)
"""The number of a question of a form: `8a. PEP available?`."""
_ASKED_OF = re.compile(
    r"^(?:does|do|is|are|has|have|offers?|provides?)[\s_]+(?:(?:it|you|they|there|(?:the|this|your)[\s_]+[a-z]+)[\s_]+)?(?:(?:offer|provide|have|give|conduct)s?[\s_]+)?(?:(?:an?|the|any)[\s_]+)?"
    r"|[\s_]+(?:available|offered|provided|present|availability)$", re.IGNORECASE,
)
"""What a question asks around its subject: `Does the facility offer PEP`, `Is a gender desk available`."""
_DIGITS = re.compile(r"\d+")
_NOT_WORD = re.compile(r"[^a-z0-9#]+")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,6}[A-Za-z]?\b|\b(?:[A-Za-z]\.){2,6}")
"""Letters with dots between them, as in `O.C.S`."""
_OF_DBASE = re.compile(r",[CNFDLMI](?:,\d{1,3}){1,2}$")
"""The type and width that dBase tables carry in the names of their columns: `name,C,80`."""
_WRAPPERS = frozenset({
    "properties", "attributes", "fields", "data", "record", "item", "node", "source", "details", "info", "facility", "attrs", "resource",
    "tags", "basic", "payload", "value", "body", "json", "doc", "document", "row", "response", "result",
})
_HOLDERS = frozenset({"data", "items", "values", "nodes", "list", "results", "all", "entries"})
"""Keys under which a field holds its list: `services.data`."""
_NAMES_ITS_PARENT = frozenset({"name", "title", "label", "value", "text", "display", "display name", "en", "rendered"})
_TAGS_OF_TYPES = frozenset({"#text", "__text", "_text", "$t", "S", "N", "L", "SS", "$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "stringValue", "integerValue", "doubleValue", "timestampValue"})
"""Keys under which databases write a value with its type, and XML turned into JSON its text: `{"name": {"S": "Tiwi Dispensary"}}`."""
_AROUND_A_POINT = frozenset({"viewport", "bounds", "bbox", "boundingbox", "northeast", "southwest", "extent"})
"""Keys of the map around a place, whose corners are not where the place is."""
_SAYS_LITTLE = _NAMES_ITS_PARENT | {"id", "code", "type", "key", "slug", "uuid", "description", "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownName:
    """A field name that was recognised: its canonical field (or NOWHERE, NEVER), how sure (0 to 1), and its place in the table.

    A smaller `rank` goes first when several fields of one list mean the same.
    """

    canonical: str
    confidence: float
    rank: int
    reason: str


def spaced(key: str) -> str:
    """A key with its camelCase taken apart: `policeStations` as `police Stations`."""
    return _CAMEL.sub(" ", key[:120])


def asked(heading: str) -> str:
    """What a heading asks for, without its question mark and the answers it offers; a form's groups stay."""
    plain = _ASKS.sub("", _QUESTION_NUMBER.sub("", heading[:200])).strip()
    return _ASKED_OF.sub("", plain).strip() or plain or heading


_HIDDEN = re.compile(r"confiden|sensitiv|secret|hid(?:e|den)\b|withh|classified|(?:do not|don.?t|not for) publi|\bsiri\b", re.IGNORECASE)


def says_hidden(heading: str) -> bool:
    """Whether a heading asks if a place must not become known (`Confidential?`, `Do not publish`); `Public` asks the contrary."""
    return _HIDDEN.search(spaced(heading).replace("_", " ")) is not None


def plain_name(text: str) -> str:
    """A field name as names are compared: lower case words, camelCase taken apart, no punctuation, nor what Drupal puts before its own (`field_phone`)."""
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), text) if "." in text else text
    return _NOT_WORD.sub(" ", _OF_DBASE.sub("", spaced(text.removeprefix("field_"))).lower()).strip()


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, int]]:
    path = DATA_DIR / "reference" / "field_aliases.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [(row["spelling"], row["canonical"]) for row in csv.DictReader(stream)]
    except (OSError, KeyError):
        raise ReferenceDataError("The table of field names cannot be read.", "Restore data/reference from the project.") from None
    if unknown := {canonical for _, canonical in rows} - {*CANONICAL_FIELDS, NOWHERE, NEVER}:
        raise ReferenceDataError(f"The table of field names names unknown fields: {', '.join(sorted(unknown))}.", "Mend field_aliases.csv.")
    return {spelling: (canonical, rank) for rank, (spelling, canonical) in enumerate(rows)}


@lru_cache(maxsize=8192)
def known_name(steps: tuple[str, ...]) -> KnownName | None:
    """What a field means by its name alone. `steps` are the keys that lead to it (`("contacts", "phone")`)."""
    steps = tuple([step[:LONGEST_NAME] for step in (steps[:-1] if len(steps) > 1 and steps[-1] in _TAGS_OF_TYPES else steps)])
    if len(steps) > 1 and not _AROUND_A_POINT.isdisjoint(map(str.lower, steps)):
        return KnownName(canonical=NOWHERE, confidence=0.9, rank=0, reason="it is the edge of a map")
    words = [word for step in steps if step != FIRST and (word := plain_name(step))]
    words = [word for word in words[:-1] if word not in _WRAPPERS] + words[-1:]
    for spelling in _spellings(words):
        if spelling in _table():
            canonical, rank = _table()[spelling]
            return KnownName(canonical=canonical, confidence=0.95, rank=rank, reason=f"“{spelling}” is a known name for it")
        if _is_of_who_asked(spelling):
            return KnownName(canonical=NEVER, confidence=0.95, rank=0, reason="it is of who filled the list in")
        if officer := _whose_name(spelling):
            return KnownName(canonical="officer", confidence=0.9, rank=_table()[officer][1], reason=f"it is the name of the “{officer}”")
        if officer := _whose_contact(spelling):
            return KnownName(canonical="officer_contact", confidence=0.9, rank=_table()[officer][1], reason=f"it is how to reach the “{officer}”")
    if len(words) > 1 and words[-1] in _HOLDERS and (held := known_name(steps[:-1])) is not None:
        return held
    return _by_a_part(steps, words) or _name_of_one(words) or ((_cut_short(steps[-1]) or _similar(words[-1])) if words and words[-1] not in _SAYS_LITTLE else None)


_NAME_OF = re.compile(r"(?:full |official )?names? of (?:the |your )?([a-z]+(?: [a-z]+){0,3})")
_NAMED_OTHERWISE = re.compile(
    r"\b(?:persons?|people|person s|officials?|members?|survivors?|victims?|child(?:ren)?|parents?|guardians?|clients?|patients?|users?|staff|employees?|employers?|teachers?|drivers?|agents?|spouses?|kin|leaders?|patrons?|mentors?"
    r"|volunteers?|champions?|applicants?|authors?|owners?|proprietors?|donors?|banks?|branch|roads?|streets?|projects?|program(?:me)?s?|villages?|estates?|markets?|drugs?|products?|months?|days?|county|counties|wards?|constituency|location"
    r"|areas?|zones?|regions?|towns?|building|landmark|documents?|files?|sheets?|supervisors?|interviewers?|assessors?|committee|group members?|head|heads|doctors?|nurses?|ocs|ocpd|scpc|commander|suspects?|accused|witness(?:es)?)\b"
)
"""What a heading may ask the name of that is no place."""


def _name_of_one(words: Sequence[str]) -> KnownName | None:
    """`Name of CCI`: whatever it is that nobody listed, the heading asks what it is called."""
    found = _NAME_OF.fullmatch(words[-1]) if words and "name" in words[-1] else None
    if found is None or _NAMED_OTHERWISE.search(found[1]) is not None:
        return None
    return KnownName(canonical="name", confidence=0.8, rank=_table()["name"][1], reason=f"it asks what a “{found[1]}” is called")


def _by_a_part(steps: tuple[str, ...], words: list[str]) -> KnownName | None:
    """What a name means by a part of it: without the groups of a form, its language, its brackets, or the word that says it is another one of several."""
    if not words:
        return None
    if in_english := _IN_ENGLISH.fullmatch(words[-1]):
        return known_name((*steps[:-1], in_english[1]))
    if either := _either(steps[-1]):
        return either
    if plain := _without_asides(steps[-1]):
        return _with_its_aside(steps, plain)
    if (offering := _OFFERING.fullmatch(words[-1])) and (held := known_name((*steps[:-1], offering[1]))) is not None and held.canonical == "name":
        return _less_sure(held)
    for part, may_mean in _without_what_comes_with_it(words[-1]):
        if (same := known_name((*steps[:-1], part))) is not None and same.canonical in may_mean:
            return _less_sure(same)
    return _as_asked(steps) or (known_name((*steps[:-1], *_BETWEEN_GROUPS.split(steps[-1]))) if _GROUPED.fullmatch(steps[-1]) else None) or (known_name((*steps[:-1], *steps[-1].split("-")[1:])) if _DASHED.fullmatch(steps[-1]) else None) or _behind_its_group(steps)


_OFFERING = re.compile(r"(.{3,40}?) (?:with|offering|providing|having|that (?:has|have|offers?|provides?)) .{2,80}")
"""Places told with what they have: `Police station with gender desk`."""
_GROUP = re.compile(r"(?:[A-Z]|\d{1,2}|Section [A-Z\d]{1,2})[.):]?\s[\w &-]{2,60}/\s?(?=\w)", re.IGNORECASE)
"""The group of a form with its letter before its question: `D. FOCAL POINT/Phone of the focal person`."""


def _behind_its_group(steps: tuple[str, ...]) -> KnownName | None:
    """What a question of a form means without the groups before it, where these have letters or numbers."""
    group = _GROUP.match(steps[-1])
    parts = steps[-1][group.end() :].split("/") if group else []
    questions = ("/".join(parts[start:]).strip() for start in range(len(parts)))
    return next((named for question in questions if question and (named := known_name((*steps[:-1], question))) is not None), None)


def _with_its_aside(steps: tuple[str, ...], plain: str) -> KnownName | None:
    """What a heading with brackets means: `Location (GPS)` are coordinates, `Mobile (OCS)` is the officer's, of any other the brackets only explain it."""
    aside, held = known_name((steps[-1].partition("(")[2].rstrip(") "),)), known_name((*steps[:-1], plain))
    if aside is not None and aside.canonical == "coordinates":
        return _less_sure(aside)
    if aside is not None and aside.canonical == "officer" and held is not None and held.canonical in _MAY_BE_SEVERAL:
        return replace(aside, canonical="officer_contact", confidence=0.9, reason="it is how to reach the one in its brackets")
    if held is not None and held.canonical in ("phone", "email", "contact") and _PERSONAL.search(steps[-1].partition("(")[2]):
        return replace(held, canonical="officer_contact", confidence=0.9, reason="it is how to reach the one in its brackets")
    return _less_sure(held)


def _without_what_comes_with_it(name: str) -> Iterator[tuple[str, frozenset[str]]]:
    """A name without the word that says it is another one (`alt tel`), when it is answered (`24hr hotline`), or its number among several (`station 2 phone`), and
    what it may mean then."""
    if another := _ANOTHER.fullmatch(name):
        yield another[1], _MAY_BE_SEVERAL
    if (timed := _DAY_AND_NIGHT.sub("", name).strip()) != name and len(timed) > 2:
        yield timed, _MAY_BE_SEVERAL
    if several := _LISTED.fullmatch(name):
        yield several[1], _MAY_BE_SEVERAL | _OF_PERSONS | {"services"}
    if numbered := _NUMBERED.fullmatch(name):
        yield f"{numbered[1]} {numbered[2]}", _OF_ONE_OF_SEVERAL


def _as_asked(steps: tuple[str, ...]) -> KnownName | None:
    """What a question asks for, and what is said of the place by its name (`location of the office`)."""
    name = plain_name(steps[-1])
    for plain in (_OF_THE_PLACE.sub("", name), plain_name(asked(steps[-1]))):
        if 1 < len(plain) < len(name) and (found := known_name((*steps[:-1], plain))) is not None:
            return _less_sure(found)
    return None


_PERSONAL = re.compile(r"\b(?:personal|private|own|binafsi)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\s*[(\[{][^()\[\]{}]{0,60}(?:[)\]}]|$)\s*")
"""What a heading says in brackets: units, examples, what to fill in (`LEVEL (1-6)`, `Telephone (254...)`)."""
_ANOTHER = re.compile(r"(?:alt|alternate|alternative|altern|another|other|additional|extra|backup|second|2nd|secondary|third|3rd|main|primary|first|1st|official|office|facility|desk|station|centre|center|clinic|hospital)\s(.{2,40})")
_DAY_AND_NIGHT = re.compile(r"\b24 ?(?:hrs?|hours?|7)\b ?")
"""When a number is answered, told with what it is: `24hr hotline`."""
_NUMBERED = re.compile(r"(\D{3,40}) \d{1,2} (\D{2,40})")
"""A field of one of several places or persons in a row: `station 2 phone`."""
_LISTED = re.compile(r"(\D{2,40}[^\W\d_]) ?\d{1,2}")
"""One of several values of a field: `services.1`."""
_OF_THE_PLACE = re.compile(r" (?:of|for) (?:the |your |this )?(?:office|facility|organi[sz]ation|station|cent(?:re|er)|institution|shelter|hospital|clinic|provider|service provider)$")
_MAY_BE_SEVERAL = frozenset({"phone", "email", "contact", "hotline", "website"})
"""Fields of which a place may have another one: `Alt Tel`, `2nd phone`."""


_OF_PERSONS = frozenset({"officer", "officer_contact"})
_OF_ONE_OF_SEVERAL = _MAY_BE_SEVERAL | _OF_PERSONS | {"name"}
_OR = re.compile(r"\s*(?:/|&|\bor\b|\band\b)\s*", re.IGNORECASE)


def _either(heading: str) -> KnownName | None:
    """What a heading means that names ways to reach a place side by side (`Toll Free/Short Code`, `Hotline or phone`), or one thing twice; None for any other."""
    parts = _OR.split(heading)
    if not 1 < len(parts) < 5:
        return None
    named = [known_name((part,)) for part in parts]
    told = {part.canonical for part in named if part is not None}
    if named[0] is not None and named[0].canonical == "name" and parts[0].lower().startswith("name of"):
        return _less_sure(named[0])  # `NAME OF STATION/POST/BASE`
    if named[0] is not None and named[0].canonical == "name" and None not in named and told <= {"name"} | _MAY_BE_SEVERAL:
        return _less_sure(named[0])  # `Station/Contact`: numbers that stand in names are found there
    if None not in named and len(told) == 1 and not told <= _MAY_BE_SEVERAL | _OF_PERSONS:
        return _less_sure(named[0])  # in two languages: `Ward / Wadi`
    if named[0] is not None and None not in named and named[0].canonical in _OF_PERSONS and told <= _OF_PERSONS | _MAY_BE_SEVERAL:
        if told == {"officer"}:
            return replace(named[0], confidence=0.9)
        return replace(named[0], canonical="officer_contact", confidence=0.9, reason="it names a person with her number")  # `In-charge name & contact`
    if None in named or not told <= _MAY_BE_SEVERAL:
        return None
    canonical = "hotline" if "hotline" in told and told <= {"hotline", "phone"} else told.pop() if len(told) == 1 else "contact"
    return KnownName(canonical=canonical, confidence=0.9, rank=min(part.rank for part in named if part), reason="it names ways to reach a place")


def _without_asides(heading: str) -> str:
    """A heading without its brackets; empty when it has none, or nothing else."""
    plain = _ASIDE.sub(" ", heading).strip()
    return plain if plain and plain != heading.strip() else ""


def _less_sure(named: KnownName | None) -> KnownName | None:
    return named and replace(named, confidence=min(named.confidence, 0.9))


SHAPEFILE_NAME = 10
"""Characters of a field name that a shapefile keeps."""


def _cut_short(step: str) -> KnownName | None:
    """What a name of just the length a shapefile keeps may have been (`Facility_T`): the first known spelling that begins so."""
    begun = plain_name(step)
    if len(step) != SHAPEFILE_NAME or len(begun) < SHAPEFILE_NAME:
        return None
    found = next(((spelling, *told) for spelling, told in _table().items() if len(spelling) > len(begun) and spelling.startswith(begun)), None)
    if found is None:
        return None
    return KnownName(canonical=found[1], confidence=0.75, rank=found[2], reason=f"it is “{found[0]}” as a shapefile cuts it short")


_HOW_TO_REACH = r"(?:(?:mobile|phone|telephone|tel|cell|cellphone|email|e mail|contacts?|numbers?|nos?|line|address)\b ?)+"
_REACHES = re.compile(rf"(?P<who>.{{2,60}}?)(?: s)? {_HOW_TO_REACH}|(?:(?:(?:full )?names? (?:and )?)?{_HOW_TO_REACH}(?:of|for) (?:the )?|(?:namba ya |nambari ya )?simu ya )(?P<whose>.{{2,60}})")
"""`matron phone no`, `contact person s mobile`, `telephone of the officer in charge`."""


_NAMES = re.compile(r"(?P<who>.{2,60}?)(?: s)? names?|names? of (?:the )?(?P<whose>.{2,60})")


def _whose_name(spelling: str) -> str | None:
    """The officer whose name a field of this name holds (`in charge name`); None when it is none."""
    return _officer_in(_NAMES.fullmatch(spelling))


def _is_of_who_asked(spelling: str) -> bool:
    """Whether a field tells the name or number of a person who filled the list in (`enumerator phone`), which is never taken in."""
    return any(_officer_in(found.fullmatch(spelling), NEVER) is not None for found in (_NAMES, _REACHES))


def _officer_in(found: re.Match[str] | None, canonical: str = "officer") -> str | None:
    words = (found["who"] or found["whose"]).split() if found else []
    endings = (" ".join(words[start:]) for start in range(len(words)))  # `county gender director` is a director
    return next((who for who in endings if _table().get(who, ("", 0))[0] == canonical), None)


def _whose_contact(spelling: str) -> str | None:
    """Who is reached by what a field of this name holds: an officer, by one of the names the table has for one; None when it is none."""
    return _officer_in(_REACHES.fullmatch(spelling))


def _spellings(words: list[str]) -> list[str]:
    """What to look for, the most telling first. `county.name` is the county, not a name; `county.code` is neither."""
    if not words:
        return []
    whole = [" ".join(words[start:]) for start in range(len(words) - 1)]
    if len(words) == 1 or words[-1] not in _SAYS_LITTLE:
        return [*whole, words[-1]]
    return [*whole, words[-2], f"{words[-2]} name"] if words[-1] in _NAMES_ITS_PARENT else whole


def _similar(word: str) -> KnownName | None:
    if len(word) < 5:
        return None
    found = process.extractOne(word, _table().keys(), scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH)
    if found is None or not _are_slips(word, found[0]) or _DIGITS.findall(word) != _DIGITS.findall(found[0]):  # `orgunitlevel1` is not level 2
        return None
    canonical, rank = _table()[found[0]]
    return KnownName(canonical=canonical, confidence=0.75, rank=rank, reason=f"it is written much like “{found[0]}”")


_SMALL_WORDS = frozenset({"the", "of", "a", "an", "s", "no", "and", "gbv", "sgbv"})


def _are_slips(one: str, other: str) -> bool:
    """Whether two names that look alike differ by slips within their words: `cso` is no `ocs`, and `counties of operation` lacks no `sub`."""
    words, others = ([word for word in name.split() if word not in _SMALL_WORDS] for name in (one, other))
    if len(words) != len(others):
        return fuzz.ratio("".join(words), "".join(others)) >= JOINED_ALIKE
    return all(fuzz.ratio(word, said) >= WORDS_ALIKE for word, said in zip(words, others, strict=True))


def inherited_name(name: str) -> KnownName | None:
    """What a parent's value means for its records: `county`, or `counties.name` when it stands in the list of counties."""
    steps = tuple(_singular(step) for step in name.split("."))
    return known_name(steps) or (known_name(steps[-1:]) if steps[-1].lower() in ("type", "kind", "category") else None)


def _singular(word: str) -> str:
    if word.lower().endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.lower().endswith("s") and len(word) > 3 else word


_OF_PAGES = frozenset({"post title", "post content", "post status", "post name", "slug", "excerpt", "permalink", "guid", "post type", "post date"})


def are_pages(keys: Iterable[str]) -> bool:
    """Whether records have keys that only pages of a web site have."""
    return not _OF_PAGES.isdisjoint(map(plain_name, keys))


def is_field_name(text: str) -> bool:
    """Whether a cell is a known field name: tells a header row from data."""
    text = text.strip()
    return len(text) <= LONGEST_NAME and (plain_name(text) in _table() or plain_name(_without_asides(text)) in _table())


@lru_cache(maxsize=4_096)
def is_label(text: str) -> bool:
    """Whether words before a colon are the name of a field (`Tel`, `OCS mobile`)."""
    name = plain_name(text)
    return len(text) < 60 and any(map(str.isalpha, text)) and (is_field_name(text) or _whose_contact(name) is not None or _whose_name(name) is not None)


@lru_cache(maxsize=4_096)
def is_never_taken(key: str) -> bool:
    """Whether a field is left out wherever it stands: bank accounts, identity numbers of persons, who filled the list in."""
    name = plain_name(key)
    return _table().get(name, ("", 0))[0] == NEVER or (name not in _table() and _is_of_who_asked(name))


_PAIR_KEYS = ("key", "@name", "_name", "name", "field", "label", "attribute", "property", "question")
_KEYS_OF_A_PAIR = frozenset(_PAIR_KEYS)
_PAIR_VALUES = ("value", "val", "answer", "#text", "__text")
_PAIRS_FOR_CERTAIN = frozenset({"@name", "_name"})
"""Keys of pairs that come from XML, where a list of them is nothing else."""


def object_of_pairs(value: Any) -> dict[str, Any] | None:
    """What a list of named values says as an object (`[{"key": "county", "value": "Kwale"}]`); None for any other list, one of contacts too.

    At least two of the names must be those of fields we know, or one where the pairs come from XML.
    """
    if type(value) is not list or len(value) < 2 or type(value[0]) is not dict or not may_tell_by_name(tuple(value[0])) or named_value(value[0]) is None:
        return None
    if not all(type(item) is dict for item in value):
        return None
    told: dict[str, Any] = {}
    for item in value:
        if (named := named_value(item)) is None:
            return None
        told.setdefault(named[0], named[1])
    return told if sum(map(is_field_name, told)) >= (1 if _PAIRS_FOR_CERTAIN & value[0].keys() else 2) else None


def named_value(item: dict[str, Any]) -> tuple[str, Any, dict[str, Any]] | None:
    """The name, the value and what else an object says that tells one value by its name (`{"key": "county", "value": "Kwale"}`); None for any other."""
    item = item if all(map(str.islower, item)) else {name.casefold(): part for name, part in item.items()}
    if _KEYS_OF_A_PAIR.isdisjoint(item):
        return None
    key = next((name for name in _PAIR_KEYS if type(item.get(name)) is str), None)
    said = next((name for name in _PAIR_VALUES if name in item), None)
    if key is None or said is None or len(item) > MOST_OF_A_PAIR:
        return None
    return item[key], item[said], {name: part for name, part in item.items() if name not in (key, said)}


@lru_cache(maxsize=4_096)
def may_tell_by_name(keys: tuple[str, ...]) -> bool:
    """Whether an object with some of these keys may tell one value by its name; most lists hold objects of few kinds, nearly all of other things."""
    folded = {key.casefold() for key in keys}
    return not _KEYS_OF_A_PAIR.isdisjoint(folded) and not folded.isdisjoint(_PAIR_VALUES)


MOST_OF_A_PAIR = 4
"""Keys of an object that tells one value by its name."""


def split_path(path: str) -> tuple[str, ...]:
    r"""The keys of a dotted path; a dot inside a key is written `\.`."""
    return tuple(step.replace("\x00", ".") for step in path.replace("\\.", "\x00").split("."))


def join_path(steps: Sequence[str]) -> str:
    """The dotted path of keys."""
    return ".".join(step.replace(".", "\\.") for step in steps)
