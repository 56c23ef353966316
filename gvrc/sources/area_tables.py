"""Tables of areas within a document, and the records beside them that name their areas by the keys of these tables (`"county_id": 2`).

A table of the document itself says what its keys mean, whatever the official codes of counties are: each record is told the names as if they stood there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from gvrc.sources.field_names import known_name, plain_name
from gvrc.sources.json_stream import ROWS_OF_TABLES, model_of, table_name
from gvrc.sources.looks import share

ABOVE_FIELD = "above"
"""The field of a record under which the names stand of what it lies in."""
LEVELS = ("county", "constituency", "sub_county", "ward")
"""The levels of areas, as canonical fields."""
MOSTLY_AREAS = 0.5
"""Share of the names of a table that must be areas where nothing says which it holds."""
MOST_FIELDS, MOST_LEVELS = 14, 6
"""Fields of a row of such a table: a list of places has more. And how deep tables are looked for."""
MOST_LOOKED_INTO = 50
"""Objects of each list in which tables are looked for."""

_KEYS = ("id", "pk", "_id", "uid", "key")
_BY_CODE = (" code", " no", " number")
_NAMES = ("name", "title", "label")
_REFERS = (" id", " fk", " key", " ref", " pk", *_BY_CODE)

Tables = Mapping[tuple[str, bool], Mapping[str, Mapping[str, Any]]]
"""Level, and whether by code rather than by key → key → row of the table."""


def area_tables(tree: Any) -> Tables:
    """The tables of areas in a document: the first of each level whose rows each have a key and a name."""
    tables: dict[tuple[str, bool], dict[str, Mapping[str, Any]]] = {}
    for key, rows in lists_in(tree, most=MOST_LOOKED_INTO):
        level = _level_of_key(key) or _level_of_names(rows)
        if level and (level, False) not in tables and (level, True) not in tables:
            found = {(level, is_code): table for is_code in (False, True) if (table := _by_keys(rows, level, is_code=is_code))}
            tables |= found if len(found) != 1 else dict.fromkeys([(level, False), (level, True)], *found.values())
    return tables


def refer_to(records: Sequence[dict[str, Any]], tables: Tables) -> bool:
    """Whether records name areas by keys of the tables that they do not name themselves."""
    return bool(tables) and any(level not in _levels_told(record) for record in records[:200] for level, _ in areas_of(record, tables))


def _levels_told(record: Mapping[str, Any]) -> set[str]:
    """The levels of areas that a record names in words."""
    return {level for key, value in record.items() if type(value) is str and not value.strip().isdecimal() and (level := _level_of_key(key))}


def areas_of(record: Mapping[str, Any], tables: Tables, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The areas that the keys in a record mean, each behind its level; of an area those it lies in too."""
    for key, value in record.items():
        if type(value) not in (int, str) or value == "":
            continue
        level, is_code = _level_referred(key)
        row = table.get(str(value).strip()) if (table := tables.get((level, is_code))) else None
        if row is not None and row is not record:
            yield level, _name_in(row, level)
            if depth < MOST_LEVELS:
                yield from areas_of(row, tables, depth + 1)


def names_areas_by_key(key: str) -> bool:
    """Whether a field is called as one that names an area by its key: `county_id`."""
    return plain_name(key).endswith(_REFERS) and _level_referred(key)[0] != ""


def is_of_table(records: Sequence[dict[str, Any]], tables: Tables) -> bool:
    """Whether all records are rows of the tables; those that stand among others are seen to be headings."""
    rows = [row for table in tables.values() for row in table.values()]
    return bool(records) and all(record in rows for record in records)


def with_areas(tree: Any) -> Any:
    """The tree, its records changed in place: each that names areas by keys of the document's own tables tells their names too."""
    tables = area_tables(tree)
    if not tables:
        return tree
    rows = {id(row) for table in tables.values() for row in table.values()}
    for _, items in lists_in(tree):
        for item in items:
            record = item.get("fields") if model_of(item) else item
            if type(record) is dict and id(record) not in rows and (areas := dict(areas_of(record, tables))):
                record[ABOVE_FIELD] = areas | (record[ABOVE_FIELD] if type(record.get(ABOVE_FIELD)) is dict else {})
    return tree


def lists_in(node: Any, key: str = "", depth: int = 0, *, most: int | None = None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The lists of objects in a document, and objects of objects or names by their keys, each behind what it is called; `most`: only in so many objects of each list."""
    if depth > MOST_LEVELS:
        return
    if type(node) is list:
        items = [item for item in node if type(item) is dict]
        models: dict[str, list[dict[str, Any]]] = {}
        for item in items:
            models.setdefault(model_of(item).rpartition(".")[2], []).append(item)
        yield from ((name or key, found) for name, found in models.items())
        for item in items[:most]:
            yield from lists_in(item, key, depth + 1, most=most)
    elif type(node) is dict:
        named = table_name(node)
        for inner, value in node.items():
            called = named if named and inner in ROWS_OF_TABLES else str(inner)
            if type(value) is dict and _level_of_key(called) and (keyed := _keyed(value)):
                yield called, keyed
            if type(value) in (list, dict):
                yield from lists_in(value, called, depth + 1, most=most)


def _keyed(node: dict[str, Any]) -> list[dict[str, Any]]:
    """A table whose keys stand before its rows or names (`{"1": "Nairobi", "2": {"name": "Kiambu"}}`); empty for any other object."""
    if all(type(value) is str for value in node.values()) and all(str(key).isdecimal() for key in node):
        return [{"id": key, "name": value} for key, value in node.items()]
    if all(type(value) is dict and any(name in value for name in _NAMES) and "id" not in value for value in node.values()):
        return [{"id": key, **value} for key, value in node.items()]
    return []


def _by_keys(rows: Sequence[dict[str, Any]], level: str, *, is_code: bool) -> dict[str, Mapping[str, Any]]:
    """The rows of a table by their keys, or by their codes; empty when one has no key or no name, or a key comes again."""
    table: dict[str, Mapping[str, Any]] = {}
    for item in rows:
        row = {**item["fields"], "pk": item["pk"]} if model_of(item) else item
        keys = ("code",) if is_code else _KEYS
        own = next((str(row[key]).strip() for key in (*keys, *(name for name in row if _level_referred(name) == (level, is_code) and plain_name(name) != level.replace("_", " "))) if type(row.get(key)) in (int, str)), "")
        if not own or own in table or len(row) > MOST_FIELDS or not _name_in(row, level):
            return {}
        table[own] = row
    return table


def _name_in(row: Mapping[str, Any], level: str) -> str:
    named = next((row[key] for key in row if plain_name(str(key)) in (*_NAMES, f"{level.replace('_', ' ')} name") and type(row[key]) is str), None)
    named = named or next((value for key, value in row.items() if _level_of_key(str(key)) == level and type(value) is str and not value.isdecimal()), "")
    return str(named).strip()


@lru_cache(maxsize=1_024)
def _level_of_key(key: str) -> str:
    """The level of areas that a list is called by (`counties`, `tbl_sub_counties`); empty for any other."""
    words = plain_name(key).removeprefix("tbl ").removeprefix("table ").removesuffix(" list").removesuffix(" table")
    singular = f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")
    named = known_name((singular,)) if singular else None
    return named.canonical if named is not None and named.canonical in LEVELS and named.confidence > 0.9 else ""


def _level_of_names(rows: Sequence[dict[str, Any]]) -> str:
    """The level of areas that most names of a list are; empty where they are none, or its rows say how to reach them."""
    names = [name for row in rows if len(row) <= MOST_FIELDS and type(name := next((row[key] for key in _NAMES if key in row), None)) is str]
    if len(names) < max(2, len(rows)) or any((named := known_name((str(key),))) is not None and named.canonical in ("phone", "contact", "email", "services") for key in rows[0]):
        return ""
    looks = (("county", "county"), ("constituency", "sub_county"), ("ward", "ward"))
    return next((level for look, level in looks if share(look, names[:100]) >= MOSTLY_AREAS), "")


@lru_cache(maxsize=4_096)
def _level_referred(key: str) -> tuple[str, bool]:
    """The level of the area whose key stands under a field (`county_id`, `subCountyId`, or plain `county`), and whether its code does; an empty level for any other field."""
    words = plain_name(key)
    stem = next((words.removesuffix(ending) for ending in _REFERS if words.endswith(ending)), words)
    return _level_of_key(stem), words.endswith(_BY_CODE)
