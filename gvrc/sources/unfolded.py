"""Lists in odd wrappings: as text inside a text (`{"d": "[{..}]"}`, as some servers answer), or with a list of cells on each line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import orjson

from gvrc.errors import UnknownFormatError
from gvrc.sources.delimited import SAMPLE_ROWS, DelimitedRows, field_names, find_header, sniff_delimiter
from gvrc.sources.field_names import is_field_name, known_name, named_value, object_of_pairs, spaced
from gvrc.sources.json_stream import DEEPEST, FoundRecord, JsonRecords, Screen, Trouble, decode_at, escaped, found_record, is_too_deep
from gvrc.sources.json_tables import record_of_text
from gvrc.sources.json_tree import read_sample
from gvrc.sources.looks import LOOKS, is_area, is_county, is_kind_key, is_missing
from gvrc.sources.text import open_text, text_lines
from gvrc.sources.wide import names_one_with_number, several_in

UNFOLDED = "unfolded"
"""Dialect of a mapping whose file is read with the texts in it taken as JSON."""
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of such a file, which is read whole."""
MOST_FOLDS = 3
_DEEPEST = 20


def unfolded(value: Any) -> Any:
    """A value with every text in it that holds a JSON list or object taken as what it holds."""
    return _Unfolding().of(value)


class _Unfolding:
    """Unfolds one value; afterwards `moved` tells, by the pointer of each list that was made of something else, the steps at which its records stand in the file."""

    def __init__(self) -> None:
        self.moved: dict[str, list[str]] = {}

    def of(self, value: Any, at: str = "", folds: int = MOST_FOLDS, depth: int = 0) -> Any:
        """What a value holds. `at` is where it stands, `folds` how many texts within texts are still opened."""
        if depth > _DEEPEST:
            return value
        if type(value) is str:
            if not at and folds == MOST_FOLDS and (several := places_told(value)):
                return self._made(at, [str(number) for number in range(1, len(several) + 1)], several)
            inner = _inner(value) if folds else value
            return self.of(inner, at, folds - 1, depth + 1) if inner is not value else value
        if type(value) is list:
            if told := _told_in_pairs(value):
                return self._made(at, [str(place) for place, _ in told], [record for _, record in told])
            return [self.of(object_of_pairs(item) or item, f"{at}/{place}", folds, depth + 1) for place, item in enumerate(value)]
        if type(value) is dict:
            if numbers := _names_and_numbers(value):
                return self._made(at, list(map(escaped, value)), numbers)
            if places := _places_by_keys(value):
                return self._made(at, *map(list, zip(*places, strict=True)))
            are_ones = _are_ones(value)
            return {key: self.of(item[0] if are_ones and _is_one(item) else item, f"{at}/{escaped(key)}", folds, depth + 1) for key, item in value.items()}
        return value

    def _made(self, at: str, steps: list[str], records: list[Any]) -> list[Any]:
        self.moved[at] = steps
        return records

    def pointer(self, pointer: str) -> str:
        """Where in the file a record stands that has this pointer in what was unfolded."""
        at, _, rest = pointer.rpartition("/")
        while at and at not in self.moved:
            at, _, more = at.rpartition("/")
            rest = f"{more}/{rest}"
        if at not in self.moved:
            return pointer
        place, _, below = rest.partition("/")
        return f"{at}/{self.moved[at][int(place)]}{'/' if below else ''}{below}"


FEWEST_PAIRED = 2
"""Records that a list of named values must tell."""


def _told_in_pairs(value: list[Any]) -> list[tuple[int, dict[str, Any]]]:
    """The records of a list of named values, one value after the other (`[{"key": "name", "value": ..}, {"key": "county", ..}, {"key": "name", ..}]`), with
    what else each says, such as whose it is (`"facility_id": 1`). A new record begins where that changes or a name comes again. Empty for any other list."""
    records: list[tuple[int, dict[str, Any]]] = []
    whose: dict[str, Any] | None = None
    for place, item in enumerate(value):
        named = named_value(item) if type(item) is dict else None
        if named is None:
            return []
        key, said, rest = named
        if rest != whose or key in records[-1][1]:
            whose = rest
            records.append((place, dict(rest)))
        records[-1][1][key] = said
    known = {key for _, record in records[:SAMPLE_ROWS] for key in record if is_field_name(key)}
    return records if len(records) >= FEWEST_PAIRED and len(known) >= FEWEST_PAIRED and any(map(_is_a_name, known)) else []


def _is_a_name(key: str) -> bool:
    named = known_name((key,))
    return named is not None and named.canonical == "name"


def _is_one(value: Any) -> bool:
    return type(value) is list and len(value) == 1 and type(value[0]) in (str, int, float)


def _are_ones(value: dict[str, Any]) -> bool:
    """Whether an object holds each of its values in a list, as XML becomes JSON: `{"name": ["Tiwi Dispensary"], "county": ["Kwale"]}`."""
    lists = [key for key, item in value.items() if type(item) is list]
    return bool(lists) and sum(_is_one(value[key]) for key in lists) >= 0.5 * len(value) and any(map(is_field_name, lists))


FEWEST_NUMBERS = 3
"""Numbers of an object that is a list of names with their numbers."""


def _names_and_numbers(value: dict[str, Any]) -> list[dict[str, str]]:
    """An object that says nothing but whom one reaches by which number or numbers (`{"Childline": "116", "FIDA": "0800 720 501"}`) as a list; empty when it says more, or
    when its keys are those of fields."""
    if len(value) < FEWEST_NUMBERS or not all(map(_are_numbers, value.values())):
        return []
    if _share_of_fields(value) > 0.5:
        return []
    return [{"name": key, "hotline" if LOOKS["short_code"](said) else "phone": ", ".join(map(str, said)) if type(said) is list else str(said)} for key, said in value.items()]


FEWEST_TOLD = 2
"""Places of a text that is a list of them."""
_COMMA = re.compile(r"\s*[,;\n]\s*")


def places_told(text: str) -> list[dict[str, Any]]:
    """The places that a text names one behind the other, each with its number (`GBV Hotline: 1195, Childline: 116`); empty for any other text."""
    if len(text) > LONGEST_TOLD or not any(map(str.isdigit, text)):
        return []
    parts = several_in(text)
    if len(parts) < FEWEST_TOLD:
        parts = [part for part in _COMMA.split(text) if part.strip()]
    named = sum(map(names_one_with_number, parts))
    if len(parts) < FEWEST_TOLD or not named or not all(names_one_with_number(part) or _told_with_code(part.strip()) for part in parts):
        return []
    return [_told_with_code(part.strip()) or record_of_text(part.strip()) or {"name": part.strip()} for part in parts]


LONGEST_TOLD = 20_000
_WITH_CODES = re.compile(r"(?P<name>[^\W\d_][^:=]{1,80}?)\s*(?:[:=]|\s[-–—])\s*(?P<codes>\d{3,4}(?:\s*[/,&]\s*\d{3,4}){0,3})[\s.]*")


def _told_with_code(text: str) -> dict[str, Any] | None:
    """A name with the short codes behind it (`Police: 999/112`)."""
    found = _WITH_CODES.fullmatch(text)
    codes = re.findall(r"\d+", found["codes"]) if found else []
    return {"name": found["name"].strip(), "hotline": ", ".join(codes)} if found and all(map(LOOKS["short_code"], codes)) else None


def _places_by_keys(value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The places of an object that tells several in one text under each area or kind of place (`{"Kwale": "Diani Police Station 0700 ..; Kwale Hospital 0700 .."}`),
    each with its step in the file; empty for any other object, and where no text tells several."""
    if not value or not all(item is None or type(item) is str for item in value.values()) or len(value) > KEYS_LOOKED_AT:
        return []
    if not (all(map(is_area, value)) or all(map(is_kind_key, value))) or all(map(is_field_name, value)):
        return []
    several = {key: places_told(item) for key, item in value.items() if item and not is_missing(item)}
    if not any(several.values()):
        return []
    found: list[tuple[str, dict[str, Any]]] = []
    for key, item in value.items():
        told = several.get(key) or ([record_of_text(item) or {"name": item}] if item and not is_missing(item) else [])
        above = {"county" if is_county(key) else "location" if is_area(key) else "type": spaced(key).replace("_", " ")}
        found += [(escaped(key) if number == 1 else f"{escaped(key)} ({number})", above | record) for number, record in enumerate(told, 1)]
    return found


KEYS_LOOKED_AT = 200
"""Keys of an object of which it is asked whether they are those of fields."""


def _share_of_fields(value: dict[str, Any]) -> float:
    """The share of the first keys of an object that are known names of fields."""
    keys = list(islice(value, KEYS_LOOKED_AT))
    return sum(known_name((key,)) is not None for key in keys) / len(keys)


def _are_numbers(said: Any) -> bool:
    """Whether a value is a number to call, or a list of some."""
    if type(said) is list:
        return bool(said) and all(type(part) in (str, int) and LOOKS["callable"](part) for part in said)
    return type(said) in (str, int) and LOOKS["callable"](said)


def _inner(text: str) -> Any:
    begin = text.lstrip()[:1]
    if begin not in ("{", "[") or len(text) < 8:
        return _table_in(text) or text
    try:
        inner, end = decode_at(text.lstrip(), 0)
    except (ValueError, RecursionError):
        return text
    return text if text.lstrip()[end:].strip() or is_too_deep(inner, DEEPEST) else inner


def _table_in(text: str) -> list[dict[str, str]]:
    """The rows of a delimited table that stands in a text (`name,phone\\nTiwi Dispensary,..`); none when its first line does not name fields."""
    lines = text.strip().splitlines(keepends=True)
    delimiter = sniff_delimiter(lines[:SAMPLE_ROWS]) if len(lines) > 1 else None
    if delimiter is None:
        return []
    rows = list(DelimitedRows(lines, delimiter))
    if sum(map(is_field_name, rows[0])) < 2:
        return []
    names = field_names(rows[0])
    return [told for row in rows[1:] if (told := {name: cell for name, cell in zip(names, row, strict=False) if cell.strip()})]


class UnfoldedRecords:
    """Yields the records of a file whose lists stand in texts; afterwards `trouble` tells what could not be read."""

    def __init__(self, path: Path, record_paths: tuple[tuple[str, ...], ...], wanted: frozenset[str] = frozenset(), names: frozenset[str] = frozenset()) -> None:
        self._path, self._record_paths, self._wanted, self._names = path, record_paths, wanted, names
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        require_fits(self._path)
        unfolding = _Unfolding()
        tree = unfolding.of(read_sample(self._path, LARGEST_FILE, whole=LARGEST_FILE).tree)
        with as_file(orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS)) as path:
            reader = JsonRecords(path, self._record_paths, self._wanted, self._names)
            self.trouble = reader.trouble
            yield from ((unfolding.pointer(found[0]), *found[1:]) for found in reader) if unfolding.moved else reader


ROWS_BY_LINE = "array lines"
"""Dialect of a mapping whose file holds a row of cells on each line, as a JSON list: `["Name", "County"]`."""


LONGEST_BEGINNING = 200_000
"""Characters of a file in which its first rows of cells are looked for."""


def are_rows_by_line(path: Path) -> bool:
    """Whether the first lines of a file are lists of cells, one to a line."""
    with open_text(path) as stream:
        beginning = StringIO(stream.read(LONGEST_BEGINNING))  # a list on one line may be as long as the file
    lines = [line for line, _ in zip(text_lines(beginning), range(5), strict=False) if line.strip()]
    rows = list(map(_row, lines[:3]))
    return len(rows) >= 2 and all(len(row) > 1 and not any(type(cell) in (list, dict) for cell in row) for row in rows)


def _row(line: str) -> list[Any]:
    try:
        row, end = decode_at(line.lstrip("\ufeff \t,"), 0)
    except (ValueError, RecursionError):
        return []
    return row if type(row) is list and not line.lstrip("\ufeff \t,")[end:].strip(" \t\r\n,") else []


class RowsByLine:
    """Yields the rows of such a file as records under the names of its heading row, their pointers `/lines/N` with N from 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names: tuple[str, ...] = ()
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        with open_text(self._path) as stream:
            first = [[str(cell) for cell in row] for line, _ in zip(text_lines(stream), range(SAMPLE_ROWS), strict=False) if (row := _row(line))]
        header = find_header(first, is_field_name)
        self.names = header.names
        screen, seen = Screen(), 0
        with open_text(self._path) as stream:
            for number, line in enumerate(text_lines(stream), 1):
                if not line.strip():
                    continue
                row = _row(line)
                seen += bool(row)
                if not row:
                    self.trouble.add(f"Line {number:,} holds no row of cells.", None, pointer=f"/lines/{number}")
                elif seen > header.index + 1 and (told := self._told(row)):
                    data = screen.cleared(told)
                    yield found_record(f"/lines/{number}", {}, data)

    def _told(self, row: list[Any]) -> dict[str, Any]:
        """The cells of a row by their names; those beyond the headings as `column N`."""
        named = {name: cell for name, cell in zip(self.names, row, strict=False) if cell not in (None, "")}
        return named | {f"column {number}": cell for number, cell in enumerate(row, 1) if number > len(self.names) and cell not in (None, "")}


def require_fits(path: Path) -> None:
    """Raises UnknownFormatError when a file that must be read whole (lists in texts, records that point to each other) is too large for that."""
    if path.stat().st_size > LARGEST_FILE:
        raise UnknownFormatError("The file must be read as a whole, and is too large for that.", "Export its list as plain records, or in parts.")


@contextmanager
def as_file(content: bytes) -> Iterator[Path]:
    """Content to be read as a file is. It stays in memory where the system can do that: it may hold what is personal."""
    if not hasattr(os, "memfd_create"):
        with NamedTemporaryFile() as stream:
            stream.write(content)
            stream.flush()
            yield Path(stream.name)
        return
    descriptor = os.memfd_create("unfolded")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
