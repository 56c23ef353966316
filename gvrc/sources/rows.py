"""From a record of a file to a SourceRow: its canonical raw values, its lasting key, its hash."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import orjson

from gvrc.model.record import CONTACT_FIELDS
from gvrc.model.source import Mapping, SourceRow
from gvrc.reference.grid import metres_in
from gvrc.sources.field_names import asked, plain_name, says_hidden, spaced, split_path
from gvrc.sources.forms import Typed
from gvrc.sources.json_stream import FoundRecord
from gvrc.sources.labelled import LABEL_MARK
from gvrc.sources.looks import HEADINGS, LOOKS, is_missing, is_yes
from gvrc.sources.plan import TICKED_FIELDS, Beside, Part, Plan, View, in_words, view_of
from gvrc.sources.seen import SeenKeys

JOINED_FIELDS = frozenset({"location", "description", "address", "officer", "opening_hours"})
"""Several source fields that mean one of these are told one after the other."""
LISTED_FIELDS = frozenset({*CONTACT_FIELDS, "services"})
"""Several source fields that mean one of these become a list. Of any other field, the first that says something counts."""
_OF_A_POINT = frozenset({"latitude", "longitude"})
"""Fields whose hemisphere may stand in a column of its own."""
OWN_KEYS = ("source_id", "mfl_code", "facility_code", "fid_code")
"""Fields that name a record in its source, the best first."""
NAMING_FIELDS = ("name", "county", "section", "constituency")
"""What names a record that has no key of its own; a changed phone or point must not make another record of it."""
NAMELESS_FIELDS = ("official_name", "facility_type", "ward", "location", "town")
LONGEST_KEY = 200
LONGEST_TICK = 14

_HEADS_FAXES = re.compile(r"(?:(?:official|office|station|facility|telephone|contact) )?fax(?:es)?(?: (?:no|nos|numbers?|line))?")
_NOT_LETTER = re.compile(r"[^\w|]+|_")


class RowMaker:
    """Makes the rows of one file, in their order: a key that comes again is told apart by its ordinal (`#2`).

    The key of a record is `<source>:<own key>` when the source has keys of its own, else a hash of its name and its stated parents.
    """

    def __init__(self, source: str, mapping: Mapping) -> None:
        self._source = source
        self._reader = ValueReader(mapping)
        self._inherited = [path[1:] for path in mapping.fields if path.startswith("^")]
        self._context: dict[str, Any] | None = None
        self._inherited_bytes = b""
        self._seen = SeenKeys()
        self._repeats: dict[str, int] = {}
        self.number = 0

    def skip(self, found: FoundRecord) -> None:
        """Count a record that was taken before, so that the next ones get the same number and key as ever."""
        self.number += 1
        self._key(self._reader.values(found[2], found[1], found[4]))

    def row(self, found: FoundRecord) -> SourceRow:
        """The row of the next record."""
        pointer, context, data, told, typed = found
        values = self._reader.values(data, context, typed)
        self.number += 1
        record_key, own_key = self._key(values)
        if context is not self._context:
            self._context, self._inherited_bytes = context, orjson.dumps([context.get(name) for name in self._inherited])
        content_hash = blake2b(told + self._inherited_bytes, digest_size=16).hexdigest()  # what flows down to a record belongs to what it says
        return SourceRow(self._source, pointer, self.number, data, context, values, record_key, content_hash, own_key)

    def _key(self, values: dict[str, Any]) -> tuple[str, str | None]:
        own_key = _own_key(values)
        key = f"{self._source}:{own_key}" if own_key else f"{self._source}:~{_naming_hash(values)}"
        if self._seen.is_new(key):
            return key, own_key
        self._repeats[key] = ordinal = self._repeats.get(key, 1) + 1
        return f"{key}#{ordinal}", own_key


def _own_key(values: dict[str, Any]) -> str | None:
    """The source's own key of a record, unless it says nothing."""
    for canonical in OWN_KEYS:
        value = values.get(canonical)
        if value is None:
            continue
        text = str(value) if type(value) is int else _key_text(value)
        if text and text != "0":
            return text
    return None


def _key_text(value: Any) -> str:
    if type(value) is float and value.is_integer():
        return str(int(value))
    if type(value) not in (str, float) or is_missing(value):
        return ""
    text = str(value).strip()
    return text if text.strip("0.") and len(text) <= LONGEST_KEY else ""


def _naming_hash(values: dict[str, Any]) -> str:
    fields = NAMING_FIELDS if not is_missing(values.get("name")) else NAMING_FIELDS + NAMELESS_FIELDS
    told = "|".join([str(values.get(canonical, ""))[:500] for canonical in fields])
    return blake2b(_NOT_LETTER.sub("", told.casefold()).encode(), digest_size=8).hexdigest()


# ---------------------------------------------------------------- canonical values

class ValueReader:
    """Reads the canonical values of a record in one walk over it, as a mapping tells."""

    def __init__(self, mapping: Mapping) -> None:
        paths: dict[str, list[str]] = {}
        for path, canonical in mapping.fields.items():
            paths.setdefault(canonical, []).append(path)
        self._faxes = frozenset(step for path in mapping.fields if not path.startswith("^") and _HEADS_FAXES.fullmatch(plain_name(step := _steps(path, mapping)[-1])))
        alone = {canonical for canonical, sources in paths.items() if len(sources) == 1 and canonical not in TICKED_FIELDS and self._faxes.isdisjoint(_steps(sources[0], mapping)[-1:])}
        self._constants = dict(mapping.constants)
        self._inherited: list[tuple[str, str, int]] = []
        self._context: dict[str, Any] | None = None
        self._of_parents: tuple[dict[str, Any], list[tuple[str, Part]]] = ({}, [])
        self._beside = Beside({}, [], {})
        self._plan = Plan()
        self._made: type[Typed] | None = None
        self._view: View | None = None
        for rank, (path, canonical) in enumerate(mapping.fields.items()):
            if path.startswith("^"):
                self._inherited.append((path[1:], canonical, -1 if canonical in alone else rank))
            else:
                self._plan.add(_steps(path, mapping), canonical, -1 if canonical in alone else rank)
        self._told_together = frozenset([*(canonical for _, canonical, _ in self._inherited), *(CONTACT_FIELDS if self._faxes else ())])

    def values(self, data: dict[str, Any], context: dict[str, Any], typed: Typed | None = None) -> dict[str, Any]:
        """Canonical field → raw value; fields that say nothing at all are left out. With the record as an object of its form, the same in a third of the time."""
        if context is not self._context:
            self._read_parents(context)
        if typed is not None and (values := self._at_once(typed, data)) is not None:
            return values
        values = self._of_parents[0].copy()
        parts: dict[str, list[Part]] = {}
        self._plan.read(data, values, parts)
        self._put_together(values, parts, self._of_parents[1])
        for canonical, value in self._constants.items():
            values.setdefault(canonical, value)
        if "name" not in values and len(data) == 1 and (heading := next(iter(data.values()))) in (context.get(level) for level in HEADINGS):
            values["name"] = heading  # a row that is only a heading stands in any column: told as its name, it is seen to be none
        return values

    def _at_once(self, typed: Typed, data: dict[str, Any]) -> dict[str, Any] | None:
        """The values of a record by its form; None when it must be read key by key."""
        if type(typed) is not self._made:
            self._made = type(typed)
            self._view = view_of(self._plan, self._made, self._told_together)
            self._beside = self._beside_view()
        if self._view is None:
            return None
        parts: dict[str, list[Part]] = {}
        try:
            values = self._view.read(typed, data, self._beside, parts)
        except AttributeError:  # an object of the form is missing in this one
            return None
        if parts or self._beside.parts:
            self._put_together(values, parts, self._beside.parts)
        return values if "name" in values else None

    def _put_together(self, values: dict[str, Any], parts: dict[str, list[Part]], of_parents: list[tuple[str, Part]]) -> None:
        """The values of fields that several keys, or those of parents, may tell."""
        for canonical, part in of_parents:
            parts.setdefault(canonical, []).append(part)
        if self._faxes:
            parts = {canonical: [self._told_as_fax(part) if canonical in CONTACT_FIELDS else part for part in found] for canonical, found in parts.items()}
        for canonical, found in parts.items():
            value = found[0][2]
            if (len(found) == 1 and (canonical not in TICKED_FIELDS or type(value) is list)) or (value := _put_together(canonical, found)) is not None:
                values[canonical] = value if type(value) is str else in_words(canonical, value)

    def _told_as_fax(self, part: Part) -> Part:
        """A number that stands under a heading of faxes, as one: nobody can be called there."""
        rank, label, value = part
        return (rank, label, {"type": "Fax", "value": value}) if label in self._faxes and type(value) in (str, int, float) else part

    def _read_parents(self, context: dict[str, Any]) -> None:
        """What flows down is the same for neighbours, so it is read once for all of them."""
        said = [(canonical, rank, name, context[name]) for name, canonical, rank in self._inherited if context.get(name) not in (None, "")]
        alone = {canonical: value for canonical, rank, _, value in said if rank < 0}
        self._of_parents = (alone, [(canonical, (rank, name, value)) for canonical, rank, name, value in said if rank >= 0])
        self._beside = self._beside_view()
        self._context = context

    def _beside_view(self) -> Beside:
        """What flows down where the record says what is seen in the view: what that is not, only the parents tell."""
        told, names = (self._view.fields, self._view.names) if self._view is not None else (frozenset[str](), ())
        times, parts = Counter(canonical for canonical, _ in self._of_parents[1]), self._of_parents[1]
        only = {canonical: part[2] for canonical, part in parts if times[canonical] == 1 and canonical not in told and canonical not in TICKED_FIELDS and canonical not in CONTACT_FIELDS}
        alone = {**self._constants, **self._of_parents[0], **only}
        return Beside(alone, [(canonical, part) for canonical, part in parts if canonical not in only], {**dict.fromkeys(names), **alone})


def _steps(path: str, mapping: Mapping) -> tuple[str, ...]:
    """The keys of a path; the columns of a CSV file are taken as they are called, but for the names within a text of theirs."""
    return tuple(path.split(LABEL_MARK)) if mapping.dialect and mapping.dialect not in ("jsonl", "unfolded", "referenced", "mixed") else split_path(path)


def _put_together(canonical: str, parts: list[Part]) -> Any:
    """One raw value from several fields that mean the same."""
    if canonical in TICKED_FIELDS and not (len(parts) == 1 and type(parts[0][2]) is list):
        parts = [(rank, label, said) for rank, label, value in parts if (said := (_shown if canonical == "visibility" else _ticked)(label, value)) is not None]
        if not parts:
            return None
    best = min(parts, key=_rank)[2]
    if canonical == "coordinates" and len(parts) > 1 and (metres := _metres_of_grid(sorted(parts, key=_rank))):
        return metres
    together = canonical in LISTED_FIELDS or canonical in JOINED_FIELDS
    if len(parts) == 1 or not (together or canonical in _OF_A_POINT or is_missing(best)):
        return best
    said = [part[2] for part in sorted(parts, key=_rank) if not is_missing(part[2])]
    if canonical in _OF_A_POINT and len(said) > 1 and type(said[1]) is str and said[1].strip()[:1].upper() in ("N", "S", "E", "W"):
        return f"{said[0]} {said[1].strip()[:1].upper()}"
    if len(said) <= 1 or not together:
        return said[0] if said else best
    if canonical in LISTED_FIELDS:
        return [item for value in said for item in (value if type(value) is list else [value])]
    return ", ".join(dict.fromkeys([value if type(value) is str else json.dumps(value, ensure_ascii=False) for value in said]))


_rank = itemgetter(0)
_ZONE = re.compile(r"(?:zone\s?)?3[67]\s?[a-z]?", re.IGNORECASE)


def _metres_of_grid(parts: list[Part]) -> str:
    """Metres east and north in columns of their own, with their zone, as one text; empty when the cells are something else."""
    said = [str(value).strip() for _, _, value in parts]
    metres = [text.replace(",", "") for text in said if metres_in(text) is not None]
    zone = next((text for text in said if _ZONE.fullmatch(text)), "")
    return f"UTM {zone} E {metres[0]} N {metres[1]}".replace("  ", " ") if len(metres) == 2 else ""


def _ticked(label: str, value: Any) -> Any:
    """What a ticked cell says is its heading; a cell that is not ticked says nothing."""
    if type(value) is str:
        return _ticked_text(label, value) if len(value) < LONGEST_TICK else value
    return value if type(value) in (list, dict) else _ticked_text(label, str(value))


def _shown(label: str, value: Any) -> Any:
    """Whether a place may be shown, from a tick under a heading that asks so (`Public`) or the contrary (`Confidential?`)."""
    tick = is_yes(str(value)) if isinstance(value, (str, bool, int, float)) else None
    if tick is None:
        return value
    if says_hidden(label):
        return "Confidential" if tick else None
    return "Public" if tick else "Withheld"


@lru_cache(maxsize=4096)
def _ticked_text(label: str, text: str) -> str | None:
    tick = is_yes(text)
    return text if tick is None else _heading(label) if tick else None


def _heading(label: str) -> str:
    """What a heading says, without the groups of a form it stands in (`Services/pep`, but `ART/PMTCT` whole)."""
    said = [spaced(part).replace("_", " ").strip() for part in asked(label).split("/")]
    if len(said) > 1 and LOOKS["services"](said[-1]) and not LOOKS["services"](said[0]):
        return said[-1]
    return "/".join(said)
