"""Text as it came to text one can compare: encoding mended, spaces and invisible characters gone, missing recognised."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from html.entities import html5
from typing import Any

import ftfy

from gvrc.reference.vocabularies import load_vocabularies, placeholder_key

LONGEST_TEXT = 10_000
"""Characters of one value that are read; the rest stays in the raw row only."""

MOST_LAYERS = 4
"""Times that damage is undone on one text."""

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_FTFY = ftfy.TextFixerConfig(unescape_html=True, explain=False)


def is_missing(value: Any) -> bool:
    """True for a value that says nothing: None, NaN, blank, only punctuation, or a placeholder such as `N/A`, `NIL`, `Unknown`,
    `NOT IN LIST`, `TO BE VERIFIED`; for a list or object, when everything in it is missing."""
    if value is None:
        return True
    if isinstance(value, str):
        return _is_missing_text(value) if len(value) < 200 else not value.strip()
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, int):
        return False
    if isinstance(value, Mapping):
        return all(is_missing(part) for part in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_missing(part) for part in value)
    return False


@lru_cache(maxsize=16_384)
def _is_missing_text(text: str) -> bool:
    if (begins := text[:2]).isalnum() and begins.isascii() and begins.lower() not in _beginnings_of_placeholders():
        return False
    return not _LETTER_OR_DIGIT.search(text) or placeholder_key(text) in load_vocabularies().placeholders


@lru_cache(maxsize=1)
def _beginnings_of_placeholders() -> frozenset[str]:
    """The first two signs of all placeholders, to pass over most values quickly."""
    return frozenset(key[:2] for key in load_vocabularies().placeholders)


_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,10}|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,20}(?:\s[^<>]{0,200})?/?>")
"""A tag of a page that a cell was copied from."""


def _sign(entity: re.Match[str]) -> str:
    """The sign that an entity stands for; a word that is none stays (`html.unescape` would take its beginning)."""
    name = entity[0][1:]
    return html.unescape(entity[0]) if name.startswith("#") else html5.get(name, entity[0])


def clean_text(value: Any) -> str | None:
    """The value as one line of text, or None when it is missing.

    Encoding damage is mended, invisible characters go, runs of spaces and line breaks become one space. Whole numbers lose a
    trailing `.0`; of a list the different parts are joined by `; `; an object is no text and gives None. At most LONGEST_TEXT characters.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _clean(value) if len(value) <= 300 else _one_line(value[:LONGEST_TEXT]) or None
    if is_missing(value) or isinstance(value, (bool, Mapping)):
        return None
    if isinstance(value, (list, tuple)):
        return "; ".join(dict.fromkeys(part for part in map(clean_text, value) if part))[:LONGEST_TEXT] or None
    return whole_number(value) if isinstance(value, float) else str(value)[:LONGEST_TEXT]


@lru_cache(maxsize=16_384)
def _clean(text: str) -> str | None:
    line = _one_line(text)
    return None if _is_missing_text(line) else line


def whole_number(value: float) -> str:
    """A number as a person writes it: 20074.0 is 20074."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


@lru_cache(maxsize=16_384)
def one_line(text: str) -> str:
    """`text` with its encoding mended and its white space made single."""
    return _one_line(text)


def _one_line(text: str) -> str:
    if "&" in text:
        text = _without_entities(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = _mended(text)
    if not text.isprintable():
        text = _INVISIBLE.sub(" ", text)
    return " ".join(text.split())


def _without_entities(text: str) -> str:
    """The text with the signs that its entities stand for, which may have been written as such up to three times over."""
    for _ in range(3):
        if "&" not in text or (plain := _ENTITY.sub(_sign, text)) == text:
            break
        text = plain
    return text


def _mended(text: str) -> str:
    """Encoding damage undone, layer by layer: text may have been damaged more than once."""
    for _ in range(MOST_LAYERS):
        mended = " ".join(_INVISIBLE.sub(" ", unicodedata.normalize("NFC", ftfy.fix_text(text, _FTFY))).split())
        if mended == text:
            break
        text = mended
    return text
