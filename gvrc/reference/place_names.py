"""How names of places are written and compared: keys that do not see spelling habits, word by word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 120
"""Characters of a place name that are read; no official name has more than 40."""

_APOSTROPHES = re.compile(r"['’‘`´ʼ]")
_NUMBERING = re.compile(r"^\s*(?:\d{1,3}|[ivx]{1,4})\s*[.):-]\s*", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")
_SLASH = re.compile(r"\s*[/\\]\s*|\s+-\s+")
_SPELLINGS = {"mt": "mount", "twp": "township", "sth": "south", "nth": "north", "st": "saint", "ii": "2", "iii": "3", "iv": "4", "i": "1"}
_KIND_WORDS = frozenset({"county", "constituency", "ward", "subcounty", "district", "division", "province", "region"})
_LEADING_KINDS = (("county", "government", "of"), ("county", "of"), ("sub", "county"), ("county",), ("ward",), ("constituency",), ("district",))
_TRAILING_KINDS = (("sub", "county"), ("sub", "counties"), ("county", "government"))


@lru_cache(maxsize=16_384)
def place_words(text: str) -> tuple[str, ...]:
    """The words of a place name: lower case, no accents, apostrophes or numbering (`1. KWALE`), and no word that only names the kind of
    unit (`County`, `Sub-County`, `Ward`) unless nothing else would be left."""
    words = _plain_words(_NUMBERING.sub("", text[:LONGEST_NAME]))
    stripped = _without_kind(words)
    return stripped or words


def _plain_words(text: str) -> tuple[str, ...]:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text)).encode("ascii", "ignore").decode()
    words = _WORD.findall(_APOSTROPHES.sub("", text.lower()).replace("&", " and "))
    return tuple(_SPELLINGS.get(word, word) for word in words)


def _without_kind(words: tuple[str, ...]) -> tuple[str, ...]:
    for kind in _LEADING_KINDS:
        if words[: len(kind)] == kind:
            words = words[len(kind) :]
            break
    for kind in _TRAILING_KINDS:
        if words[-len(kind) :] == kind:
            return words[: -len(kind)]
    while len(words) > 1 and words[-1] in _KIND_WORDS:
        words = words[:-1]
    return words


@lru_cache(maxsize=16_384)
def place_key(text: str) -> str:
    """The name without spaces and spelling habits: `Homa-Bay County` and `HOMABAY` share a key."""
    return "".join(place_words(text))


@lru_cache(maxsize=16_384)
def ordered_key(text: str) -> str:
    """The same with its words in alphabetical order: `Imenti North` and `North Imenti` share it."""
    return " ".join(sorted(place_words(text)))


def name_parts(text: str) -> tuple[str, ...]:
    """The parts of a double name: `Mutito/Kaliku` gives both; a single name gives nothing."""
    parts = tuple(part for part in _SLASH.split(text[:LONGEST_NAME]) if len(place_key(part)) >= 4)
    return parts if len(parts) > 1 else ()
