"""From a record of a file to a SourceRow: its canonical raw values, its lasting key, its hash."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from gvrc.model.record import CONTACT_FIELDS
from gvrc.model.source import Mapping, SourceRow
from gvrc.reference.grid import metres_in
from gvrc.sources.field_names import FIRST, asked, object_of_pairs, plain_name, says_hidden, spaced, split_path
from gvrc.sources.json_stream import FoundRecord
from gvrc.sources.labelled import LABEL_MARK, parts_of_cell
from gvrc.sources.looks import HEADINGS, LOOKS, is_missing, is_yes, words_of
from gvrc.sources.seen import SeenKeys

JOINED_FIELDS = frozenset({"location", "description", "address", "officer", "opening_hours"})
"""Several source fields that mean one of these are told one after the other."""
LISTED_FIELDS = frozenset({*CONTACT_FIELDS, "services"})
"""Several source fields that mean one of these become a list. Of any other field, the first that says something counts."""
TICKED_FIELDS = frozenset({"services", "opening_hours", "visibility"})
"""A ticked cell (`Y`, `true`) of such a field says what its heading says."""
_OF_A_POINT = frozenset({"latitude", "longitude"})
"""Fields whose hemisphere may stand in a column of its own."""
_MAY_BE_NO = TICKED_FIELDS | {"operational_status"}
"""Fields of which `false` says something; in any other some systems write it for nothing (`"mobile": false`)."""
WORDED_FIELDS = ("name", "facility_type", "owner", "operational_status", "keph_level", "county", "constituency", "sub_county", "ward", "town")
"""Fields that are words: of a coded value, the words that stand beside the code count."""
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
        self._context_bytes = b""
        self._seen = SeenKeys()
        self._repeats: dict[str, int] = {}
        self.number = 0

    def skip(self, found: FoundRecord) -> None:
        """Count a record that was taken before, so that the next ones get the same number and key as ever."""
        self.number += 1
        self._key(self._reader.values(found[2], found[1]))

    def row(self, found: FoundRecord) -> SourceRow:
        """The row of the next record."""
        pointer, context, data, told = found
        values = self._reader.values(data, context)
        self.number += 1
        record_key, own_key = self._key(values)
        return SourceRow(
            source=self._source, pointer=pointer, number=self.number, data=data, context=context, values=values, record_key=record_key,
            content_hash=blake2b(told + self._inherited_bytes(context), digest_size=16).hexdigest(), source_id=own_key,
        )  # fmt: skip

    def _inherited_bytes(self, context: dict[str, Any]) -> bytes:
        """What flows down to a record belongs to what it says. Neighbours share their parents, so the last ones are kept."""
        if context is not self._context:
            self._context = context
            self._context_bytes = orjson.dumps([context.get(name) for name in self._inherited])
        return self._context_bytes

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

_CODED = frozenset({list, dict})
"""Types of values that are words only beside or within a code."""

Part = tuple[int, str, Any]
"""A value that must be put together with others: the rank of its path, its label, the value."""


class ValueReader:
    """Reads the canonical values of a record in one walk over it, as a mapping tells."""

    def __init__(self, mapping: Mapping) -> None:
        paths: dict[str, list[str]] = {}
        for path, canonical in mapping.fields.items():
            paths.setdefault(canonical, []).append(path)
        self._faxes = frozenset(step for path in mapping.fields if not path.startswith("^") and _HEADS_FAXES.fullmatch(plain_name(step := _steps(path, mapping)[-1])))
        alone = {canonical for canonical, sources in paths.items() if len(sources) == 1 and canonical not in TICKED_FIELDS and self._faxes.isdisjoint(_steps(sources[0], mapping)[-1:])}
        self._constants = list(mapping.constants.items())
        self._worded = [canonical for canonical in WORDED_FIELDS if canonical in paths]
        self._inherited: list[tuple[str, str, int]] = []
        self._context: dict[str, Any] | None = None
        self._from_parents: tuple[dict[str, Any], list[tuple[str, Part]]] = ({}, [])
        self._plan = _Plan()
        for rank, (path, canonical) in enumerate(mapping.fields.items()):
            if path.startswith("^"):
                self._inherited.append((path[1:], canonical, -1 if canonical in alone else rank))
            else:
                self._plan.add(_steps(path, mapping), canonical, -1 if canonical in alone else rank)

    def values(self, data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Canonical field → raw value; fields that say nothing at all are left out."""
        if context is not self._context:
            self._read_parents(context)
        values = self._from_parents[0].copy()
        parts: dict[str, list[Part]] = {}
        self._plan.read(data, values, parts)
        for canonical, part in self._from_parents[1]:
            parts.setdefault(canonical, []).append(part)
        if self._faxes:
            parts = {canonical: [self._told_as_fax(part) if canonical in CONTACT_FIELDS else part for part in found] for canonical, found in parts.items()}
        for canonical, found in parts.items():
            if len(found) == 1 and (canonical not in TICKED_FIELDS or type(found[0][2]) is list):
                values[canonical] = found[0][2]
            elif (value := _put_together(canonical, found)) is not None:
                values[canonical] = value
        for canonical, value in self._constants:
            values.setdefault(canonical, value)
        self._read_words(values)
        if "name" not in values and len(data) == 1 and (heading := next(iter(data.values()))) in (context.get(level) for level in HEADINGS):
            values["name"] = heading  # a row that is only a heading stands in any column: told as its name, it is seen to be none
        return values

    def _told_as_fax(self, part: Part) -> Part:
        """A number that stands under a heading of faxes, as one: nobody can be called there."""
        rank, label, value = part
        return (rank, label, {"type": "Fax", "value": value}) if label in self._faxes and type(value) in (str, int, float) else part

    def _read_words(self, values: dict[str, Any]) -> None:
        """Coded values as their words, and a list of units as the address it is."""
        if not _CODED.isdisjoint(map(type, map(values.get, self._worded))):  # of most lists no record holds any
            for canonical in self._worded:
                if type(value := values.get(canonical)) in _CODED and (said := words_of(value) or _several(value)):
                    values[canonical] = said
        if type(units := values.get("location")) is list:
            values["location"] = _several(units)

    def _read_parents(self, context: dict[str, Any]) -> None:
        """What flows down is the same for neighbours, so it is read once for all of them."""
        said = [(canonical, rank, name, context[name]) for name, canonical, rank in self._inherited if context.get(name) not in (None, "")]
        alone = {canonical: value for canonical, rank, _, value in said if rank < 0}
        self._from_parents = (alone, [(canonical, (rank, name, value)) for canonical, rank, name, value in said if rank >= 0])
        self._context = context


def _several(value: Any) -> str:
    """The words of a list as one text."""
    return ", ".join(words_of(item) or str(item) for item in value if not is_missing(item)) if type(value) is list else ""


class _Step(NamedTuple):
    """What a key of an object means: `below` an object to enter; the canonical field (empty for none) with the rank of this path, -1 for a field that has
    no other."""

    below: _Plan | None = None
    canonical: str = ""
    rank: int = -1


class _Plan:
    """What the keys of an object mean."""

    def __init__(self) -> None:
        self.steps: dict[str, _Step] = {}

    def add(self, steps: tuple[str, ...], canonical: str, rank: int) -> None:
        """Read one path. `rank` is -1 for a field that has no other."""
        plan = self
        for name in steps[:-1]:
            step = plan.steps.get(name, _Step())
            below = step.below or _Plan()
            plan.steps[name], plan = step._replace(below=below), below
        last = plan.steps.get(steps[-1], _Step())
        if rank < 0 or last.rank >= 0 or not last.canonical:  # of a path that means two fields, one that has no other path counts
            plan.steps[steps[-1]] = last._replace(canonical=canonical, rank=rank)

    def read(self, data: dict[str, Any], values: dict[str, Any], parts: dict[str, list[Part]]) -> None:
        """Put what a record says into `values`, and what must be put together into `parts`."""
        steps = self.steps
        for key, value in data.items():
            if (step := steps.get(key)) is None:
                continue
            below, canonical, rank = step
            if not value and (value is None or value == "" or value == [] or (value is False and canonical not in _MAY_BE_NO)):
                continue
            if below is not None and (value := below.enter(value, values, parts)) is None:
                continue
            if not canonical:
                continue
            if rank < 0:
                values[canonical] = value
            elif canonical in parts:
                parts[canonical].append((rank, key, value))
            else:
                parts[canonical] = [(rank, key, value)]

    def enter(self, value: Any, values: dict[str, Any], parts: dict[str, list[Part]]) -> Any:
        """Read what is mapped by its parts; what is left of the value to be read as a whole, None for nothing: it would say the same again."""
        if type(value) is list:
            if (first := self.steps.get(FIRST)) is not None and first.below is not None and type(value[0]) is dict:
                first.below.read(value[0], values, parts)
                return None
            told = object_of_pairs(value)
        else:
            told = value if type(value) is dict else parts_of_cell(value) if type(value) is str else None
        if told is None:
            return value
        self.read(told, values, parts)
        return told.get("") if type(value) is str else None


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
