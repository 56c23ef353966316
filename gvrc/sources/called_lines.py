"""Texts without a table whose lines each name a place and the number to call there, as notes and messages pass them on: `1195 - National GBV hotline`.

A line without a number is a name, or what heads those below; the cleaning tells which. A county or a country by itself heads the lines below it. Nothing is left out but
empty lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gvrc.sources.field_names import is_label
from gvrc.sources.json_stream import FoundRecord, Screen, Trouble, found_record
from gvrc.sources.json_tables import called, record_of_text, tells_a_number
from gvrc.sources.looks import LOOKS, SECTION, county_in_title, heading_level, is_area
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


_COURTESY = re.compile(r"(?:good (?:morning|afternoon|evening|day)|dear|hi|hello|habari|jambo|greetings|please|kindly|thanks?|thank you|asante|as (?:discussed|agreed|requested)|find|attached|below)\b", re.IGNORECASE)
"""How a message begins, and what it says around its list."""
_CLOSING = re.compile(r"(?:(?:kind|best|warm)? ?regards|yours? (?:sincerely|faithfully|truly)|sincerely|thanks?(?: you)?(?: and regards)?|best|asante)\W*$", re.IGNORECASE)
"""Behind it stands who sent the message."""


def listed_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, without those of a message around its list: they tell no place and hold no digit."""
    is_closed = False
    for number, line in enumerate(lines, 1):
        plain = line.strip()
        is_closed = is_closed or _CLOSING.match(plain) is not None
        if (is_closed or _COURTESY.match(plain) is not None) and not any(map(str.isdigit, plain)) and not county_in_title(plain):
            continue
        yield number, line


def plain_line(line: str) -> str:
    """A line without its quotes and the mark of an enumeration before it."""
    return _MARK.sub("", line.strip().strip('"').strip(), count=1)


def are_called_lines(lines: Sequence[str]) -> bool:
    """Whether most lines of a text tell a name and a number, many of them one that surely is one to call."""
    told = [plain for _, line in listed_lines(lines) if not _HEADING.match(line) and (plain := plain_line(line)) and heading_level(plain) != SECTION]
    if len(told) < FEWEST_LINES or sum(is_label(plain.partition(":")[0]) for plain in told) > FEWEST_LABELS:
        return False
    are_called = [plain for plain in told if called(plain) is not None or _ends_with_code(plain)]
    return len(are_called) >= MOSTLY * len(told) and sum(tells_a_number(plain) or bool(_ends_with_code(plain)) for plain in told) >= MANY * len(told)


def _ends_with_code(line: str) -> dict[str, str]:
    """The name and the short code of a line that ends with one behind a colon or a dash (`GBV Hotline: 1195`); empty for any other, and for a county with a count."""
    found = _CODE_LAST.fullmatch(line)
    if found is None or is_area(found["name"]) or not LOOKS["short_code"](found["code"]):
        return {}
    return {"name": found["name"], "hotline": found["code"]}


_CODE_LAST = re.compile(r"(?P<name>[^\W\d_][^:]{1,80}?)\s*(?::|\s[-–—])\s*(?P<code>\d{3,4})[\s.]*")


class CalledLines:
    """Yields the lines of such a text as records, their pointers `/rows/N` with N from 1 as lines are counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = Trouble()

    def __iter__(self) -> Iterator[FoundRecord]:
        screen, context = Screen(), dict[str, Any]()
        with open_text(self._path) as stream:
            for number, line in listed_lines(text_lines(stream)):
                if _HEADING.match(line) and (county := county_in_title(line.strip())):
                    context = {SECTION: county}
                elif told := _ends_with_code(plain_line(line)) or record_of_text(plain_line(line)):
                    data = screen.cleared(told)
                    if list(told) == ["name"] and heading_level(told["name"]) == SECTION:
                        context = {SECTION: told["name"]}
                    yield found_record(f"/rows/{number}", context, data)
