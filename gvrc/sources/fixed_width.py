"""Tables whose columns stand below each other by spaces alone, as terminals, old databases and printed reports write them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

FIXED = "fixed"
"""Dialect of a mapping whose file is such a table; behind it stand the columns, by the character at which each begins (`fixed 0,18,40`)."""
MOST_LINES_ABOVE = 5
"""Lines of a title that may stand above the heading row."""
FEWEST_LINES = 3
WIDEST = 10_000
"""Characters of a line; what is longer nobody printed."""

_RULE = re.compile(r"[\s+=_-]*")


def find_columns(lines: Sequence[str], is_field_name: Callable[[str], bool]) -> tuple[int, ...]:
    """The characters at which the columns of a table begin; empty when the lines are none, or name fewer than two fields.

    A column ends where every line is blank. Of two columns with a single blank between them, both must have a known name: a blank may stand in one
    place of every line by chance. What has no name of its own belongs to the nearer of its neighbours.
    """
    table = [line.rstrip().expandtabs() for line in lines if line.strip() and not _RULE.fullmatch(line.strip("\r\n"))]
    for above in range(min(MOST_LINES_ABOVE, len(table))):
        starts = _columns(table[above:], is_field_name)
        known = sum(map(is_field_name, cells_of(table[above], starts)))
        if known >= 2 and known >= 0.5 * len(starts):
            return starts
    return ()


def _columns(table: Sequence[str], is_field_name: Callable[[str], bool]) -> tuple[int, ...]:
    if len(table) < FEWEST_LINES:
        return ()
    width = max(map(len, table))
    if width > WIDEST:
        return ()
    is_blank = [all(len(line) <= place or line[place] == " " for line in table) for place in range(width)]
    starts = [place for place in range(width) if not is_blank[place] and (place == 0 or is_blank[place - 1])]
    gaps = {place: sum(1 for _ in itertools.takewhile(is_blank.__getitem__, range(place - 1, -1, -1))) for place in starts}
    kept: list[int] = []
    begun: int | None = None
    for place, end in itertools.pairwise([*starts, width]):
        begin, own = place if begun is None else begun, table[0][place:end].strip()
        if not own:
            begun = begin if end in gaps and gaps[end] < gaps[begin] else None  # the beginning of longer cells of the next column, or the end of those before
            continue
        begun = None
        before = table[0][kept[-1] : begin].strip() if kept else ""
        if not kept or gaps[begin] > 1 or (is_field_name(own) and is_field_name(before) and not is_field_name(f"{before} {own}")):
            kept.append(begin)
    return (0, *kept[1:])


def cells_of(line: str, starts: Sequence[int]) -> list[str]:
    """The cells of a line, without the blanks around them."""
    return [line[start:end].strip() for start, end in itertools.pairwise([*starts, len(line)])]


def with_tabs(lines: Iterable[str], starts: Sequence[int]) -> Iterator[str]:
    """The lines of a table with a tab between their cells; what breaks its ends of lines stays."""
    for line in lines:
        text = line.rstrip("\r\n")
        yield "\t".join(cells_of(text.expandtabs(), starts)) + line[len(text) :]


def dialect_of(starts: Sequence[int]) -> str:
    """The dialect that remembers where the columns begin."""
    return f"{FIXED} {','.join(map(str, starts))}"


def columns_of(dialect: str) -> tuple[int, ...]:
    """Where the columns of a dialect begin; empty when it is that of another form."""
    name, _, starts = dialect.partition(" ")
    return tuple(map(int, starts.split(","))) if name == FIXED and starts else ()
