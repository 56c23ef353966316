"""Records out of a CSV file that stands on its side: a field in each row, a place in each column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gvrc.errors import UnknownFormatError
from gvrc.sources.delimited import DelimitedRows, Header, Row, field_names
from gvrc.sources.field_names import known_name
from gvrc.sources.json_stream import FoundRecord, Screen, Trouble, found_record
from gvrc.sources.text import mend_text, open_text, text_lines

TRANSPOSED = " transposed"
"""Behind the delimiter in the dialect of a mapping."""
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of a file on its side, which cannot be read as a stream."""
LEAST_FIELDS = 3
MOST_ROWS = 100
"""A list of places has fewer fields than this; what is longer stands upright."""
_NUMBER = re.compile(r"\W*+(?:no|nr|record|facility|station|place)?+\W*+\d*+\W*+", re.IGNORECASE)


def is_transposed(rows: Sequence[Row], is_field_name: Callable[[str], bool]) -> bool:
    """Whether a table has its fields in the first column: known names there, and none, or only that one, in the first row."""
    full = [row for row in rows if any(cell.strip() for cell in row)]
    if not LEAST_FIELDS <= len(full) <= MOST_ROWS or min(map(len, full)) < 2:
        return False
    firsts = [row[0].strip() for row in full if row[0].strip()]
    known = [cell for cell in firsts if _names_a_field(cell, is_field_name)]
    if len(known) < LEAST_FIELDS or len(known) < 0.6 * len(firsts) or len(set(firsts)) < len(firsts):
        return False
    return not any(map(is_field_name, full[0][1:])) and len({named.canonical for cell in known if (named := known_name((cell,)))}) >= LEAST_FIELDS


def _names_a_field(cell: str, is_field_name: Callable[[str], bool]) -> bool:
    return is_field_name(cell) or known_name((cell,)) is not None


class TransposedRecords:
    """Yields the columns behind the first as records, their pointers `/columns/N` with N from 1; afterwards `trouble` tells what was wrong."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self.path, self.delimiter = path, delimiter
        self.trouble = Trouble()
        self.header = Header(index=-1, names=())

    def __iter__(self) -> Iterator[FoundRecord]:
        if self.path.stat().st_size > LARGEST_FILE:
            raise UnknownFormatError("The file has a field in each row and a place in each column, and is too large to be read that way.", "Turn the table round and export it again.")
        with open_text(self.path) as stream:
            reader = DelimitedRows(text_lines(stream), self.delimiter)
            self.trouble = reader.trouble
            rows = [row for row in reader if any(cell.strip() for cell in row[1:])]
        self.header = Header(index=0, names=field_names([_label(row, place) for place, row in enumerate(rows)]))
        screen = Screen()
        for column in range(1, max(map(len, rows), default=0)):
            told: dict[str, Any] = {name: mend_text(row[column]) for name, row in zip(self.header.names, rows, strict=True) if len(row) > column and row[column].strip()}
            if told and not all(map(_NUMBER.fullmatch, told.values())):
                data = screen.cleared(told)
                yield found_record(f"/columns/{column}", {}, data)


def _label(row: Row, place: int) -> str:
    """The name of a row's field; the heads of the columns are the names of the places when nothing else is said of them."""
    is_count = all(map(_NUMBER.fullmatch, row[1:]))
    return "#" if place == 0 and is_count else row[0].strip() or ("Name" if place == 0 else "")
