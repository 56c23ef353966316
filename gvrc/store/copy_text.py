"""Rows as the text that COPY reads. The driver can write them too; this takes a third of its time, which counts with lists of a hundred thousand rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer

from gvrc.store.jsonb import dump_json, load_json, storable_text

NOTHING = r"\N"
"""What stands for NULL."""
_LINES_AT_ONCE = 400
"""Rows that go to the server in one block."""
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
_WRITTEN = re.compile(r"\\[\\tnr]")
_MEANT = {written: sign for sign, written in _ESCAPED.items()}


def copy_blocks(driver: psycopg.Connection[Any], rows: Iterable[Sequence[Any]], is_json: Sequence[bool]) -> Iterator[tuple[int, str]]:
    """The rows in blocks of text, each behind the number of its rows. In a column of JSON (`is_json`) stands any value."""
    plain, json = _Writers(_by_driver(driver), _PLAIN), _Writers(_json, {})
    columns = [json if told else plain for told in is_json]
    left = iter(rows)
    while block := list(islice(left, _LINES_AT_ONCE)):
        lines = ["\t".join([NOTHING if value is None else writers[type(value)](value) for value, writers in zip(row, columns, strict=True)]) for row in block]
        yield len(lines), "\n".join(lines) + "\n"


def line_blocks(lines: Iterable[str]) -> Iterator[str]:
    """Lines of cells with tabs between them in blocks."""
    left = iter(lines)
    while block := list(islice(left, _LINES_AT_ONCE)):
        yield "\n".join(block) + "\n"


def cell(value: str | None) -> str:
    """A text, or nothing, as a cell of a line."""
    if value is None:
        return NOTHING
    if value.isascii() and value.isprintable() and "\\" not in value:
        return value
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], storable_text(value))


def json_cell(value: bytes) -> str:
    """JSON as a cell of a line; the signs that end a cell or a line stand in no JSON."""
    return value.decode().replace("\\", r"\\")


def values_of(line: str, is_json: Sequence[bool]) -> list[Any]:
    """The cells of a line as values again: texts, and the values of JSON (`is_json`)."""
    cells = [None if told == NOTHING else _WRITTEN.sub(lambda found: _MEANT[found[0]], told) for told in line.split("\t")]
    return [load_json(told) if told is not None and json else told for told, json in zip(cells, is_json, strict=True)]


class _Writers(dict[type, Callable[[Any], str]]):
    """How values of each type are written; of every other type by `other`."""

    def __init__(self, other: Callable[[Any], str], known: dict[type, Callable[[Any], str]]) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, _kind: type) -> Callable[[Any], str]:
        return self._other


def _json(value: Any) -> str:
    return json_cell(dump_json(value))


_PLAIN: dict[type, Callable[[Any], str]] = {str: cell, int: str, float: repr, bool: lambda value: "t" if value else "f"}


def _by_driver(driver: psycopg.Connection[Any]) -> Callable[[Any], str]:
    """Every other type as the driver writes it: arrays, days, ids."""
    transformer = Transformer(driver)

    def write(value: Any) -> str:
        if isinstance(value, str):
            return cell(str(value))
        if isinstance(value, list | tuple):
            value = [storable_text(item) if isinstance(item, str) else item for item in value]
        written = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return NOTHING if written is None else cell(bytes(written).decode())

    return write
