"""Names taken apart: what is distinctive, what only says the kind, what numbers and directions tell namesakes apart."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from gvrc.errors import ReferenceDataError

WORDS_FILE = Path(__file__).parent / "data" / "name_words.csv"
LONGEST_NAME = 300
"""Characters of a name that are compared; a longer "name" is a paragraph in the wrong column."""
SHORTEST_SLIP, LONG_SLIP = 6, 10
"""Letters of a word from which one slip, and from which two, still leave a word for a kind of place recognisable."""

SEPARATORS = str.maketrans(dict.fromkeys('-_,;:+*#"!?|\\<>=[]{}\0\t\r\n\xa0–—’‘`�', " ") | {"'": None, "&": " "})
_JOINED_BY_SLASH = re.compile(r"[a-z0-9]+(?:/[a-z0-9]+)+")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_NOT_WORD = re.compile(r"[^a-z0-9 ]+")
_NO_VOWELS = str.maketrans("", "", "aeiou")
_TOGETHER = "\n"
"""Stands between texts that are changed together: each of many short ones alone takes ten times as long."""
_DOUBLED = re.compile(r"(.)\1+")
_FOLDS = (("ph", "f"), ("ck", "k"), ("q", "k"), ("y", "i"), ("w", "u"), ("c", "k"), ("z", "s"), ("th", "t"), ("gh", "g"), ("kh", "k"), ("ou", "u"), ("l", "r"))


@dataclass(frozen=True, slots=True)
class WordRoles:
    """What words of a name do: `kind` says dispensary or station, `common` recurs, `filler` says nothing, `marker` tells namesakes apart,
    `sponsor` is a church or programme behind a place, `short` an abbreviation. `sponsors` has the one name of each sponsor, by its words."""

    role: dict[str, str]
    stands_for: dict[str, tuple[str, ...]]
    sponsors: dict[str, str]


@cache
def word_roles() -> WordRoles:
    """The roles of words, from the shipped table. Raises ReferenceDataError when it is missing."""
    try:
        with WORDS_FILE.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except OSError as error:
        raise ReferenceDataError(f"The word table {WORDS_FILE.name} cannot be read.", "Install the package again.") from error
    stands_for = {row["word"]: tuple(row["stands_for"].split()) for row in rows if row["stands_for"]}
    return WordRoles(
        role={row["word"]: row["role"] for row in rows},
        stands_for=stands_for,
        sponsors={row["word"]: stands_for.get(row["word"], (row["word"],))[0] for row in rows if row["role"] == "sponsor"},
    )


def plain(text: str) -> str:
    """Lower case letters and digits, single spaces; accents and apostrophes gone, initials joined (`A.I.C.` is `aic`), slashes kept inside words."""
    text = text[:LONGEST_NAME].lower()
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text.replace("\u2019", "'")) if not unicodedata.combining(letter)).lower()
    text = text.translate(SEPARATORS)
    if "." in text:
        text = _INITIALS.sub(lambda found: found.group().replace(".", "") + " ", text).replace(".", " ")
    return text


def split_words(text: str) -> list[str]:
    """The words of a plain text, abbreviations written out (`H/C` is `health centre`)."""
    return [word for piece in _unslashed(text).split() for word in _written_out(piece)]


def _written_out(piece: str) -> Sequence[str]:
    """The words that what stands between two spaces of a plain text stands for."""
    if not piece.isalnum() or not piece.isascii():
        return _NOT_WORD.sub(" ", piece).split()
    roles = word_roles()
    return roles.stands_for[piece] if roles.role.get(piece) == "short" else (piece,)


@lru_cache(maxsize=16_384)
def kind_word(word: str) -> str:
    """The long word for a kind of place that this word is a slip of (`Healht`, `Statiin`, `Dispensery`); the word itself when it is none."""
    if len(word) < SHORTEST_SLIP or word in word_roles().role:
        return word
    found = extractOne(word, _long_kind_words(), scorer=OSA.distance, score_cutoff=1 if len(word) < LONG_SLIP else 2)
    return word if found is None or found[0][0] != word[0] else found[0]


@cache
def _long_kind_words() -> tuple[str, ...]:
    return tuple(word for word, role in word_roles().role.items() if role == "kind" and len(word) >= SHORTEST_SLIP)


def _unslashed(text: str) -> str:
    """A plain text with its abbreviations that hold a slash written out, and other slashes apart."""
    if "/" not in text:
        return text
    roles = word_roles()
    return _JOINED_BY_SLASH.sub(lambda found: _slashed(found.group(), roles), text)


def _slashed(text: str, roles: WordRoles) -> str:
    return " ".join(roles.stands_for[text]) if text in roles.stands_for else text.replace("/", " ")


def is_simple(name: str) -> bool:
    """Whether a name is plain but for its capitals and separators, so that many such can be made plain as one text."""
    return name.isascii() and "." not in name and "(" not in name and "\0" not in name and len(name) <= LONGEST_NAME


def main_and_bracketed(name: str, qualifiers: Sequence[str] = ()) -> tuple[str, str]:
    """The plain text of one name, and that of what stands in brackets. `qualifiers` are bracketed parts that the
    cleaning took out of it."""
    text = plain(name)
    bracketed = " ".join(plain(qualifier) for qualifier in qualifiers)
    if "(" in text:
        bracketed += " " + " ".join(_BRACKETS.findall(text))
        text = _BRACKETS.sub(" ", text)
    return text, bracketed


def telling(words: Sequence[str]) -> list[str]:
    """The words in brackets that say more than the kind of place."""
    roles = word_roles()
    return [word for position, word in enumerate(words) if roles.role.get(word) not in ("kind", "filler") and not is_level(words, position)]


def is_level(words: Sequence[str], position: int) -> bool:
    """Whether a number says the level of a hospital (`Level IV`), which changes over the years, and not which of several namesakes it is."""
    return position > 0 and words[position - 1] == "level" and word_roles().role.get(words[position]) == "marker"


def folded(text: str) -> str:
    """A word as it sounds: spelling variants of one name (`Khumusalaba`, `Kumusaraba`) become equal."""
    for before, after in _FOLDS:
        if before in text:
            text = text.replace(before, after)
    return _DOUBLED.sub(r"\1", text)


def all_folded(cores: Sequence[str]) -> list[str]:
    """Words as they sound, those of each core run together."""
    known = list(dict.fromkeys(cores))
    sounds = dict(zip(known, folded(_TOGETHER.join(known).replace(" ", "")).split(_TOGETHER), strict=bool(known)))
    return [sounds[core] for core in cores]


def without_vowels(sounds: Sequence[str]) -> list[str]:
    """The consonants of each."""
    return _TOGETHER.join(sounds).translate(_NO_VOWELS).split(_TOGETHER) if sounds else []
