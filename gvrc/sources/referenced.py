"""Lists whose records name what they lie in by a key of another record (`"parent": {"id": "O6uvpzGd5pu"}`), as organisation units are exported, or by one of a table of areas.

The names of all levels above are told with each record as if they stood there. Nothing else moves, and every record keeps its place in
the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from gvrc.sources.area_tables import with_areas
from gvrc.sources.json_stream import FoundRecord, JsonRecords, Trouble
from gvrc.sources.json_tree import read_sample
from gvrc.sources.related_tables import with_related
from gvrc.sources.unfolded import LARGEST_FILE, as_file, require_fits

REFERENCED = "referenced"
"""Dialect of a mapping whose file is read with its references followed."""
MOST_LEVELS = 6
_REFERENCES = ("parent", "parentId", "parent_id", "parentID", "parent_uid", "parentUid")
_KEYS = ("id", "uid", "_id")
_NAMES = ("name", "displayName", "display_name", "shortName")


def are_referenced(records: Sequence[dict[str, Any]]) -> bool:
    """Whether at least half of the records that point to another one point to a record of this list, by its key and not with its name."""
    keys = {key for record in records if (key := _key_of(record))}
    pointing = [target for record in records if (target := _target_of(record))]
    return len(pointing) >= 2 and sum(target in keys for target in pointing) >= 0.5 * len(pointing)


def with_references(tree: Any) -> Any:
    """The tree, its records changed in place: each tells under `above` the names of what it lies in, by their level from the top."""
    records = list(_objects(tree))
    by_key = {key: record for record in records if (key := _key_of(record))}
    for record in records:
        names = [name for unit in _units_above(record, by_key) if (name := next((unit[key] for key in _NAMES if type(unit.get(key)) is str), ""))]
        if names:
            record["above"] = {f"level {level}": name for level, name in enumerate(reversed(names), 1)}
    return tree


def _units_above(record: dict[str, Any], by_key: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a record lies in, the nearest first; ends at the top, or where units lie in each other."""
    seen = {id(record)}
    while len(seen) <= MOST_LEVELS and (unit := by_key.get(_target_of(record))) is not None and id(unit) not in seen:
        yield unit
        seen.add(id(unit))
        record = unit


def _objects(node: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The objects that stand side by side in lists."""
    if depth > MOST_LEVELS:
        return
    if type(node) is list:
        for item in node:
            if type(item) is dict:
                yield item
            yield from _objects(item, depth + 1)
    elif type(node) is dict:
        for value in node.values():
            if type(value) in (list, dict):
                yield from _objects(value, depth + 1)


def _key_of(record: dict[str, Any]) -> str:
    return next((str(record[key]) for key in _KEYS if type(record.get(key)) in (str, int)), "")


def _target_of(record: dict[str, Any]) -> str:
    """The key of the record that this one lies in; empty when it says none, or says it by name."""
    for field_name in _REFERENCES:
        value = record.get(field_name)
        if type(value) is dict and not any(name in value for name in _NAMES):
            value = next((value[key] for key in _KEYS if key in value), None)
        if type(value) in (str, int) and value != "":
            return str(value)
    return ""


ABOVE = " above"
"""What ends the dialect of a table whose rows point to each other."""
_ENDINGS = ((" sub county", "sub_county"), (" sub-county", "sub_county"), (" county", "county"), (" constituency", "constituency"), (" ward", "ward"))
"""How units of Kenya are called as organisation units, with what each is."""


class RowsAbove:
    """Yields the rows of such a table, told the units above each that are called by their level (`Matuga Sub County`), as headings are."""

    def __init__(self, path: Path, reader: Iterable[FoundRecord]) -> None:
        self._path, self._reader = path, reader
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        require_fits(self._path)
        found = list(self._reader)
        self.trouble = getattr(self._reader, "trouble", self.trouble)
        by_key = {key: record[2] for record in found if (key := _key_of(record[2]))}
        for pointer, context, data, told, typed in found:
            yield pointer, context | dict(_levels_above(data, by_key)), data, told, typed


def _levels_above(record: dict[str, Any], by_key: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for unit in _units_above(record, by_key):
        name = next((unit[key] for key in _NAMES if type(unit.get(key)) is str), "")
        if (level := next((level for ending, level in _ENDINGS if name.casefold().endswith(ending)), None)) is not None:
            yield level, name


class ReferencedRecords:
    """Yields the records of such a file; afterwards `trouble` tells what could not be read."""

    def __init__(self, path: Path, record_paths: tuple[tuple[str, ...], ...], wanted: frozenset[str] = frozenset(), names: frozenset[str] = frozenset()) -> None:
        self._path, self._record_paths, self._wanted, self._names = path, record_paths, wanted, names
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        require_fits(self._path)
        tree = with_related(with_areas(with_references(read_sample(self._path, LARGEST_FILE, whole=LARGEST_FILE).tree)))
        with as_file(orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS)) as path:
            reader = JsonRecords(path, self._record_paths, self._wanted, self._names)
            self.trouble = reader.trouble
            yield from reader
