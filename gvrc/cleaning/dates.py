"""Dates as lists write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from gvrc.cleaning.text import clean_text

_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?!\d)")
_WORDS = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-]{1,2})?([a-z]{3,9})\.?,?[\s\-]{1,2}(?:(\d{1,2})(?:st|nd|rd|th)?,\s?)?(\d{4})", re.IGNORECASE)
_MONTHS = {name: number for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}
EARLIEST_YEAR = 1900


def parse_date(value: Any) -> date | None:
    """The day a value names, or None. Kenyan order (day, month, year) unless only month, day, year is possible; a month alone is its first day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = clean_text(value)
    return _parsed(text[:40]) if text else None


@lru_cache(maxsize=8_192)
def _parsed(text: str) -> date | None:
    if found := _ISO.match(text):
        return _day(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _NUMBERS.match(text):
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return _day(year, int(found[2]), int(found[1])) or _day(year, int(found[1]), int(found[2]))
    if found := _WORDS.match(text):
        month = _MONTHS.get(found[2][:3].casefold())
        return _day(int(found[4]), month, int(found[1] or found[3] or 1)) if month else None
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= EARLIEST_YEAR else None
    except ValueError:
        return None
