"""Tables written as JSON: rows of cells under a heading row or beside a list of columns, columns side by side, names under headings.

Where the table stands is found in the beginning of a file; rows are then read as a stream like any records. Only a table of columns is
read whole, because its first record ends with its last column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from gvrc.errors import UnknownFormatError
from gvrc.sources.delimited import field_names, find_header, is_header_row, merged_columns
from gvrc.sources.field_names import is_field_name, known_name
from gvrc.sources.json_stream import EACH, FoundRecord, JsonRecords, Screen, Trouble, escaped, found_record
from gvrc.sources.json_tree import find_text_lists, read_sample
from gvrc.sources.looks import LOOKS, SECTION, heading_level, is_area, is_kind_key, share

TABLE, COLUMNS, TEXTS, CALLED = "table", "columns", "texts", "called texts"
"""Dialects of a mapping: rows of cells, columns side by side, bare names under headings, names each with a number to call."""
MIXED = "mixed"
"""Objects and, beside them, bare names: `{"police": [{..}], "hospitals": ["Msambweni Hospital"]}`."""
DIALECTS = frozenset({TABLE, COLUMNS, TEXTS, CALLED})
LOOKED_AT = 60
MOST_COLUMNS = 500
LARGEST_COLUMNS_FILE = 64 * 1024 * 1024
"""Bytes of a file of columns, which cannot be read as a stream."""
_LISTS_OF_COLUMNS = ("columns", "fields", "headers", "header", "headings", "cols", "names", "keys", "vars", "schema", "attributes")
_NUMBERS_A_COLUMN = re.compile(r"[A-Z]{1,2}|__EMPTY(?:_\d{1,3})?|(?:column|field|col|cell|unnamed:?|var|[cfvx])?[ _]?\d{1,3}", re.IGNORECASE)
MOST_HEADING_ROWS = 15
"""Rows of a sheet among which its heading is looked for."""
_CELL_VALUES = ("v", "formattedValue")
_COLUMN_NAMES = ("name", "label", "title", "alias", "header", "field", "fieldName", "id", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonTable:
    """Where a table stands in its file and what its columns are called; `beside` are further lists of bare names."""

    dialect: str
    path: tuple[str, ...]
    beside: tuple[tuple[str, ...], ...] = ()
    names: tuple[str, ...] = ()
    heading_rows: int = 0
    keys: tuple[str, ...] = ()
    """Of a table whose rows are objects: the keys under which the cells stand, in the order of `names`."""
    other_names: tuple[tuple[str, ...], ...] = ()
    """What the columns of further sheets of a workbook are called."""
    merged: tuple[str, ...] = ()
    """The columns whose cells were merged: an area is named once, and the rows below leave it empty."""

    @property
    def known_names(self) -> int:
        """How many columns have a known field name."""
        return sum(map(is_field_name, self.names))


def find_table(tree: Any) -> JsonTable | None:
    """The table of a tree, or None."""
    nodes = _nodes(tree)
    named = [(path, names) for path, node in nodes if type(node) is list and path and path[-1].casefold() in _LISTS_OF_COLUMNS and (names := _names_in(node[: MOST_COLUMNS + 1]))]
    found = [table for look in (_sheets_at, _table_at) for path, node in nodes if (table := look(named, path, node)) is not None]
    return max(found, key=lambda table: table.known_names, default=None) or _called_texts(tree) or _texts(tree)


MOST_NODES, DEEPEST_TABLE = 2_000, 6
"""Objects and lists of a file of which it is asked whether they are tables, and keys above one: lists of places are buried no deeper."""

Named = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
"""Lists of names of columns, by where they stand in a file."""


def _nodes(tree: Any) -> list[tuple[tuple[str, ...], Any]]:
    """The objects and lists that stand under plain keys, those nearest to the top first."""
    found: list[tuple[tuple[str, ...], Any]] = [((), tree)]
    for path, node in found:  # which grows meanwhile
        if len(found) >= MOST_NODES:
            break
        if type(node) is dict and len(path) < DEEPEST_TABLE:
            found += [((*path, key), value) for key, value in islice(node.items(), MOST_COLUMNS) if type(value) in (dict, list)]
    return found


def _table_at(named: Named, path: tuple[str, ...], node: Any) -> JsonTable | None:
    if type(node) is list:
        return _turned_at(path, node) or _rows_at(named, path, node) or _headed_at(path, node)
    return _columns_at(path, node)


FEWEST_SHEETS = 2


def _sheets_at(named: Named, path: tuple[str, ...], node: Any) -> JsonTable | None:
    """The sheets of a workbook, each with a heading row of its own: `{"Kwale": [[..]], "Kilifi": [[..]]}` or `[{"name": "KWALE", "data": [[..]]}]`."""
    if type(node) is dict and len(node) >= FEWEST_SHEETS:
        sheets = [table for key, value in list(node.items())[:MOST_COLUMNS] if type(value) is list and (table := _sheet(named, (*path, key), value)) is not None]
        if len(sheets) < FEWEST_SHEETS:
            return _rows_under_keys(named, path, node)
        if len(node) > MOST_COLUMNS:  # further sheets are like those looked at
            return _together(sheets, (*path, EACH, EACH), ())
        return _together(sheets, sheets[0].path, tuple(sheet.path for sheet in sheets[1:]))
    if type(node) is not list or len(node) < FEWEST_SHEETS or not all(type(item) is dict for item in node[:LOOKED_AT]):
        return None
    keys = {tuple(key for key, value in item.items() if type(value) is list) for item in node[:LOOKED_AT]}
    if len(keys) != 1 or len(key := keys.pop()) != 1:
        return None
    sheets = [table for item in node[:LOOKED_AT] if (table := _sheet(named, (*path, *key), item[key[0]])) is not None]
    return _together(sheets, (*path, EACH, *key, EACH), ()) if len(sheets) >= FEWEST_SHEETS else None


def _rows_under_keys(named: Named, path: tuple[str, ...], node: dict[str, Any]) -> JsonTable | None:
    """Rows of cells without headings under areas or kinds of place as keys: `{"Siaya": [["Siaya Police Station", "0700 .."]], "Busia": [..]}`."""
    lists = list(node.items())[:MOST_COLUMNS]
    if not all(type(value) is list and value and type(value[0]) in (list, str) for _, value in lists):
        return None
    if not all(is_area(key) for key, _ in lists) and not (all(type(value[0]) is list for _, value in lists) and 2 * sum(is_kind_key(key) for key, _ in lists) >= len(lists)):
        return None
    rows = [row for value in node.values() for row in value[:LOOKED_AT]]
    table = _rows_at(named, path, rows[:LOOKED_AT])
    return replace(table, path=(*path, EACH, EACH)) if table is not None and not table.heading_rows else None


def _sheet(named: Named, path: tuple[str, ...], rows: list[Any]) -> JsonTable | None:
    table = _table_at(named, path, rows) if rows and (type(rows[0]) is list or _numbers_columns(rows[0])) else None
    return table if table is not None and table.heading_rows else None


def _numbers_columns(row: Any) -> bool:
    return type(row) is dict and sum(_NUMBERS_A_COLUMN.fullmatch(key) is not None for key in row) >= len(row) / 2


def _together(sheets: list[JsonTable], path: tuple[str, ...], beside: tuple[tuple[str, ...], ...]) -> JsonTable:
    return replace(max(sheets, key=lambda sheet: sheet.known_names), path=path, beside=beside, heading_rows=0, other_names=tuple(sheet.names for sheet in sheets))


def _rows_at(named: Named, path: tuple[str, ...], node: list[Any]) -> JsonTable | None:
    rows = [cells for row in node[:LOOKED_AT] if (cells := _cells_of(row)) is not None]
    if not rows or len(rows) < 0.9 * len(node[:LOOKED_AT]) or not all(map(_is_cells, rows)):
        return None
    width = max(map(len, rows))
    if width < 2 or (type(node[0]) is str and min(map(len, rows)) < width):
        return None
    if names := _names_beside(named, path, width):
        return JsonTable(dialect=TABLE, path=(*path, EACH), names=field_names(list(names)))
    cells = [list(map(_cell, row)) for row in rows]
    header = find_header(cells, is_field_name)
    if header.index < 0 and not _tell_of_places(rows, width):
        return None
    merged = _merged(header.names, cells[header.index + 1 :])
    return JsonTable(dialect=TABLE, path=(*path, EACH), names=header.names, heading_rows=header.index + 1, merged=merged)


def _merged(names: Sequence[str], rows: Sequence[list[str]]) -> tuple[str, ...]:
    """The merged columns of a table, by the rows that are neither empty nor headings of one cell."""
    return merged_columns(names, [row for row in rows if sum(bool(cell.strip()) for cell in row) > 1])


def _turned_at(path: tuple[str, ...], node: list[Any]) -> JsonTable | None:
    """Columns side by side as lists, each under its name: `[["Name", "Tiwi Dispensary", ..], ["County", "Kwale", ..]]`, as sheets are read by columns."""
    if not 2 <= len(node) <= LOOKED_AT or not all(type(column) is list and len(column) > 2 and type(column[0]) is str for column in node):
        return None
    known = [column for column in node if is_field_name(column[0])]
    if len(known) < max(2, len(node) / 2) or not any(_names_places(column[0]) for column in known):
        return None
    beside = sum(type(cell) is str and is_field_name(cell) for cell in node[0][1:LOOKED_AT])
    if beside >= len(node[0][1:LOOKED_AT]) / 2 or any(type(cell) in (dict, list) for column in node for cell in column[:LOOKED_AT]):
        return None  # the first row names the columns
    return JsonTable(dialect=COLUMNS, path=(*path, EACH), names=field_names([column[0] for column in node]))


def _names_places(heading: str) -> bool:
    named = known_name((heading,))
    return named is not None and named.canonical == "name"


_TELL_OF_A_PLACE = ("phone", "county", "email", "longitude", "coordinates")


def _tell_of_places(rows: list[list[Any]], width: int) -> bool:
    """Whether rows without a heading are places all the same: one column reads like their names, another tells how to reach them or where they are."""
    columns = [[row[place] for row in rows if len(row) > place and row[place] not in (None, "")] for place in range(min(width, LOOKED_AT))]
    return width > 2 and any(share("name", column) >= 0.5 for column in columns) and any(share(look, column) >= 0.6 for column in columns for look in _TELL_OF_A_PLACE)


def _headed_at(path: tuple[str, ...], node: list[Any]) -> JsonTable | None:
    """A sheet whose heading row was not taken as one: objects with keys that only number the columns (`A`, `__EMPTY_1`, `Unnamed: 2`), and the names
    of the fields among the first of them."""
    rows = [row for row in node[:LOOKED_AT] if type(row) is dict]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if len(rows) < 0.9 * len(node[:LOOKED_AT]) or not 2 <= len(keys) <= MOST_COLUMNS or sum(_NUMBERS_A_COLUMN.fullmatch(key) is not None for key in keys) < len(keys) / 2:
        return None
    for index, row in enumerate(rows[:MOST_HEADING_ROWS]):
        cells = [_cell(row.get(key)) for key in keys]
        if is_header_row(cells, _may_head):
            names = field_names(cells)
            merged = _merged(names, [[_cell(row.get(key)) for key in keys] for row in rows[index + 1 :]])
            return JsonTable(dialect=TABLE, path=(*path, EACH), names=names, heading_rows=index + 1, keys=tuple(keys), merged=merged)
    return None


def _may_head(text: str) -> bool:
    """Whether a cell of a sheet's first rows heads a column, by all that is known of names of fields (`DEPUTY OCS MOBILE`)."""
    return is_field_name(text) or (len(text) < 60 and (named := known_name((text,))) is not None and named.confidence >= 0.9)


def _cells_of(row: Any) -> list[Any] | None:
    """The cells of a row: a list of them, or an object that holds nothing but one, each cell an object with its value (`{"c": [{"v": "Kwale"}]}`, as
    spreadsheets on the web give them). None when it is no row."""
    if type(row) is list:
        return row
    if type(row) is str:
        return cells if len(cells := [cell.strip() for cell in _BETWEEN_CELLS.split(row)]) >= FEWEST_CELLS else None
    if type(row) is not dict or len(row) != 1:
        return None
    (cells,) = row.values()
    if type(cells) is not list or not all(cell is None or type(cell) is dict for cell in cells):
        return None
    return [next((cell[key] for key in _CELL_VALUES if key in cell), None) if cell else None for cell in cells]


_BETWEEN_CELLS = re.compile(r"[,;|]")
FEWEST_CELLS = 3
"""Cells of a row that stands in one text (`Mtwapa Police Station, Kilifi County, OCS 0700 ..`)."""


def _is_cells(row: list[Any]) -> bool:
    return len(row) <= MOST_COLUMNS and not any(type(cell) is dict for cell in row)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)[:200]


def _names_beside(named: Named, path: tuple[str, ...], width: int) -> tuple[str, ...]:
    """The names of the columns from a list of them that stands somewhere else in the file: one name for each cell."""
    found = [(_nearness(place, path), names) for place, names in named if len(names) == width and place != path]
    return max(found, key=lambda pair: (sum(map(is_field_name, pair[1])), pair[0]), default=(0, ()))[1]


def _nearness(place: tuple[str, ...], path: tuple[str, ...]) -> int:
    return sum(1 for one, other in zip(place, path, strict=False) if one == other)


def _names_in(node: list[Any]) -> tuple[str, ...]:
    return tuple(name for item in node if (name := _name_of(item)))


def _name_of(item: Any) -> str:
    if type(item) is str:
        return item
    if type(item) is not dict:
        return ""
    told = [item[key] for key in _COLUMN_NAMES if type(item.get(key)) is str and item[key].strip()]
    return next((name for name in told if is_field_name(name)), told[0] if told else "")


def _columns_at(path: tuple[str, ...], node: Any) -> JsonTable | None:
    """A table of columns: every key a field name, every value as many cells."""
    if type(node) is not dict or not 2 <= len(node) <= MOST_COLUMNS:
        return None
    columns = {key: value for key, value in node.items() if type(value) in (list, dict)}
    if len({len(column) for column in columns.values()}) != 1 or sum(map(is_field_name, columns)) < max(2, len(columns) / 2):
        return None
    cells = [cell for column in columns.values() for cell in list(column.values() if type(column) is dict else column)[:LOOKED_AT]]
    if not cells or any(type(cell) in (dict, list) for cell in cells):
        return None
    if any(set(map(str, range(min(3, len(column))))) - set(column) for column in columns.values() if type(column) is dict) and not _share_their_keys(list(columns.values())):
        return None  # objects whose keys are no row numbers are objects, not columns
    return JsonTable(dialect=COLUMNS, path=(*path, EACH), names=tuple(columns))


def _share_their_keys(columns: list[Any]) -> bool:
    """Whether columns all hold the same keys, which name no fields: those of the rows (`{"name": {"r1": ..}, "phone": {"r1": ..}}`)."""
    keys = list(columns[0]) if type(columns[0]) is dict else []
    return len(keys) > 1 and not any(map(is_field_name, keys)) and all(type(column) is dict and column.keys() == columns[0].keys() for column in columns)


_NUMBERS = r"\+?\d[\d ()/-]{1,60}\d"
_CALLED_FIRST = re.compile(rf"\s{{0,9}}(?P<phone>{_NUMBERS})\s{{0,3}}[-–—:=]\s{{0,9}}(?P<name>\D.{{2,150}})", re.DOTALL)
_CALLED_LAST = re.compile(rf"\s{{0,9}}(?P<name>\S.{{2,150}}?)\s{{0,3}}[-–—:=(]\s{{0,9}}(?P<phone>{_NUMBERS})[\s.)]{{0,3}}", re.DOTALL)


_SHORT = re.compile(r"\d{3,4}")


def called(text: str) -> dict[str, str] | None:
    """The name and the number of a text that is nothing else: `1195 - National GBV hotline`, `Tiwi Dispensary: 0700 000 001`."""
    found = _CALLED_FIRST.fullmatch(text) or _CALLED_LAST.fullmatch(text)
    if found is None or not any(map(str.isalpha, found["name"])):
        return None
    if _SHORT.fullmatch(found["phone"]):
        return {"name": found["name"].strip(), "hotline": found["phone"]} if text.lstrip().startswith(found["phone"]) else None
    if "/" in found["phone"] and all(map(LOOKS["short_code"], found["phone"].split("/"))):
        return {"name": found["name"].strip(), "hotline": found["phone"]}
    return {"name": _CALLED_BY.sub("", found["name"]).strip(), "phone": found["phone"]} if LOOKS["callable"](found["phone"]) else None


_CALLED_BY = re.compile(r"\s{0,3}[,;:(–—-]\s{0,3}(?:tel(?:ephone)?|phone|mobile|mob|cell|simu|call|contacts?)\b\W{0,4}$", re.IGNORECASE)
"""The word for a number that stands between a name and the number (`Tiwi Hospital – Tel: ..`)."""


def tells_a_number(text: str) -> bool:
    """Whether a text tells a number that surely is one to call: three or four digits may count the places as well."""
    told = called(text) or {}
    return "phone" in told or any(map(LOOKS["short_code"], told.get("hotline", "").split("/")))


def _called_texts(tree: Any) -> JsonTable | None:
    """Lists of texts that each name a place and the number to call there, under whatever key but one of telephones."""
    lists: dict[tuple[str, ...], list[str]] = {}
    for path, texts in find_text_lists(tree):
        if is_kind_key(key := _key_above(path)) or (named := known_name((key,))) is None or named.canonical in _UNITS:
            lists.setdefault(path, []).extend(texts[:LOOKED_AT])
    path, *beside = [place for place, texts in lists.items() if len(texts) > 2 and sum(map(tells_a_number, texts)) >= MOSTLY * len(texts)] or [()]
    if path:  # a list of one beside a longer one: `{"medical": [..], "police": ["Kisii Police Station (0700 ..)"]}`
        beside += [place for place, texts in lists.items() if place not in (path, *beside) and place[:-2] == path[:-2] and texts and all(map(tells_a_number, texts))]
    return JsonTable(dialect=CALLED, path=path, beside=tuple(beside), names=("name", "phone", "hotline")) if path else None


_UNITS = frozenset({"county", "constituency", "sub_county", "ward", "district"})
MOSTLY = 0.7
"""Share of the texts of a list that must name a place and its number."""


def _texts(tree: Any) -> JsonTable | None:
    """Bare names of places under the areas they are in, or under the key of their kind."""
    lists: dict[tuple[str, ...], list[str]] = {}
    for path, texts in find_text_lists(tree):
        if len(texts) > 1 or not is_field_name(key := _key_above(path)) or is_kind_key(key):  # `"name": ["Tiwi Dispensary"]` is a field, as XML becomes JSON
            lists.setdefault(path, []).extend(texts[:LOOKED_AT])
    path = max(lists, key=lambda place: len(lists[place]), default=())
    if len(lists.get(path, ())) < 2 or not _are_names(path, lists[path]) or (len(path) < 2 and share("name", lists[path]) < MOSTLY):
        return None
    beside = tuple(place for place, texts in lists.items() if place != path and len(place) >= 2 and _are_names(place, texts))
    return JsonTable(dialect=TEXTS, path=path, beside=beside, names=("name",))


def names_in_texts(tree: Any) -> dict[tuple[str, ...], list[str]]:
    """The lists of bare texts that read like names of places, by where they stand."""
    lists: dict[tuple[str, ...], list[str]] = {}
    for path, texts in find_text_lists(tree):
        lists.setdefault(path, []).extend(texts)
    return {path: texts for path, texts in lists.items() if len(path) > 1 and is_kind_key(_key_above(path)) and _are_names(path, texts) and _read_so(texts)}


def _read_so(texts: Sequence[str]) -> bool:
    """Whether most texts read like names of places, or name one and its number."""
    names = [(called(text) or {"name": text})["name"] for text in texts[:LOOKED_AT]]
    return share("name", names) >= 0.5


def _key_above(path: tuple[str, ...]) -> str:
    return next((step for step in reversed(path) if step != EACH), "")


def _are_names(path: tuple[str, ...], texts: list[str]) -> bool:
    """Whether the texts of a list are names of places: they read so, or their list is called by a kind of place."""
    key = _key_above(path)
    named = known_name((key,))
    if named is not None and named.canonical != "name":
        return False
    return share("name", texts[:LOOKED_AT]) >= (0.0 if is_kind_key(key) else 0.5)


# ---------------------------------------------------------------- reading

def table_records(path: Path, dialect: str, record_paths: tuple[tuple[str, ...], ...]) -> TableRecords | ColumnRecords:
    """The reader for a table of this dialect; the names of its columns are taken from the file itself."""
    record_path, *beside = record_paths
    if dialect == COLUMNS:
        return ColumnRecords(path, record_path)
    if dialect in (TEXTS, CALLED):
        return TableRecords(path, JsonTable(dialect=dialect, path=record_path, beside=tuple(beside), names=("name",)))
    table = find_table(read_sample(path).tree)
    return TableRecords(path, table if table is not None and table.path == record_path else JsonTable(dialect=TABLE, path=record_path))


class TableRecords:
    """Yields the rows of a table as records; afterwards `trouble` tells what could not be read."""

    def __init__(self, path: Path, table: JsonTable) -> None:
        self._table = table
        self._headings = table.heading_rows
        self._names = table.names
        self._above: dict[str, Any] = {}
        """What merged cells say of the rows below them."""
        self._reader = JsonRecords(path, (table.path, *table.beside), row_of={TEXTS: self._texts, CALLED: record_of_text}.get(table.dialect, self._row))

    @property
    def trouble(self) -> Trouble:
        return self._reader.trouble

    def __iter__(self) -> Iterator[FoundRecord]:
        return iter(self._reader)

    def _row(self, value: Any) -> dict[str, Any] | None:
        """A row of cells as a record; headings and empty rows are none and no trouble either."""
        keys = self._table.keys
        value = _cells_by_key(value, keys) if keys and type(value) is dict else _cells_of(value)
        if value is None:
            return None
        cells = list(map(_cell, value))
        if self._headings > 0:
            self._headings -= 1
            alone = [cell for cell in cells if cell.strip()]
            return {self._names[0]: alone[0]} if len(alone) == 1 and heading_level(alone[0].strip()) == SECTION else {}
        if not any(map(str.strip, cells)) or cells == list(self._names):
            return {}
        if is_header_row(cells, is_field_name) or tuple(cells) in self._table.other_names:
            self._names, self._above = field_names(cells), {}
            return {}
        told = {name: cell for name, cell in zip(self._names, value, strict=False) if cell not in (None, "")}
        more = {f"column {number}": cell for number, cell in enumerate(value, 1) if number > len(self._names) and cell not in (None, "")}
        return self._filled(told) | more if self._table.merged else told | more

    def _filled(self, told: dict[str, Any]) -> dict[str, Any]:
        """A row with what merged cells above it say; a row of one cell heads others, and says nothing more."""
        if len(told) < 2:
            self._above = {}
            return told
        changed = False
        for name in self._table.merged:
            if name in told or changed:
                changed = changed or told.get(name) != self._above.get(name)
                self._above[name] = told.get(name)
        return {name: value for name in self._names if (value := told.get(name, self._above.get(name) if name in self._table.merged else None)) is not None}

    def _texts(self, value: Any) -> dict[str, Any] | None:
        return ({"name": value} if value.strip() else {}) if type(value) is str else None


def _cells_by_key(row: dict[str, Any], keys: tuple[str, ...]) -> list[Any]:
    """The cells of a row that is an object. The first column of another sheet stands under its title, which is another key."""
    others = [key for key in row if key not in keys]
    titled = others[:1] if keys[0] not in row and others and not _NUMBERS_A_COLUMN.fullmatch(keys[0]) and not _NUMBERS_A_COLUMN.fullmatch(others[0]) else []
    return [row.get(key) for key in (*titled, *keys[len(titled) :])] + [row[key] for key in others if key not in titled]


def record_of_text(value: Any) -> dict[str, Any] | None:
    """A bare name of a place, with its number where one stands behind it, as a record; None for what is no text, {} for one that says nothing."""
    if type(value) is not str:
        return None
    return called(value) or ({"name": value} if value.strip() else {})


class ColumnRecords:
    """Yields the records of a table of columns; their pointers name the cell of the first column."""

    def __init__(self, path: Path, record_path: tuple[str, ...]) -> None:
        self._path, self._steps = path, record_path[:-1]
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        node = self._node()
        columns = self._columns(node)
        first = next(iter(columns))
        pointer = "".join(f"/{escaped(step)}" for step in (*self._steps, first if type(node) is dict else "0"))
        screen = Screen()
        rows = columns[first] if type(columns[first]) is dict else range(max(map(len, columns.values())))
        for row in rows:
            told = {name: cell for name, column in columns.items() if (cell := _cell_at(column, row)) not in (None, "")}
            if told:
                data = screen.cleared(told)
                yield found_record(f"{pointer}/{escaped(str(row)) if type(node) is dict else row + 1}", {}, data)

    def _node(self) -> Any:
        require_columns_fit(self._path)
        node = read_sample(self._path, LARGEST_COLUMNS_FILE, whole=LARGEST_COLUMNS_FILE).tree
        for step in self._steps:
            node = node[step]
        return node

    @staticmethod
    def _columns(node: Any) -> dict[str, Any]:
        """The columns by their names, which head them where they are lists side by side."""
        if type(node) is list:
            return dict(zip(field_names([column[0] for column in node]), (column[1:] for column in node), strict=True))
        return {key: value for key, value in node.items() if type(value) in (list, dict)}


def _cell_at(column: Any, row: int | str) -> Any:
    return column.get(str(row)) if type(column) is dict else column[int(row)] if int(row) < len(column) else None


def require_columns_fit(path: Path) -> None:
    """Raises UnknownFormatError when a file of columns is too large to be read whole."""
    if path.stat().st_size > LARGEST_COLUMNS_FILE:
        raise UnknownFormatError(
            "The file holds whole columns one after the other and is too large to be read that way.", "Export it as rows: a list of objects, JSON Lines or CSV."
        )

