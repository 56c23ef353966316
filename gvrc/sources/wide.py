"""Lists with several places in each row (`COUNTY | HEALTH FACILITY | CONTACT | POLICE STATION | OCS TEL`), and lists whose column of names says
their kind (`Safe Space Name`).

Each place gets the columns from its name up to the next name, and what stands before the first name, so that no contact goes to the wrong
place. Its pointer names the cell of its name. The posts and patrol bases under a police station, named side by side in one cell or list
(`Posts: Kituro, Tenges`), are places of their own too, in the areas of their station and with nothing else of it; and so are the offices listed within an
organisation, where each says where it is or how it is reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from gvrc.model.record import CONTACT_FIELDS
from gvrc.sources.field_names import is_label, known_name, plain_name
from gvrc.sources.json_stream import KIND_OF_LIST, FoundRecord, Trouble, escaped, found_record
from gvrc.sources.looks import LOOKS, is_kind_key, is_missing, kind_told, share

Places = tuple[tuple[str, ...], ...]
"""The columns of each place in a row, its name first. What is in no group belongs to all of them."""
_NAMING = re.compile(r"\b(?:name|names|of|the|n)\b|[^\w\s]", re.IGNORECASE)
_NUMBER_OF_SEVERAL = re.compile(r"\b\d{1,2}\b")
"""The number of one of several places in a row: `station_2`."""
_SECTORS = frozenset({
    "health", "health facility", "health facilities", "health services", "healthcare facilities", "medical", "medical services", "security", "justice", "social services", "civil society",
})  # fmt: skip
"""Headings above places of several kinds of one sector, where the cells tell their numbers."""
_NUMBER_IN_CELL = re.compile(r"\d[\d ()/-]{7,20}\d")
_TWO_WORDS = re.compile(r"[^\W\d_]{3}\s[^\W\d_]{3}")
"""A name, beside which a number may stand (`Nuru Home 0700 000 004`)."""
_BETWEEN_PLACES = re.compile(r"[;|\n•·]|(?<=\d|\))\s*+[,/]\s*(?=[^\W\d_])|(?<=\d|\))\s++(?:and|na|&)\s+(?=[^\W\d_])")
_SHORT_CODE = re.compile(r"(?<![\d-])(\d{3,4})[\s).]*$")
"""The short code at the end of a text that names who answers it: `Childline Kenya: 116`."""
_NOT_LETTERS = re.compile(r"[\W\d_]+")
REACHED_BY = frozenset(CONTACT_FIELDS) - {"website"}
"""Fields that hold numbers to call or addresses to write to."""
_LOOKED_AT = 200


class Reader(Protocol):
    """What yields records, as every reader does."""

    @property
    def trouble(self) -> Trouble: ...

    def __iter__(self) -> Iterator[FoundRecord]: ...


def find_places(columns: Sequence[str], records: Sequence[dict[str, Any]]) -> Places:
    """The columns of each place in the rows of a list: none when a row is one place and its name says no kind; one group when it does.

    A second place is one only with a contact of its own: a column that names the nearest police station says something of the hospital.
    """
    looked_at = records[:_LOOKED_AT]
    offices = tuple(column for column in columns if names_offices(column) and _are_offices([record.get(column) for record in looked_at]))
    posts = tuple(column for column in columns if names_subordinates(column) and _name_places([record.get(column) for record in looked_at]))
    others = tuple(column for column in columns if column not in posts + offices and holds_places(column, [record.get(column) for record in looked_at]))
    below = posts + offices + others
    if not below:
        return _places_side_by_side(columns, looked_at)
    columns = [column for column in columns if column not in below]
    places = _places_side_by_side(columns, looked_at)
    if len(places) < 2:
        heads = [column for column in columns if _is_head(column, [record.get(column) for record in looked_at])] or _read_like_names(columns, looked_at)
        if not heads or not (offices or others or _are_of_police([*columns, *below])):
            return places
        places = ((heads[0], *(column for column in columns if column != heads[0] and not _is_area(column))),)
    return places + tuple((column,) for column in below)


def _places_side_by_side(columns: Sequence[str], looked_at: Sequence[dict[str, Any]]) -> Places:
    heads = [column for column in columns if _is_head(column, [record.get(column) for record in looked_at])] or _numbered_names(columns)
    groups = [_columns_of(head, heads, columns) for head in heads]
    reached = {group[0] for group in groups if _has_contact(group) or any(_hold_numbers(column, looked_at) for column in group[1:]) or _tell_numbers([record.get(group[0]) for record in looked_at])}
    told = [group for group in groups if group[0] == heads[0] or group[0] in reached]
    if len(told) == len(groups) > 1 and (any(map(kind_of, heads)) or not _is_name(heads[0])) and heads[0] in reached and any(_names_two(record, heads) for record in looked_at):
        return tuple(told)
    names = [column for column in columns if _is_name(column)]
    (alone,) = heads if len(heads) == 1 else ("",)
    if alone and kind_of(alone) and names in ([], [alone]):
        return ((alone,),)
    several = _column_of_several(names or ([] if heads else columns), looked_at, are_names=bool(names))
    return ((several,),) if several else ()


def _column_of_several(columns: Sequence[str], looked_at: Sequence[dict[str, Any]], *, are_names: bool) -> str:
    """The first column some cells of which name several places with a number each (`FIDA 0700 .. / COVAW 0800 ..`); one that is not called a name only where it is headed
    as one of who helps, or most of what it names reads like places, for persons stand so among contacts. Empty when there is none."""
    for column in columns:
        cells = [cell for record in looked_at if type(cell := record.get(column)) is str and not is_missing(cell)]
        parts = [part for cell in cells for part in several_in(cell)]
        if are_names and len(parts) > len(cells):
            return column
        if not are_names and cells and sum(map(names_one_with_number, parts)) >= 0.5 * len(parts) and (_OF_HELPERS.search(plain_name(column)) is not None or (len(parts) > len(cells) and share("name", parts) >= MOSTLY_PLACES)):
            return column
    return ""


_OF_HELPERS = re.compile(r"\b(?:support|organi[sz]ations?|ngos?|cbos?|csos?|providers?|partners?|helpers|help ?lines?|hot ?lines?|shelters?|safe houses?|mashirika)\b")
"""Keys under which organisations stand with their numbers, whatever they are called."""
MOSTLY_PLACES = 0.5
"""Share of what the cells of a column name that must read like places."""


_SUBORDINATES = re.compile(r"(?:(?:police|patrol|subordinate|satellite|names? of|list of|ap|other|under|the|station|it|and|or|to)\s)*(?:posts|bases|base s|out ?posts|patrol points|booths)(?:\s(?:and|or|posts|bases|police|patrol|camps|points|under|the|it|station|names|in charge of|attached))*")
"""Headings above the places that a police station has under it, by the words of their plain names; more of them than one, so that `Post` is none."""
_OF_POLICE = re.compile(r"\b(?:police|station|o ?c ?s|ocpd|patrol)\b", re.IGNORECASE)
_AREAS = frozenset({"county", "constituency", "sub_county", "district", "section"})
_BETWEEN_NAMES = re.compile(r"[,;\n|/•]|(?<=\w)\s(?:and|na)\s|&|(?:^|\s)\(?\d{1,2}[.)]\s", re.IGNORECASE)
"""Between the names of subordinate places in a cell, numbered or not."""
SUBORDINATE = "Police Post"


def names_subordinates(column: str) -> bool:
    """Whether a heading is that of the posts or patrol bases under a police station."""
    return _SUBORDINATES.fullmatch(plain_name(column)) is not None


_OFFICES = re.compile(r"(?:(?:branch|field|regional|county|sub county|satellite|other|local|our) )?(?:branches|offices|chapters)")
_SHARED_BY_OFFICES = frozenset({"facility_type", "category", "services", "owner", "visibility", "website", "description"})
"""What an organisation says of all its offices, unless they say it themselves."""


def names_offices(column: str) -> bool:
    """Whether a key is that of the offices of an organisation."""
    return _OFFICES.fullmatch(plain_name(column)) is not None


def _canonical(key: str) -> str:
    named = known_name((key,))
    return named.canonical if named is not None else ""


def _are_offices(cells: Sequence[Any]) -> bool:
    """Whether cells hold lists of objects that each say where an office is, and some how to reach it."""
    offices = [office for cell in cells if type(cell) is list for office in cell]
    told = [set(map(_canonical, office)) for office in offices if type(office) is dict]
    return bool(offices) and len(told) == len(offices) and all(keys & _WHERE for keys in told) and any(keys & REACHED_BY for keys in told)


_WHERE = _AREAS | {"ward", "town", "location", "address", "name"}


def _read_like_names(columns: Sequence[str], records: Sequence[dict[str, Any]]) -> list[str]:
    """The first column of texts that read like names of places, whatever it is called (`hub`)."""
    told = ((column, [cell for record in records if type(cell := record.get(column)) is str]) for column in columns)
    return list(islice((column for column, cells in told if cells and share("name", cells) >= 0.5 and len(set(cells)) > 0.5 * len(cells)), 1))


_NO_PLACES = re.compile(
    r"\b(?:departments?|services?|program(?:me)?s?|projects?|activit(?:y|ies)|wards?|staff|officers?|persons?|people|contacts?|teams?|doctors?|positions?|roles?|documents?|news|members?|partners?"
    r"|referr?als?|nearest|linked|nearby|related|identifiers?|parents?|history|previous|former|names?|aliases|donors?|funders?"
    r"|data|items|records|rows|results|entries|values|list|features|children|nodes)\b"
)
"""Keys of lists that tell something of a place, or of others than those that belong to it."""


def holds_places(column: str, cells: Sequence[Any]) -> bool:
    """Whether the lists under a key hold places of their own that belong to the one of the row: objects with names that read like those of places
    (`"satellites": [{"name": "Matopeni Clinic", ..}]`)."""
    if _NO_PLACES.search(plain_name(column)) is not None:
        return False
    objects = [item for cell in cells if type(cell) is list for item in cell]
    names = [next((item[key] for key in item if _is_name(key)), None) for item in objects if type(item) is dict]
    texts = [name for name in names if type(name) is str]
    return len(texts) > 0 and len(texts) == len(objects) and share("name", texts) >= 0.5 and all(len(item) > 1 for item in objects)


def _are_of_police(columns: Sequence[str]) -> bool:
    return any(_OF_POLICE.search(plain_name(column)) for column in columns)


def _is_area(column: str) -> bool:
    named = known_name((column,))
    return named is not None and named.canonical in _AREAS


def _name_places(cells: Sequence[Any]) -> bool:
    """Whether cells name places, side by side or one, rather than count them or say nothing."""
    said = [cell for cell in cells if not is_missing(cell) and cell != []]
    return bool(said) and sum(any(_may_be_a_place(part) for part in subordinates_in(cell)) for cell in said) > 0.5 * len(said)


def _may_be_a_place(part: Any) -> bool:
    return type(part) is dict or (type(part) is str and any(map(str.isalpha, part)))


def subordinates_in(cell: Any) -> list[Any]:
    """The places that a cell or list names, each a text or an object of its own; what says nothing is left out."""
    parts = [part.strip() for part in _BETWEEN_NAMES.split(_without_label(cell))] if type(cell) is str else cell if type(cell) is list else [cell]
    return [part for part in parts if part and not is_missing(part)]


def _without_label(cell: str) -> str:
    """What a cell says behind its heading, where it says that again (`Posts: Ukunda, Tiwi`)."""
    label, colon, said = cell.partition(":")
    return said.strip() if colon and names_subordinates(label) else cell


def _names_two(record: dict[str, Any], heads: Sequence[str]) -> bool:
    """Whether a row names more than one place; rows of two tables one below the other name one each."""
    return sum(not is_missing(record.get(head)) for head in heads) > 1


def _has_contact(group: Sequence[str]) -> bool:
    return any(_is_contact(column) for column in group[1:])


def _numbered_names(columns: Sequence[str]) -> list[str]:
    """The columns that name one of several organisations in each row: `Organization 1`, `Organization 2`."""
    stems = {column: stem for column in columns if (stem := _LAST_NUMBER.sub("", column).strip()) != column.strip() and plain_name(stem) != "name" and _is_name(stem)}
    return list(stems) if len(stems) > 1 and len(set(stems.values())) == 1 else []


_LAST_NUMBER = re.compile(r"[\s_#-]*\d{1,2}$")
_CALLS_A_NUMBER = re.compile(r"\b(?:contacts?|phone|tel|telephone|mobile|cell|number|no|simu)$")


def _hold_numbers(column: str, records: Sequence[dict[str, Any]]) -> bool:
    """Whether a column is headed as one of numbers and holds some: `Safe House Contact`."""
    if _CALLS_A_NUMBER.search(plain_name(column)) is None:
        return False
    cells = [cell for record in records if not is_missing(cell := record.get(column))]
    return bool(cells) and share("callable", cells) >= 0.5


def _tell_numbers(cells: Sequence[Any]) -> bool:
    """Whether cells name places together with numbers to call (`Tiwi Hospital - 0700 000 001`), or addresses to write to."""
    said = [cell for cell in cells if isinstance(cell, str) and not is_missing(cell)]
    return bool(said) and sum((_NUMBER_IN_CELL.search(cell) is not None or _NAMED_WITH_EMAIL.search(cell) is not None) and any(map(str.isalpha, cell)) for cell in said) >= 0.5 * len(said)


_NAMED_WITH_EMAIL = re.compile(r"[^\W\d_]{3}[\s\S]{0,80}\s[\w.+-]{2,60}@[\w-]{2,60}\.[a-z]{2}")


def several_in(cell: Any) -> list[str]:
    """The places that a cell names one behind the other, each with its number; one for any other cell."""
    parts = [said for part in _BETWEEN_PLACES.split(cell) if (said := part.strip())] if isinstance(cell, str) and _HAS_DIGITS.search(cell) else []
    return parts if len(parts) > 1 and all(map(names_one_with_number, parts)) else [cell]


_HAS_DIGITS = re.compile(r"\d{3}")


def names_one_with_number(part: str) -> bool:
    """Whether a text names somebody and the number to call, rather than say what kind of number it is (`Tel 0700 ..`, `Office: 0700 ..`)."""
    short = _SHORT_CODE.search(part)
    if _NUMBER_IN_CELL.search(part) is None and (short is None or not LOOKS["short_code"](short[1])):
        return False
    words = _NOT_LETTERS.sub(" ", part).casefold().split()
    return any(len(word) > 2 and word not in _OF_NUMBERS for word in words) and not is_label(" ".join(words))


_OF_NUMBERS = frozenset({
    "tel", "telephone", "phone", "phones", "mobile", "mob", "cell", "call", "sms", "whatsapp", "fax", "email", "office", "offices", "line", "lines", "landline", "main", "branch", "reception", "emergency",
    "emergencies", "ambulance", "toll", "free", "hotline", "helpline", "desk", "admin", "number", "numbers", "airtel", "safaricom", "telkom", "maternity", "casualty", "day", "night", "after", "hours",
    "ocs", "ocpd", "dcio", "ocpp", "docs", "scpc", "deputy", "officer", "commander", "incharge", "the", "and", "for", "gender", "general", "enquiries", "inquiries", "customer", "care", "support", "direct", "simu", "nambari", "alternative", "other",
})  # fmt: skip
"""Words that say what kind of number stands beside them, and whose within a place."""


def kind_of(column: str) -> str:
    """The kind of place that the heading of a column of names says; empty when it says none."""
    words = " ".join(_NUMBER_OF_SEVERAL.sub(" ", _NAMING.sub(" ", column.replace("_", " "))).split())
    return words if words and is_kind_key(words) else ""


def _is_name(column: str) -> bool:
    named = known_name((column,))
    return named is not None and named.canonical == "name" and named.confidence > 0.9


def _is_contact(column: str) -> bool:
    named = known_name((column,))
    return named is not None and named.canonical in REACHED_BY


def _is_head(column: str, cells: Sequence[Any]) -> bool:
    """Whether a column holds names of places: called so, and its cells are words that differ, no ticks, numbers, places or services."""
    named = known_name((column,))
    if (named is not None and named.canonical == "officer") or (_OF_A_DESK.search(column) and share("name", [cell for cell in cells if type(cell) is str]) < 0.2):
        return False
    if _MAY_BE_A_PERSON.search(plain_name(column)) is not None and not any(any(map(str.isdigit, cell)) for cell in cells if type(cell) is str) and share("name", [cell for cell in cells if type(cell) is str]) < FEWEST_PLACES:
        return False
    if not (kind_of(column) or _is_name(column) or (plain_name(column) in _SECTORS and _tell_numbers(cells))):
        return False
    words = [cell for cell in cells if isinstance(cell, str) and not is_missing(cell)]
    if not words or len(words) < 0.2 * len(cells) or len(set(words)) < 0.5 * len(words):
        return False
    are_named = sum(_TWO_WORDS.search(word) is not None for word in words) >= 0.5 * len(words)
    return (are_named or share("phone", words) < 0.5) and not any(share(look, words) >= 0.5 for look in ("flag", "whole_number", "short_code", "facility_type", "services", "website")) and share("email", [word for word in words if _NAMED_WITH_EMAIL.search(word) is None]) < 0.5 and all(
        any(map(str.isalpha, word)) for word in words[:50]
    )


_MAY_BE_A_PERSON = re.compile(r"\bcontacts?$|\bkin\b|\bperson\b")
"""Headings of whom one reaches, where no number stands: `Emergency contact` is somebody's name then."""
FEWEST_PLACES = 0.3
_OF_A_DESK = re.compile(r"\bdesk\b.*\bname\b|\bname\b.*\bdesk\b", re.IGNORECASE)
"""A heading under which a desk may be named, or who sits at it."""


def _columns_of(head: str, heads: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    begin = columns.index(head)
    end = next((place for place in range(begin + 1, len(columns)) if columns[place] in heads), len(columns))
    return tuple(columns[begin:end])


class DividedRecords:
    """Yields each place of each row as a record of its own; a row that names no place stays whole. `trouble` is that of the reader."""

    def __init__(self, reader: Reader, places: Places) -> None:
        self._reader, self._places = reader, places
        self._grouped = frozenset(column for group in places for column in group) if len(places) > 1 else frozenset()

    @property
    def trouble(self) -> Trouble:
        return self._reader.trouble

    def __iter__(self) -> Iterator[FoundRecord]:
        for found in self._reader:
            yield from self.divided(found) if len(self._places) > 1 else self._each_in(found, self._places[0][0])

    def _each_in(self, found: FoundRecord, head: str) -> Iterator[FoundRecord]:
        """The places that the name of a row names one behind the other, each with its number; a row that tells numbers elsewhere stays whole."""
        pointer, context, data, *_ = found
        named = several_in(data.get(head))
        if len(named) < 2 or any(_is_contact(column) and not _is_empty(value) for column, value in data.items() if column != head):
            yield self._told(found, head)
            return
        for number, said in enumerate(named, 1):
            place = {**data, head: said}
            which = f" ({number})" if number > 1 else ""
            yield self._told(found_record(f"{pointer}/{escaped(head)}{which}", context, place), head)

    def divided(self, found: FoundRecord) -> Iterator[FoundRecord]:
        """The places of one row."""
        pointer, context, data, *_ = found
        shared = {column: value for column, value in data.items() if column not in self._grouped}
        own = [(group[0], {column: data[column] for column in group if not _is_empty(data.get(column))}) for group in self._places]
        if not any(cells for _, cells in own):
            yield found
            return
        posts = {head: cell for head, cells in own[1:] if type(cell := cells.get(head)) is str and names_subordinates(head) and _NUMBER_IN_CELL.search(cell) is None}
        if own[0][1]:
            own[0][1].update(posts)  # what a station says of its posts shows that it is none of the headings, which are called as counties are
        for head, cells in own:
            if names_offices(head):
                yield from self._offices(found, head, _SHARED_BY_OFFICES)
                continue
            if names_subordinates(head):
                if head not in posts or not own[0][1] or any(map(_may_be_a_place, subordinates_in(posts[head]))):  # a number of posts is said of their station
                    yield from self._below(found, head, cells.get(head), shared)
                continue
            if head != self._places[0][0] and type(data.get(head)) is list:
                yield from self._offices(found, head, frozenset({"visibility"}))
                continue
            if list(cells) == [head] and is_missing(cells[head]) and any(not is_missing(others.get(other)) for other, others in own if other != head):
                continue  # `N/A` where others have a place
            for number, said in enumerate(several_in(cells[head]) if list(cells) == [head] else [None] if cells else [], 1):
                place = shared | cells | ({head: said} if said else {})
                which = f" ({number})" if number > 1 else ""
                yield self._told(found_record(f"{pointer}/{escaped(head)}{which}", context, place), head)

    def _below(self, found: FoundRecord, head: str, cell: Any, shared: dict[str, Any]) -> Iterator[FoundRecord]:
        """The places under the one of a row, in its areas."""
        pointer, context, *_ = found
        areas = {column: value for column, value in shared.items() if _is_area(column)}
        for number, part in enumerate(subordinates_in(cell)):
            place = areas | (part if type(part) is dict else {head: part})
            which = f"/{number}" if type(cell) is list else f" ({number + 1})" if number else ""
            yield found_record(f"{pointer}/{escaped(head)}{which}", {**context, KIND_OF_LIST: kind_of(head) or SUBORDINATE}, place)

    def _offices(self, found: FoundRecord, head: str, of_all: frozenset[str]) -> Iterator[FoundRecord]:
        """The offices of the organisation of a row, or other places listed in it: called as it is where they have no name, with what it says of all of them."""
        pointer, context, data, *_ = found
        named = self._places[0][0]
        for number, office in enumerate(data.get(head) or ()):
            if type(office) is not dict or not office:
                continue
            told = set(map(_canonical, office))
            shared = {key: value for key, value in data.items() if (canonical := _canonical(key)) in of_all and canonical not in told}
            areas = {} if told & _AREAS else {key: value for key, value in data.items() if _is_area(key)}
            place = ({} if "name" in told or named not in data else {named: data[named]}) | shared | areas | office
            yield found_record(f"{pointer}/{escaped(head)}/{number}", context, place)

    @staticmethod
    def _told(found: FoundRecord, head: str) -> FoundRecord:
        kind = kind_of(head)
        above = str(found[1].get(KIND_OF_LIST) or "")
        if kind and above and (head not in found[2] or kind_told(above) == "gender_desk"):
            return found  # a row of a list that does not name its places so; a list of desks names the stations at which they are
        return (found[0], {**found[1], KIND_OF_LIST: kind}, *found[2:]) if kind else found


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, str) and not value.strip())


