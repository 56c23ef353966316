"""Records out of a CSV file: its delimiter and header are found, stray quotation marks and uneven rows do not stop it."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from gvrc.sources.json_stream import FoundRecord, Screen, Trouble, told_bytes
from gvrc.sources.text import LONGEST_RECORD, mend_text, open_text, text_lines

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 60
"""Rows looked at to find delimiter and header."""
LINES_IN_A_CELL = 100
"""Lines after which a quotation mark that was never closed counts as a stray one."""
STRAYS_BEFORE_IMPATIENCE = 20

Row = list[str]


@lru_cache(maxsize=8)
def _open_quote(delimiter: str) -> re.Pattern[str]:
    """Matches a text that ends inside a quoted cell."""
    other = re.escape(delimiter)
    quoted = r'"[^"]*+(?:""[^"]*+)*+'
    return re.compile(rf'(?:(?:{quoted}"[^{other}]*+|(?!")[^{other}]*+){other})*+{quoted}\Z')


class DelimitedRows:
    """The rows of a delimited text, one list of cells at a time; `trouble` tells of stray quotation marks and of a cut end."""

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        csv.field_size_limit(LONGEST_RECORD * 2)
        self._lines = iter(lines)
        self._waiting: deque[str] = deque()
        self._delimiter = delimiter
        self._open = _open_quote(delimiter)
        self._strays = 0
        self._width = 0
        self.line_number = 0
        self.trouble = Trouble()
        self.ends_in_a_row = False
        self.last_is_stray = False

    def __iter__(self) -> Iterator[Row]:
        while (line := self._next_line()) is not None:
            self.ends_in_a_row = not line.endswith(("\n", "\r"))
            self.last_is_stray = False
            if '"' in line:
                yield self._quoted(line)
            else:
                yield line.rstrip("\r\n").split(self._delimiter)

    def expect_width(self, width: int) -> None:
        """From now on rows of this many cells are the rule."""
        self._width = width

    def _next_line(self) -> str | None:
        line = self._waiting.popleft() if self._waiting else next(self._lines, None)
        self.line_number += line is not None
        return line

    def _quoted(self, first: str) -> Row:
        """A row with quotation marks: it may go on over several lines."""
        lines = [first]
        text = first
        longest = LINES_IN_A_CELL if self._strays < STRAYS_BEFORE_IMPATIENCE else 3
        while (is_open := self._open.match(text) is not None) and len(lines) < longest and len(text) < LONGEST_RECORD:
            if not self._read_to_next_quote(lines, longest):
                break
            text = "".join(lines)
        if is_open and self._open.match(text):
            return self._stray(lines)
        cells = next(csv.reader([text], delimiter=self._delimiter), [])
        if len(lines) > 1 and self._width == len(self._literal(first)) and (len(cells) != self._width or not self._is_strict(text)):
            return self._stray(lines)
        return cells

    def _is_strict(self, text: str) -> bool:
        """Whether every closing quotation mark of a row stands before a delimiter: two stray ones in different rows do not."""
        try:
            next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return False
        return True

    def _read_to_next_quote(self, lines: list[str], longest: int) -> bool:
        """Read lines up to one that holds a quotation mark. False when there is none."""
        while len(lines) < longest:
            line = self._next_line()
            if line is None:
                return False
            self.ends_in_a_row = not line.endswith(("\n", "\r"))
            lines.append(line)
            if '"' in line:
                return True
        return False

    def _literal(self, line: str) -> Row:
        return line.rstrip("\r\n").split(self._delimiter)

    def _stray(self, lines: list[str]) -> Row:
        """A quotation mark without its partner is a sign like any other; what was read too far is read again."""
        self._strays += 1
        self.last_is_stray = True
        self._waiting.extendleft(reversed(lines[1:]))
        self.line_number -= len(lines) - 1
        self.ends_in_a_row = not lines[0].endswith(("\n", "\r"))
        self.trouble.add(f"Line {self.line_number:,} has a quotation mark without its partner; it was read as it stands.", None)
        return self._literal(lines[0])


# ---------------------------------------------------------------- finding the table

@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the header stands (row index, -1 when there is none) and the field names, each once."""

    index: int
    names: tuple[str, ...]


def sniff_delimiter(lines: list[str]) -> str | None:
    """The delimiter under which most rows have the same number of cells; None when the text is no table."""
    best, best_rank = None, 0.0
    for delimiter in DELIMITERS:
        widths = [len(row) for row in DelimitedRows(lines, delimiter) if any(cell.strip() for cell in row)]
        if not widths:
            continue
        width, rows = Counter(widths).most_common(1)[0]
        rank = rows / len(widths) * min(width, 12) if width > 1 else 0.0
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best


def find_header(rows: list[Row], is_field_name: Callable[[str], bool]) -> Header:
    """The row that names the fields: the one with the most known names among the first full rows, else the first without numbers."""
    full = _usual_width([row for row in rows if _filled(row)])
    candidates = [index for index, row in enumerate(rows[:30]) if _could_name_fields(row, full)]
    known = {index: sum(is_field_name(cell) for cell in rows[index]) for index in candidates}
    index = max(candidates, key=lambda place: (known[place], -place), default=-1)
    if index >= 0 and not known[index]:
        index = candidates[0] if candidates[0] == _first_full(rows, full) and not _is_like_the_rest(rows, candidates[0]) else -1
    width = max((len(row) for row in rows), default=0)
    return Header(index=index, names=field_names(rows[index] if index >= 0 else [], width if index < 0 else 0))


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell.strip())


def _usual_width(rows: list[Row]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _first_full(rows: list[Row], width: int) -> int:
    return next((index for index, row in enumerate(rows) if len(row) == width and _filled(row) > 1), -1)


def _could_name_fields(row: Row, width: int) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    enough = len(cells) >= max(1, min(2, width)) and len(cells) >= width * 0.4
    return enough and all(len(cell) <= 80 and not _NUMBER.fullmatch(cell) and "@" not in cell for cell in cells)


_NUMBER = re.compile(r"[+(]?\d[\d\s().,/+-]*")


def _is_like_the_rest(rows: list[Row], index: int) -> bool:
    """A first row whose text stands again below, in its own column, is data."""
    for column, cell in enumerate(rows[index]):
        below = [row[column] for row in rows[index + 1 :] if len(row) > column]
        if cell.strip() and cell in below:
            return True
    return False


def field_names(cells: Row, width: int = 0) -> tuple[str, ...]:
    """Field names from a header row: an empty one is told by its column, a repeated one by a number."""
    names: list[str] = []
    for number, cell in enumerate(cells or [""] * width, 1):
        name = " ".join(mend_text(cell).replace("\ufeff", "").split()) or f"column {number}"
        repeated = name
        count = 2
        while repeated in names:
            repeated, count = f"{name} ({count})", count + 1
        names.append(repeated)
    return tuple(names)


# ---------------------------------------------------------------- records

class DelimitedRecords:
    """Yields the rows of a CSV file below its header as records; afterwards `trouble` tells what was wrong.

    The pointer is `/rows/N`, N counting the rows that hold anything, from 1. Empty cells are left out. Cells beyond the header are
    kept as `column N`. A row that is only a heading (`1. KWALE`) is a record too, and flows down as `section` to the rows below it.
    """

    def __init__(self, path: Path, delimiter: str, is_field_name: Callable[[str], bool], is_heading: Callable[[str], bool]) -> None:
        self.path = path
        self.delimiter = delimiter
        self.trouble = Trouble()
        self.header = Header(index=-1, names=())
        self._is_field_name = is_field_name
        self._is_heading = is_heading
        self._context: dict[str, Any] = {}
        self._has_short_rows = False
        self._screen = Screen()

    def __iter__(self) -> Iterator[FoundRecord]:
        self.header = self._find_header()
        with open_text(self.path) as stream:
            rows = DelimitedRows(text_lines(stream), self.delimiter)
            self.trouble = rows.trouble
            stream_of_rows = iter(rows)
            for row in islice(stream_of_rows, self.header.index + 1):
                self._learn_section(row)
            rows.expect_width(len(self.header.names))
            yield from self._records(rows, stream_of_rows)

    def _find_header(self) -> Header:
        with open_text(self.path) as stream:
            return find_header(list(islice(DelimitedRows(text_lines(stream), self.delimiter), SAMPLE_ROWS)), self._is_field_name)

    def _records(self, rows: DelimitedRows, body: Iterable[Row]) -> Iterator[FoundRecord]:
        number = 0
        for row, is_last in _with_last(body):
            if not any(map(str.strip, row)) or tuple(row) == self.header.names:
                continue
            if is_last and self._breaks_off(row, rows):
                rows.trouble.add(f"The file breaks off in row {number + 1:,}, its last.", None, elements=1, broken=True)
                return
            self._has_short_rows = self._has_short_rows or len(row) < len(self.header.names)
            self._learn_section(row)
            number += 1
            data = self._data(row)
            yield f"/rows/{number}", self._context, data, told_bytes(data)

    def _breaks_off(self, row: Row, rows: DelimitedRows) -> bool:
        """Whether the last row was cut: no end of line, and an open quotation mark or fewer cells than every row before."""
        too_short = len(row) < len(self.header.names) and not self._has_short_rows
        return rows.ends_in_a_row and (too_short or rows.last_is_stray)

    def _data(self, row: Row) -> dict[str, Any]:
        names = self.header.names
        data: dict[str, Any] = {name: cell for name, cell in zip(names, row, strict=False) if cell}
        if len(row) > len(names):
            data.update({f"column {number}": cell for number, cell in enumerate(row, 1) if number > len(names) and cell})
        if not all(map(str.isascii, row)):
            data = {name: mend_text(cell) for name, cell in data.items()}
        return self._screen.cleared(data)

    def _learn_section(self, row: Row) -> None:
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) == 1 and len(row) > 2 - (not self.header.names) and self._is_heading(cells[0]):
            self._context = {"section": mend_text(cells[0])}


def _with_last(rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    """Each row, and whether it is the last one."""
    before: Row | None = None
    for row in rows:
        if before is not None:
            yield before, False
        before = row
    if before is not None:
        yield before, True
