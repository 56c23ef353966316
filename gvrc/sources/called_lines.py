"""Texts without a table whose lines each name a place and the number to call there, as notes and messages pass them on: `1195 - National GBV hotline`.

A line without a number is a name, or what heads those below; the cleaning tells which. Nothing is left out but empty lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gvrc.sources.field_names import is_label
from gvrc.sources.json_stream import FoundRecord, Screen, Trouble, found_record
from gvrc.sources.json_tables import called, record_of_text, tells_a_number
from gvrc.sources.text import open_text, text_lines

CALLED_LINES = "called lines"
"""Dialect of a mapping whose file is such a text."""
FEWEST_LINES = 3
MOSTLY = 0.7
"""Share of the lines that must tell a name and a number, ..."""
MANY = 0.5
"""... and share of those whose number surely is one to call: three digits alone may count the places as well."""
FEWEST_LABELS = 1
"""More lines that say whose number theirs is (`Tel: ..`) describe places one after the other."""
_MARK = re.compile(r"^(?:[-*•·▪>#]+|\(?\d{1,2}[.)])\s+")
"""What stands before a line of an enumeration or a heading."""
_HEADING = re.compile(r"\s*#+\s|.*[^\d\s]\s*:[\s*_]*$|\s*[-=_*]{3,}\s*$")
"""What heads the lines below, or parts them: `### Police`, `Police:`, `-----`."""


def plain_line(line: str) -> str:
    """A line without its quotes and the mark of an enumeration before it."""
    return _MARK.sub("", line.strip().strip('"').strip(), count=1)


def are_called_lines(lines: Sequence[str]) -> bool:
    """Whether most lines of a text tell a name and a number, many of them one that surely is one to call."""
    told = [plain for line in lines if not _HEADING.match(line) and (plain := plain_line(line))]
    if len(told) < FEWEST_LINES or sum(is_label(plain.partition(":")[0]) for plain in told) > FEWEST_LABELS:
        return False
    return sum(called(plain) is not None for plain in told) >= MOSTLY * len(told) and sum(map(tells_a_number, told)) >= MANY * len(told)


class CalledLines:
    """Yields the lines of such a text as records, their pointers `/rows/N` with N from 1 as lines are counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        screen = Screen()
        with open_text(self._path) as stream:
            for number, line in enumerate(text_lines(stream), 1):
                if told := record_of_text(plain_line(line)):
                    data = screen.cleared(told)
                    yield found_record(f"/rows/{number}", {}, data)
