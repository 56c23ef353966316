"""Texts that say several things behind their names, as pages and forms are copied: `Tel: 0700 000 001 Email: office@example.org Location: Tiwi Ward`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import orjson

from gvrc.sources.field_names import is_label

LONGEST_TEXT = 4_000
"""Characters of a text that is looked at; a longer one is prose."""
LABEL_MARK = " › "
"""What stands between the column of a table and a name within its text, where paths are not dotted."""
LONGEST_LABEL = 130
"""Characters before a colon in which its name is looked for; a name has fewer than half of them."""
MOST_WORDS = 4
"""Words of a name within a text."""

_LONG_BLANKS = re.compile(r"\s{3,}")
"""Blank space of a page, which says nothing by its length."""
_TAGS = re.compile(r"<!\[CDATA\[|\]\]>|</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_CELLS = re.compile(r"\s?:?\s*</t[dh]>\s*<t[dh]\b[^<>]{0,200}>\s*", re.IGNORECASE)
"""Between the two cells of a row, as maps show the fields of a place in a table."""
_HEADED = re.compile(r"<(b|strong|th|dt)\b[^<>]{0,200}>\s*([^<>:]{2,40}?)\s*:?\s*</\1>\s*:?\s*(?:</?[a-z]{1,4}>\s*)?", re.IGNORECASE)
_IN_LINE = re.compile(r"</?(?:b|strong|i|em|span|font|a|u)\b[^<>]{0,300}>", re.IGNORECASE)
_COLON = re.compile(r"(?<!\d)\s?:(?!//|\d\d\b)\s*")
_STRAY_START = re.compile(r"^(?:[\s|;,–—•·]|-(?!\d))+")
"""What stands before a value and is none of it; a minus before digits is."""
_BOUNDARY = re.compile(r"[\n|;,.•·]\s*|\s[-–—]\s")


def labelled(text: str) -> dict[str, str] | None:
    """What a text says behind each name of a field in it, and what stands before the first under an empty name; None for a text with fewer than two such
    names that is no name of a place with its number as pages show them, or one that is JSON."""
    if (text.count(":") < 2 and "</" not in text) or len(text) > LONGEST_TEXT or text.lstrip()[:1] in ("{", "["):
        return None
    return dict(pairs) if (pairs := _parts(text)) else None


def parts_of_cell(text: str) -> dict[str, Any] | None:
    """What a cell says by names: a JSON object that an export put there whole (`{"county": "Kwale", "lat": -4.2}`), or a text with names in it."""
    if text[:1] == "{" and text.endswith("}") and len(text) <= LONGEST_TEXT:
        try:
            told = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        return told if type(told) is dict and told else None
    return labelled(text)


@lru_cache(maxsize=1_024)
def _parts(text: str) -> tuple[tuple[str, str], ...]:
    text = _LONG_BLANKS.sub(lambda found: "\n" if "\n" in found[0] else " ", text)
    plain = _TAGS.sub("\n", _IN_LINE.sub("", _HEADED.sub(r"\n\2: ", _CELLS.sub(": ", text)))) if "<" in text else text
    labels: list[tuple[int, int, str]] = []
    after = 0
    for colon in _COLON.finditer(plain):
        begin = _label_begins(plain, after, colon.start())
        if begin >= 0:
            labels.append((begin, colon.end(), plain[begin : colon.start()].strip()))
            after = colon.end()
    if len({label.casefold() for _, _, label in labels}) < 2:
        return _headed_number(text) if "</" in text else ()
    ends = [begin for begin, _, _ in labels[1:]] + [len(plain)]
    told: dict[str, str] = {}
    for (_, start, label), end in zip(labels, ends, strict=True):
        if said := _STRAY_START.sub("", plain[start:end].rstrip(" \t\r\n|;,-–—•·")):
            told[label] = f"{told[label]}, {said}" if label in told else said
    if before := plain[: labels[0][0]].strip(" \t\r\n|;,-–—•·"):
        told[""] = before
    return tuple(told.items())


_HEADING = re.compile(r"\s*(?:<(?:div|p|span|center)\b[^<>]{0,300}>\s*)*<(h[1-6]|b|strong)\b[^<>]{0,300}>\s*([^<>]{3,100}?)\s*(?=<)", re.IGNORECASE)
"""What a page shows of a place begins with its name."""
_NUMBER = re.compile(r"(?<![\d.])\+?\d(?:[\s/()-]?\d){6,13}(?!\d)|(?:(?<=call )|(?<=dial )|(?<=tel ))\d{3,4}(?!\d)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,300}>")
MOST_BESIDE = 60
"""Characters beside the name and the number, such as `Call us on`; more of them is a description."""


def _headed_number(text: str) -> tuple[tuple[str, str], ...]:
    """The heading of a piece of a page under an empty name, and the number below it: `<h1>Tiwi Police Station</br><a href='tel:'>Call 0700 000 001</a></h1>`."""
    heading = _HEADING.match(text)
    if heading is None or any(map(str.isdigit, heading[2])) or not any(map(str.isalpha, heading[2])):
        return ()
    rest = " ".join(_TAG.sub(" ", text[heading.end() :]).split())
    numbers = _NUMBER.findall(rest)
    beside = len(rest) - sum(map(len, numbers))
    return (("", heading[2]), ("Tel", ", ".join(numbers))) if numbers and beside <= MOST_BESIDE else ()


def _label_begins(text: str, after: int, end: int) -> int:
    """Where the name before a colon begins, the longest one known; -1 when none stands there."""
    after = max(after, end - LONGEST_LABEL)
    start = max((found.end() for found in _BOUNDARY.finditer(text, after, end) if found.end() < end), default=after)
    words = list(re.finditer(r"\S+", text[start:end]))[-MOST_WORDS:]
    return next((start + word.start() for word in words if is_label(text[start + word.start() : end].strip())), -1)
