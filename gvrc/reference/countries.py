"""Countries by their names and codes: what lies outside Kenya is told, never placed in it."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from gvrc.errors import ReferenceDataError
from gvrc.model.quick import quick
from gvrc.reference.place_names import place_key, place_words
from gvrc.settings import DATA_DIR

KENYA = "KE"
LONGEST_STATED = 80
"""Characters of a text that states a country."""
SHORTEST_TOLD = 5
"""Letters of a country's name that tells the country in a text about a place: `Mali` and `Oman` may begin anything."""

_BETWEEN = re.compile(r"\s*(?:[/,;|&]|\band\b|\bna\b)\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]*\)?")
_ALSO_CALLED_SO = frozenset({"congo", "jordan", "guinea", "wales", "ireland"})
"""Names of countries that villages, estates and persons have too: they tell one only where a country is stated."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country by its code (ISO 3166, two letters) and its usual name in English."""

    code: str
    name: str


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Every spelling with the code of its country, the usual name of each first."""
    try:
        with (DATA_DIR / "reference" / "countries.csv").open(encoding="utf-8", newline="") as stream:
            return {row["spelling"]: row["code"] for row in csv.DictReader(stream)}
    except (OSError, KeyError):
        raise ReferenceDataError("The table of countries cannot be read.", "Restore data/reference from the project.") from None


@lru_cache(maxsize=1)
def _by_spelling() -> dict[str, Country]:
    named: dict[str, Country] = {}
    for spelling, code in _spellings().items():
        named.setdefault(code, Country(code=code, name=spelling))
    return {place_key(spelling): named[code] for spelling, code in _spellings().items()}


@lru_cache(maxsize=1)
def _by_code() -> dict[str, Country]:
    return {country.code: country for country in _by_spelling().values()}


@lru_cache(maxsize=1)
def country_keys() -> frozenset[str]:
    """The names of countries as place names are compared, but for those that other places have too: what heads a part of a list by itself."""
    return frozenset(key for key in _by_spelling() if len(key) >= SHORTEST_TOLD and key not in _ALSO_CALLED_SO)


@lru_cache(maxsize=4_096)
def stated_countries(text: str) -> tuple[Country, ...]:
    """The countries that a text names and nothing else (`Kenya / Uganda`, `TZ`, `Tanzania (Arusha)`); empty when a part of it is none."""
    if len(text) > LONGEST_STATED:
        return ()
    parts = [part for part in _BETWEEN.split(_BRACKETS.sub(" ", text)) if part.strip(" .-")]
    found = [_by_code().get(part.strip(" .").upper()) or _dialled(part.strip(" ()")) or _by_spelling().get(place_key(part)) for part in parts]
    return tuple(country for country in found if country is not None) if all(found) else ()


_DIALLED = re.compile(r"(?:\+|00)?([1-9]\d{0,2})")


def _dialled(text: str) -> Country | None:
    """The country that numbers with a code before them (`+256`) are called in."""
    code = _DIALLED.fullmatch(text)
    return _by_code().get(phonenumbers.region_code_for_country_code(int(code[1]))) if code and (len(code[1]) == COUNTRY_DIGITS or text[0] in "+0") else None


COUNTRY_DIGITS = 3
"""Digits of a code that tells a country without its plus sign; fewer may count something."""
_BEGINNING = 3
"""Letters by which nearly every text is passed over that names no country."""


@lru_cache(maxsize=1)
def _beginnings() -> frozenset[str]:
    return frozenset(spelling[:_BEGINNING].casefold() for spelling in _spellings())


def country_told(text: str) -> Country | None:
    """The country that a text about where a place lies ends with (`Kampala, Uganda`), or is; None when it names none, or Kenya too."""
    last = text.rstrip(" ,.")[-LONGEST_STATED:].rpartition(",")[2].lstrip(" .-(0123456789)")
    return _country_at_end(text) if last[:_BEGINNING].casefold() in _beginnings() else None


@lru_cache(maxsize=16_384)
def _country_at_end(text: str) -> Country | None:
    parts = [key for part in text[-200:].split(",") if (key := place_key(part))]
    country = _by_spelling().get(parts[-1]) if parts and parts[-1] in country_keys() else None
    return None if country is None or "kenya" in parts[:-1] else country



MOST_WORDS_OF_HEADING, MOST_WORDS_OF_NAME = 7, 3


@lru_cache(maxsize=4_096)
def country_headed(text: str) -> Country | None:
    """The country that a heading, or the key of a list, begins or ends with (`Uganda hotlines`, `Shelters in South Africa`); None when it names none, or Kenya too."""
    words = place_words(text.replace("_", " "))
    if len(words) > MOST_WORDS_OF_HEADING or "kenya" in words[1:-1]:
        return None
    sizes = range(min(MOST_WORDS_OF_NAME, len(words)), 0, -1)
    found = [_by_spelling()[key] for size in sizes for key in ("".join(words[:size]), "".join(words[-size:])) if key in country_keys()]
    return found[0] if found and all(country.code == found[0].code for country in found) else None
