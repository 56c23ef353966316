"""Records out of a CSV file: its delimiter and header are found, stray quotation marks and uneven rows do not stop it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from gvrc.reference.countries import country_told
from gvrc.reference.offices import office_of
from gvrc.reference.vocabularies import kind_words, load_vocabularies, normalised
from gvrc.sources.field_names import NOWHERE, is_field_name, known_name
from gvrc.sources.fixed_width import columns_of, with_tabs
from gvrc.sources.json_stream import LONGEST_INHERITED, FoundRecord, Screen, Trouble, found_record
from gvrc.sources.looks import KIND_HEADING, SECTION, SERVICES_HEADING, county_in_title, is_kind_key, is_yes
from gvrc.sources.text import LONGEST_RECORD, mend_text, open_text, text_lines

DELIMITERS = (",", ";", "\t", "|", "^", "~", "¦")
SAMPLE_ROWS = 60
"""Rows looked at to find delimiter and header."""
COLUMNS_LOOKED_AT = 500
"""Columns of which is asked what they are; those of a hostile file may be more than there is time for, and are read all the same."""
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


NAMES_TELL = 2.0
"""How many cells more in each row one known name of a field outweighs: commas within numbers make many cells too (`-1,2921;36,82`)."""


NAMES_OF_A_TABLE = 2
"""Known names of fields in one row from which on it heads a table, however many lines of a note stand above."""


def sniff_delimiter(lines: list[str]) -> str | None:
    """The delimiter under which most rows have the same number of cells, and a row names most fields; None when the text is no table."""
    best, best_rank = None, 0.0
    for delimiter in DELIMITERS:
        rows = [row for row in DelimitedRows(lines, delimiter) if any(cell.strip() for cell in row)]
        widths = list(map(len, rows))
        if not widths:
            continue
        named = max(sum(map(is_field_name, row)) for row in rows[:30])
        width, alike = Counter(width for width in widths if width > 1 or named < NAMES_OF_A_TABLE).most_common(1)[0]
        rank = alike / len(widths) * min(width, 12) + NAMES_TELL * named if width > 1 else 0.0
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best


def find_header(rows: list[Row], is_field_name: Callable[[str], bool]) -> Header:
    """The row that names the fields: the one with the most known names among the first full rows, else the first without numbers."""
    full = _usual_width([row for row in rows if _filled(row)])
    candidates = [index for index, row in enumerate(rows[:30]) if _could_name_fields(row, full)]
    known = {index: _names_in(rows[index], is_field_name) for index in candidates}
    first = next((index for index in candidates if is_header_row(rows[index], is_field_name)), -1)
    index = first if first >= 0 else max(candidates, key=lambda place: (known[place], -place), default=-1)
    if index >= 0 and not known[index]:
        index = candidates[0] if candidates[0] == _first_full(rows, full) and not _is_like_the_rest(rows, candidates[0]) else -1
    if index < 0:
        return Header(index=index, names=field_names([], max((len(row) for row in rows), default=0)))
    cells, index = _with_second_line(rows, index, is_field_name)
    if index and cells is rows[index]:
        cells = _with_line_above(rows[index - 1], cells)
    return Header(index=index, names=field_names(cells))


def _names_in(row: Row, is_field_name: Callable[[str], bool]) -> int:
    """How many fields a row names. Ticks (`x`, `no`) are names too, of a longitude or a running number, but only beside others, and once each: a row of a table of
    services holds many."""
    told = Counter(cell.strip().casefold() for cell in row if is_field_name(cell))
    ticks = {name for name in told if is_yes(name) is not None}
    names = len(told) - len(ticks)
    return names + sum(told[tick] == 1 for tick in ticks) if names else 0


def is_header_row(row: Row, is_field_name: Callable[[str], bool]) -> bool:
    """Whether a row names fields beyond doubt: two or more known names, hardly anything else, and one that is never a value.

    `Town`, `Market`, `Police Post` name fields in one list and are values in another; `County`, `Phone`, `Latitude` are not.
    """
    known = {cell.strip() for cell in row if len(cell.strip()) > 2 and is_field_name(cell)}
    if len(known) < 2 or len(known) < 0.6 * _filled(row) or not _could_name_fields(row, 0):
        return False
    return any((named := known_name((cell,))) is not None and named.canonical in _NEVER_VALUES for cell in known)


_NEVER_VALUES = frozenset({
    "county", "constituency", "sub_county", "ward", "phone", "email", "latitude", "longitude", "coordinates", "mfl_code", "registration_number", "contact", "officer_contact",
})  # fmt: skip


def _with_second_line(rows: list[Row], index: int, is_field_name: Callable[[str], bool]) -> tuple[Row, int]:
    """The cells of a header that goes on in the row below: under `Coordinates` stand `Latitude` and `Longitude`.

    Returns the cells and the index of the last header row. The row below goes on when it names fields itself and what it says fills
    gaps of the first, or stands under headings that span several columns.
    """
    if index + 1 >= len(rows):
        return rows[index], index
    above, below = rows[index], rows[index + 1]
    gaps = {place for place, cell in enumerate(above) if not cell.strip()}
    spanned = gaps | {place - 1 for place in gaps}
    said = {place for place, cell in enumerate(below) if cell.strip()}
    if is_header_row(below, is_field_name) and len(said) >= _filled(above):
        return _joined(above, below), index + 1
    if not said or not gaps & said or not said <= spanned or not _could_name_fields(below, 0):
        return above, index
    is_named = sum(1 for place in said if is_field_name(below[place])) >= 1 or _is_unlike_the_rest(rows, index + 1)
    return (_joined(above, below), index + 1) if is_named else (above, index)


def _with_line_above(above: Row, below: Row) -> Row:
    """The cells of a header whose gaps the row above it fills: `COUNTY`, `POLICE COMMANDER` stand above nothing, `NAME` and `PHONE`."""
    fills = any(cell.strip() and not (below[place].strip() if place < len(below) else "") for place, cell in enumerate(above))
    return _joined(above, below) if fills and _filled(above) > 1 and _could_name_fields(above, 0) else below


def _spanning(last: str, cell: str) -> str:
    """A heading that spans several columns stands in the first of them."""
    return cell if cell.strip() else last


def _joined(above: Row, below: Row) -> Row:
    """Each column's own name; where the row below says nothing, that of the row above; where it says the same of several columns, both."""
    wide = max(len(above), len(below))
    above, below = above + [""] * (wide - len(above)), below + [""] * (wide - len(below))
    said = Counter(cell.strip().casefold() for cell in below)
    spans: list[str] = list(itertools.accumulate(above, _spanning))
    return [
        (f"{span.strip()} {lower.strip()}" if said[lower.strip().casefold()] > 1 and span.strip() else lower) if lower.strip() else upper
        for upper, lower, span in zip(above, below, spans, strict=True)
    ]


def _is_unlike_the_rest(rows: list[Row], index: int) -> bool:
    """Whether a row leaves its first column empty where all rows below fill it."""
    later = [row for row in rows[index + 1 : index + 20] if _filled(row)]
    return bool(later) and not rows[index][0].strip() and all(row[0].strip() for row in later if row)


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
    names: dict[str, None] = {}
    counts: dict[str, int] = {}  # of a name that comes again: without it, 10,000 columns of one name took minutes
    for number, cell in enumerate(cells or [""] * width, 1):
        name = " ".join(mend_text(cell).replace("\ufeff", "").split()) or f"column {number}"
        repeated = name
        count = counts.get(name, 2)
        while repeated in names:
            repeated, count = f"{name} ({count})", count + 1
        counts[name] = count
        names[repeated] = None
    return tuple(names)


_AREAS = frozenset({"county", "constituency", "sub_county", "district", "ward", "section"})


def merged_columns(names: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns whose cells were merged in the spreadsheet: an area is named once and the rows below leave it empty.

    Only columns of areas, filled in the first row, empty in many, and never naming one area twice in a row. Those of kinds too where they stand before the
    names and never come again (`TYPE OF SERVICE`), or where marks say that the cell above holds again (`"`, `-do-`, `ditto`).
    """
    areas = {place: name for place, name in enumerate(names) if _is_area(name)}
    dittoed = [name for place, name in enumerate(names) if (place in areas or _is_kind(name)) and _has_dittos([row[place].strip() if len(row) > place else "" for row in rows])]
    full = [row for row in rows if any(cell.strip() for place, cell in enumerate(row) if place not in areas)]
    merged = (name for place, name in areas.items() if _looks_merged([row[place].strip() if len(row) > place else "" for row in full], most_said=MOST_FILLED if _is_of_wards(name) else MOST_SAID))
    return tuple(dict.fromkeys((*merged, *dittoed, *_merged_kinds(names, rows))))


_OF_KINDS = frozenset({"facility_type", "category", "services"})


def _merged_kinds(names: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """The columns before the names that say once what kind of places follow."""
    canonicals = [named.canonical if (named := known_name((name,))) is not None else None for name in names]
    for place, canonical in enumerate(canonicals[: canonicals.index("name")] if "name" in canonicals else []):
        cells = [row[place].strip() if len(row) > place else "" for row in rows] if canonical in _OF_KINDS else []
        said = [cell.casefold() for cell in cells if cell]
        if len(said) > 1 and len(set(said)) == len(said) and _looks_merged(cells):
            yield names[place]


def _is_area(name: str) -> bool:
    named = known_name((name,))
    return named is not None and named.canonical in _AREAS and _SERVED.search(name) is None


_SERVED = re.compile(r"\b(?:served?|covered|coverage|operations?|reach)\b", re.IGNORECASE)
"""Where an organisation works, which each row tells or leaves open for itself."""
MOST_COMING_AGAIN = 0.2
"""Share of merged cells that may name an area once more: in a list that is sorted by areas each comes once, but there are nine wards called Township."""


def _is_kind(name: str) -> bool:
    named = known_name((name,))
    return named is not None and named.canonical in ("facility_type", "category")


_DITTO = re.compile(r"[\"“”″„]{1,2}|''|,,|[-–.\s]*(?:do|ditto)[-–.\s]*|(?:same )?as above", re.IGNORECASE)


def _has_dittos(cells: Sequence[str]) -> bool:
    """Whether marks among cells say that the one above holds again."""
    return bool(cells) and bool(cells[0]) and _DITTO.fullmatch(cells[0]) is None and any(map(_DITTO.fullmatch, cells))


_GOES_ON_WITH = frozenset({"phone", "contact", "hotline", "email", "website", "officer", "officer_contact", "services"})
"""Fields of which a place may have several, so that it may go on in the row below with another one."""
FEWEST_GOING_ON = 0.2
"""Share of rows that must go on the one above where no running number tells rows apart."""


def columns_going_on(names: Sequence[str], rows: Sequence[Row]) -> tuple[frozenset[int], frozenset[int]]:
    """Where rows that say only more of the place above (another number, another service, the name merged over several rows) leave cells empty, and what
    they may fill; both empty when a list has no such rows."""
    canonicals = [named.canonical if (named := known_name((name,))) is not None else None for name in names]
    serials = {place for place, name in enumerate(names) if place < 2 and canonicals[place] == NOWHERE and len(name) <= 16}
    empty = frozenset(serials | {place for place, canonical in enumerate(canonicals) if canonical == "name"})
    filled = frozenset(place for place, canonical in enumerate(canonicals) if canonical in _GOES_ON_WITH)
    going_on = sum(_goes_on(row, empty, filled) for row in rows[1:])
    whole = [row for row in rows if not _goes_on(row, empty, filled)]
    are_whole = all(len(row) > place and row[place].strip() for row in whole for place in empty)
    is_enough = going_on > 1 and (bool(serials) or going_on >= FEWEST_GOING_ON * len(rows))
    return (empty, filled) if empty != serials and whole[:1] == rows[:1] and are_whole and is_enough else (frozenset(), frozenset())


def _goes_on(row: Row, empty: frozenset[int], filled: frozenset[int]) -> bool:
    said = [place for place, cell in enumerate(row) if cell.strip()]
    return bool(said) and empty.isdisjoint(said) and filled.issuperset(said)


def columns_broken(names: Sequence[str], rows: Sequence[Row]) -> tuple[int, int] | tuple[()]:
    """Where the running number and the name stand in a list some of whose rows were broken in two at the name, as pages are read out of documents; empty for any other."""
    canonicals = [named.canonical if (named := known_name((name,))) is not None else None for name in names]
    serial = next((place for place, canonical in enumerate(canonicals[:2]) if canonical == NOWHERE and len(names[place]) <= 16), None)
    name = next((place for place, canonical in enumerate(canonicals) if canonical == "name" or is_kind_key(names[place])), None)
    if serial is None or name is None:
        return ()
    return (serial, name) if any(_ends_a_name(one, other, serial, name) for one, other in itertools.pairwise(rows)) else ()


def _ends_a_name(begun: Row, row: Row, serial: int, name: int) -> bool:
    """Whether a row without a running number ends the name of the one above, which says nothing but its number and the beginning of the name (`3 | MSAMBWENI POLICE`,
    then `STATION | 0700 ..`): only words for a kind of place can end one."""
    said, more = [place for place, cell in enumerate(begun) if cell.strip()], [place for place, cell in enumerate(row) if cell.strip()]
    if said != sorted((serial, name)) or serial in more or name not in more or len(more) < 2 or not begun[serial].strip(" .").isdecimal():
        return False
    return set(normalised(row[name]).split()) <= kind_words()


def _with_rest(begun: FoundRecord, rest: FoundRecord, name: str) -> FoundRecord:
    """A record whose row was broken in two, together."""
    return found_record(begun[0], begun[1], {**begun[2], **rest[2], name: f"{begun[2][name]} {rest[2][name]}"})


MOST_SAID, MOST_FILLED = 0.8, 0.7
"""Share of the rows that may fill a column of merged cells, and one of wards: there a lone gap is one that nobody knows."""


def _is_of_wards(name: str) -> bool:
    named = known_name((name,))
    return named is not None and named.canonical == "ward"


def _looks_merged(cells: Sequence[str], *, most_said: float = MOST_SAID) -> bool:
    said = [cell for cell in cells if cell]
    if len(cells) < 4 or not cells[0] or len(said) > most_said * len(cells):
        return False
    return len(said) - len(set(said)) <= MOST_COMING_AGAIN * len(said) and all(one != other for one, other in itertools.pairwise(said))


# ---------------------------------------------------------------- records

class DelimitedRecords:
    """Yields the rows of a CSV file below its header as records; afterwards `trouble` tells what was wrong.

    The pointer is `/rows/N`, N counting the rows that hold anything, from 1. Empty cells are left out. Cells beyond the header are
    kept as `column N`. A row that is only a heading (`1. KWALE`) is a record too, and flows down to the rows below it.
    """

    def __init__(self, path: Path, delimiter: str, is_field_name: Callable[[str], bool], heading_level: Callable[[str], str]) -> None:
        self.path = path
        self._columns = columns_of(delimiter)
        self.delimiter = "\t" if self._columns else delimiter
        self.trouble = Trouble()
        self.header = Header(index=-1, names=())
        self._is_field_name = is_field_name
        self._headings = Headings(heading_level)
        self._context: dict[str, Any] = {}
        self._is_below_heading = False
        self._has_begun = False
        self._heading_rows: set[Sequence[str]] = set()
        self._has_short_rows = False
        self._screen = Screen()
        self._merged: dict[str, str] = {}
        self._going_on = frozenset[int](), frozenset[int]()
        self._broken: tuple[int, int] | tuple[()] = ()

    def __iter__(self) -> Iterator[FoundRecord]:
        self.header = self._find_header()
        with open_text(self.path) as stream:
            rows = DelimitedRows(self._lines(stream), self.delimiter)
            self.trouble = rows.trouble
            stream_of_rows = iter(rows)
            above = list(islice(stream_of_rows, self.header.index + 1))
            for row in above:
                self._learn_section(row)
                self._learn_title(row)
            yield from self._hotlines(above[:-1])
            rows.expect_width(len(self.header.names))
            self._has_begun = self.header.index >= 0
            yield from self._records(rows, stream_of_rows)

    def _hotlines(self, above: Sequence[Row]) -> Iterator[FoundRecord]:
        """The hotlines that a list names above its headings (`County GBV Hotline: 0800 ..`), as records under the headings of names and numbers; no officer's number."""
        canonicals = {named.canonical: name for name in reversed(self.header.names[:COLUMNS_LOOKED_AT]) if (named := known_name((name,))) is not None}
        name, number = canonicals.get("name"), next((canonicals[each] for each in ("hotline", "phone", "contact") if each in canonicals), None)
        for place, row in enumerate(above, 1):
            found = _HOTLINE.fullmatch(" ".join(cell.strip() for cell in row if cell.strip()))
            if found is not None and name and number:
                data = {name: mend_text(found["name"].strip(" .:-–(")), number: found["number"].strip()}
                yield found_record(f"/above/{place}", self._context, data)

    def _lines(self, stream: io.TextIOWrapper) -> Iterator[str]:
        """The lines of the file; those of a table with columns of fixed width with tabs between its cells."""
        return with_tabs(text_lines(stream), self._columns) if self._columns else text_lines(stream)

    def _find_header(self) -> Header:
        with open_text(self.path) as stream:
            rows = list(islice(DelimitedRows(self._lines(stream), self.delimiter), SAMPLE_ROWS))
        header = find_header(rows, self._is_field_name)
        self._heading_rows = {header.names, *(tuple(row) for row in rows[max(0, header.index - 1) : header.index + 1] if _filled(row) > 1)}
        below = itertools.takewhile(lambda row: not self._is_another_header(row) or field_names(row) == header.names, rows[header.index + 1 :])
        plain = [row for row in below if any(map(str.strip, row)) and tuple(row) not in self._heading_rows and not self._headings.is_one(row)]
        looked_at = header.names[:COLUMNS_LOOKED_AT]
        self._merged = dict.fromkeys(merged_columns(looked_at, plain), "")
        self._going_on = columns_going_on(looked_at, plain)
        self._broken = columns_broken(looked_at, plain)
        return header

    def _records(self, rows: DelimitedRows, body: Iterable[Row]) -> Iterator[FoundRecord]:
        if not self._going_on[0] and not self._broken:
            yield from (found for found, _ in self._each(rows, body))
            return
        together: list[FoundRecord] = []
        begun: Row = []
        for found, row in self._each(rows, body):
            if len(together) == 1 and self._broken and _ends_a_name(begun, row, *self._broken):
                together, begun = [_with_rest(together[0], found, self.header.names[self._broken[1]])], row
                continue
            if together and not (self._going_on[0] and _goes_on(row, *self._going_on)):
                yield _as_one(together)
                together = []
            together.append(found)
            begun = row
        if together:
            yield _as_one(together)

    def _each(self, rows: DelimitedRows, body: Iterable[Row]) -> Iterator[tuple[FoundRecord, Row]]:
        """Each row as a record, with its cells."""
        number = 0
        for row, is_last in _with_last(body):
            if not any(map(str.strip, row)) or tuple(row) in self._heading_rows or _is_rule(row):
                continue
            if _WEB_PAGE.match(row[0]):
                rows.trouble.add(f"A web page, perhaps an error of the server, stands in the place of row {number + 1:,}.", None, pointer=f"/rows/{number + 1}", broken=True)
                return
            row = self._divided(row)
            if self._is_another_header(row):
                self._begin_table(field_names(row))
                rows.expect_width(len(row))
                continue
            if is_last and self._breaks_off(row, rows):
                rows.trouble.add(f"The file breaks off in row {number + 1:,}, its last.", None, pointer=f"/rows/{number + 1}", broken=True)
                return
            self._has_short_rows = self._has_short_rows or len(row) < len(self.header.names)
            self._learn_section(row)
            if not self._has_begun:
                self._learn_title(row)
                self._has_begun = _filled(row) > 1
            self._learn_merged(row)
            number += 1
            data = self._data(self._without_dittos(row))
            yield found_record(f"/rows/{number}", self._context, data), row

    def _begin_table(self, names: tuple[str, ...]) -> None:
        """Another table begins, under the heading right above it if there is one; the header of the same table may come again on each page."""
        if names == self.header.names:
            return
        if not self._is_below_heading:
            self._headings.forget()
        self.header = Header(index=self.header.index, names=names)
        self._merged, self._context, self._has_short_rows = {}, self._headings.told, False

    def _divided(self, row: Row) -> Row:
        """A row in one piece that another delimiter divides into as many cells as there are fields was written with that one."""
        if len(row) > 1 or len(self.header.names) < 3:
            return row
        told = (row[0].split(other) for other in DELIMITERS if other != self.delimiter)
        return next((cells for cells in told if len(cells) == len(self.header.names)), row)

    def _breaks_off(self, row: Row, rows: DelimitedRows) -> bool:
        """Whether the last row was cut: no end of line, and an open quotation mark or fewer cells than every row before."""
        too_short = len(row) < len(self.header.names) and not self._has_short_rows
        return rows.ends_in_a_row and (too_short or rows.last_is_stray)

    def _data(self, row: Row) -> dict[str, Any]:
        names = self.header.names
        data: dict[str, Any] = {name: cell for name, cell in zip(names, row, strict=False) if cell}
        if len(row) > len(names):
            data.update({f"column {number}": cell for number, cell in enumerate(row, 1) if number > len(names) and cell})
        if any(cell.startswith('="') for cell in row):
            data = {name: found[1] if (found := _FORMULA.fullmatch(cell)) else cell for name, cell in data.items()}
        if not all(map(str.isascii, row)):
            data = {name: mend_text(cell) for name, cell in data.items()}
        return self._screen.cleared(data)

    def _is_another_header(self, row: Row) -> bool:
        """Whether a second table begins here, in a file that holds several one below the other, or the header comes again."""
        return is_header_row(row, self._is_field_name)

    def _without_dittos(self, row: Row) -> Row:
        """A row with nothing in the place of marks that say that the cell above holds again."""
        if not self._merged:
            return row
        names = self.header.names
        return ["" if place < len(names) and names[place] in self._merged and _DITTO.fullmatch(cell.strip()) else cell for place, cell in enumerate(row)]

    def _learn_merged(self, row: Row) -> None:
        """A cell that was merged over several rows stands in the first of them only: it flows down until the next one."""
        if not self._merged:
            return
        changed = False
        for name, cell in zip(self.header.names, row, strict=False):
            if name not in self._merged or _DITTO.fullmatch(cell.strip()):
                continue
            if cell.strip() or changed:
                changed = changed or cell.strip() != self._merged[name]
                self._merged[name] = mend_text(said) if len(said := cell.strip()) <= LONGEST_INHERITED else ""
        self._context = {**self._headings.told, **{key: value for key, value in self._merged.items() if value}}

    def _learn_section(self, row: Row) -> None:
        cells = _without_serial(_lone_cells(row))
        may_head = len(cells) == 1 and (len(row) > 2 - (not self.header.names) or _NAMES_A_UNIT.search(cells[0]) is not None or country_told(cells[0]) is not None)
        self._is_below_heading = may_head and self._headings.learn(mend_text(cells[0]))
        if self._is_below_heading:
            self._context = self._headings.told

    def _learn_title(self, row: Row) -> None:
        """A county that the title of a list names is that of its rows (`GBV SERVICE PROVIDERS - KILIFI COUNTY`)."""
        cells = _lone_cells(row)
        if len(cells) != 1 or (self._is_below_heading and self._has_begun):
            return
        title = mend_text(cells[0])
        if county := county_in_title(title):
            self._headings.learn_title(**{SECTION: county})
        if not self._has_begun and load_vocabularies().tells_only_of_shelters(title):
            self._headings.learn_title(**{SERVICES_HEADING: "Shelters"})
        elif not self._has_begun and not any(map(_names_places, self.header.names)) and office_of(title) is not None:
            self._headings.learn_title(**{KIND_HEADING: title})
        self._context = self._headings.told


_HOTLINE = re.compile(
    r"(?P<name>(?=.{0,60}(?:hot ?line|help ?line|toll[ -]?free|emergency (?:number|line)|namba ya (?:dharura|msaada)))\D{4,80}?)[\s:=(–-]*(?P<number>\+?\d[\d\s/-]{1,30}\d)[\s).]*", re.IGNORECASE
)
"""A line that names a hotline and its number, and says no more."""
_NAMES_A_UNIT = re.compile(r"\b(?:county|constituency|division)\b", re.IGNORECASE)
"""What makes a lone cell a heading beside one other column too, where a place without a number may stand by its name alone."""
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
"""A text that an export keeps a spreadsheet from taking for a number: `="0700000001"`."""


def _lone_cells(row: Row) -> list[str]:
    """What the cells of a row say; once where it was merged over all columns and is told in each."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return cells[:1] if len(cells) > 2 and cells[0] == cells[1] and cells.count(cells[0]) == len(cells) else cells


_SERIAL = re.compile(r"\W*(?:\d{1,3}|[A-Z]|[IVX]{1,4})\W*")


def _without_serial(cells: list[str]) -> list[str]:
    """The cells of a row without the number of a heading that names a unit: `A`, `MERU COUNTY`."""
    return cells[1:] if len(cells) == 2 and _SERIAL.fullmatch(cells[0]) and _NAMES_A_UNIT.search(cells[1]) else cells


def _as_one(found: Sequence[FoundRecord]) -> FoundRecord:
    """A record with what the rows below it say more of it, as lines of its cells."""
    if len(found) == 1:
        return found[0]
    pointer, context, first, *_ = found[0]
    cells: dict[str, list[str]] = {name: [cell] for name, cell in first.items()}
    for _, _, more, *_ in found[1:]:
        for name, cell in more.items():
            cells.setdefault(name, []).append(cell)
    data = {name: "\n".join(said) for name, said in cells.items()}
    return found_record(pointer, context, data)


def _rank(level: str) -> str:
    """Headings of kinds and of services end each other."""
    return KIND_HEADING if level == SERVICES_HEADING else level


class Headings:
    """The headings that a row stands under, each by its level: a new one ends those of the levels that first came below its own."""

    def __init__(self, heading_level: Callable[[str], str]) -> None:
        self._level_of = heading_level
        self._levels: list[str] = []
        self._title: dict[str, Any] = {}
        self.told: dict[str, Any] = {}

    def is_one(self, row: Row) -> bool:
        """Whether a row is only a heading."""
        cells = _lone_cells(row)
        return len(cells) == 1 and self._level_of(cells[0]) != ""

    def learn(self, text: str) -> bool:
        """Whether a text is a heading; if so the rows below stand under it."""
        level = self._level_of(text)
        if not level:
            return False
        rank = _rank(level)
        if rank not in self._levels:
            self._levels.append(rank)
        above = self._levels[: self._levels.index(rank)]
        self.told = {**self._title, **{name: said for name, said in self.told.items() if _rank(name) in above}, level: text}
        return True

    def forget(self) -> None:
        """Nothing stands under the headings so far any more."""
        self._levels, self.told = [], self._title

    def learn_title(self, **said: str) -> None:
        """The title of a list names a county, or what it holds: that of all rows that stand under no other."""
        self._title = {**self._title, **said}
        self.told = {**self._title, **self.told}


def _names_places(heading: str) -> bool:
    """Whether a column names the places of a list: it is called a name, or a kind of place."""
    named = known_name((heading,))
    return (named is not None and named.canonical in ("name", "official_name")) or is_kind_key(heading)


_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_TAG = re.compile(r"#[a-z][a-z0-9_]*(?:\s?\+[a-z][a-z0-9_]*)*")
_SIGNS_OF_A_RULE, _PART_OF_A_RULE = re.compile(r"[\s:|+=_-]*+"), re.compile(r"[-=]{3}")


def _is_rule(row: Row) -> bool:
    """Whether a row only draws a line between others (`|---|:---:|`), or holds the tags of the humanitarian exchange language (`#adm1+name`)."""
    if row[0][:1] == "#" or not row[0].strip():
        said = [cell.strip() for cell in row if cell.strip()]
        if len(said) > 1 and all(map(_TAG.fullmatch, said)):
            return True
    return all(map(_draws, row))


def _draws(cell: str) -> bool:
    """Whether a cell holds a line drawn with signs, or nothing."""
    return _SIGNS_OF_A_RULE.fullmatch(cell) is not None and (_PART_OF_A_RULE.search(cell) is not None or not cell.strip())


def _with_last(rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    """Each row, and whether it is the last one."""
    before: Row | None = None
    for row in rows:
        if before is not None:
            yield before, False
        before = row
    if before is not None:
        yield before, True
