"""Dates as lists write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from gvrc.cleaning.text import clean_text

_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?!\d)")
_WORDS = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-]{1,2})?([a-z]{3,9})\.?,?[\s\-]{1,2}(?:(\d{1,2})(?:st|nd|rd|th)?,\s?)?(\d{4})", re.IGNORECASE)
_SHORT = re.compile(r"(\d{1,2})[\s\-/]([a-z]{3,9})[\s\-/](\d{2})(?!\d)", re.IGNORECASE)
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s(?=\d)", re.IGNORECASE)
_DIGITS = re.compile(r"\d{5,13}(?:\.\d{1,10})?")
_MONTHS = {name: number for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}
_MONTHS |= {"mac": 3, "mei": 5, "ago": 8, "okt": 10, "des": 12}  # Machi, Mei, Agosti, Oktoba, Desemba
EARLIEST_YEAR = 1900
BARE_YEARS = range(2000, 2051)
"""Years in which a day must lie that is written as digits alone; outside them the digits are something else."""
FIRST_OF_SHEET = date(1899, 12, 30)
"""Day 0 of spreadsheets."""


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
    text = _WEEKDAY.sub("", text, count=1)
    if _DIGITS.fullmatch(text):
        return _from_digits(text.partition(".")[0])
    if found := _ISO.match(text):
        return _day(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _NUMBERS.match(text):
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return _day(year, int(found[2]), int(found[1])) or _day(year, int(found[1]), int(found[2]))
    if found := _WORDS.match(text):
        month = _MONTHS.get(found[2][:3].casefold())
        return _day(int(found[4]), month, int(found[1] or found[3] or 1)) if month else None
    if found := _SHORT.match(text):
        month = _MONTHS.get(found[2][:3].casefold())
        return _day(2000 + int(found[3]), month, int(found[1])) if month else None
    return None


def _from_digits(digits: str) -> date | None:
    """A day without anything between its parts (`20240531`), as a spreadsheet counts days (`45443`), or as computers count seconds or milliseconds."""
    number = int(digits)
    if len(digits) == 8:
        day = _day(number // 10_000, number // 100 % 100, number % 100)
    elif len(digits) == 5:
        day = FIRST_OF_SHEET + timedelta(days=number)
    else:
        day = datetime.fromtimestamp(number / (1000 if len(digits) == 13 else 1), UTC).date() if len(digits) in (10, 13) else None
    return day if day is not None and day.year in BARE_YEARS else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= EARLIEST_YEAR else None
    except ValueError:
        return None
