"""Organisations that one list calls by their name and another by its initials: `Pamoja Survivors' Network (PSN)`, `PSN Kenya`.

Those that everybody knows stand in `data/name_words.csv`. Here the lists themselves tell: a bracket that holds the initials of its own name says what they stand
for wherever they are met; a name that is nothing but the initials of exactly one other name is guessed to be it, and such a pair is never merged unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gvrc.matching.arrays import BoolArray, LongArray
from gvrc.matching.names import main_and_bracketed, split_words, word_roles

SHORTEST, LONGEST = 3, 8
"""Letters of initials."""
LEAST_WORDS = 3
"""Words that carry weight in a name whose initials are looked for without a bracket that says so."""
LETTERS_OF_A_WORD = 3
"""Letters that a word may give to the initials in a bracket (`COalition on Violence Against Women`)."""
_KENYA = "kenya"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpelledOut:
    """Names and bracketed parts of all records, initials written out; `is_guess` marks the names of which only the letters say so."""

    names: list[str]
    qualifiers: list[Sequence[str]]
    is_guess: BoolArray


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that may have initials: its row, its words, and the words in its bracket run together."""

    row: int
    words: tuple[str, ...]
    bracket: str


def spelled_out(names: Sequence[str], qualifiers: Sequence[Sequence[str]], rows: LongArray) -> SpelledOut:
    """The names, those of `rows` (places that are known by initials) written out where the lists tell what the initials stand for."""
    told, is_guess = SpelledOut(names=list(names), qualifiers=list(qualifiers), is_guess=np.zeros(len(names), dtype=np.bool_)), []
    known = [_taken(names[row], qualifiers[row], row) for row in rows.tolist()]
    stated = _only_one((name.bracket, name) for name in known if is_short_for(name.bracket, name.words))
    for name in known:
        if name.bracket in stated and is_short_for(name.bracket, name.words):
            told.names[name.row], told.qualifiers[name.row] = " ".join(name.words), ()
    short = {name.row: alone for name in known if (alone := _alone(name.words)) is not None}
    wanted = set(short.values()) - stated.keys()
    guessed = _only_one((letters, name) for name in known if wanted for letters in wanted.intersection(initials(name.words)))
    for name in known:
        for place, word in enumerate(name.words):
            meant = stated.get(word) or (guessed.get(word) if short.get(name.row) == word else None)
            if meant is not None and meant != name.words:
                told.names[name.row] = " ".join((*name.words[:place], *meant, *name.words[place + 1 :]))
                is_guess += [name.row] if word not in stated else []
                break
    told.is_guess[is_guess] = True
    return told


def _taken(name: str, qualifiers: Sequence[str], row: int) -> _Name:
    main, bracketed = main_and_bracketed(name, qualifiers)
    return _Name(row, tuple(split_words(main)), "".join(bracketed.split()) if bracketed else "")


def _only_one(found: Iterable[tuple[str, _Name]]) -> dict[str, tuple[str, ...]]:
    """The words that initials stand for, where all that have them have the same telling words; in whatever order they come."""
    meant: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}
    for letters, name in found:
        names, telling = meant.setdefault(letters, {}), tuple(_telling(name.words))
        names[telling] = min(name.words, names.get(telling, name.words))
    return {letters: next(iter(names.values())) for letters, names in meant.items() if len(names) == 1}


def _telling(words: Iterable[str]) -> Iterator[str]:
    return (word for word in words if word_roles().role.get(word) not in ("filler", "kind"))


def _alone(words: Sequence[str]) -> str | None:
    """The one word of a name that tells more than a kind, where it may be initials."""
    telling = list(_telling(words))
    return telling[0] if len(telling) == 1 and SHORTEST <= len(telling[0]) <= LONGEST and telling[0].isalpha() else None


def initials(words: Sequence[str]) -> set[str]:
    """What a name of several words may be called by its first letters: with and without its small words, Kenya, and the word for what it is at its end."""
    roles = word_roles().role
    weighty = [word for word in words if roles.get(word) != "filler"]
    if len(weighty) < LEAST_WORDS:
        return set()
    with_kenya = [word for word in words if roles.get(word) != "filler" or word == _KENYA]
    forms = [weighty, with_kenya, list(words)]
    forms += [form[:-1] for form in forms if roles.get(form[-1]) == "kind" or form[-1] == _KENYA]
    found = {"".join(word[0] for word in form) for form in forms}
    return {letters for letters in found if SHORTEST <= len(letters) <= LONGEST}


def is_short_for(letters: str, words: Sequence[str]) -> bool:
    """Whether what stands in a bracket is made of the beginnings of the words before it, each that carries weight giving some (the last ones may give none):
    `COVAW` of Coalition on Violence Against Women."""
    if not (SHORTEST <= len(letters) <= LONGEST and letters.isalpha() and len(words) > 1 and words[0].startswith(letters[0]) and letters != words[0]):
        return False
    roles = word_roles().role
    places = {0}
    for number, word in enumerate(words):
        taken = {place + size for place in places for size in range(1, LETTERS_OF_A_WORD + 1) if letters[place : place + size] == word[:size] and len(word) >= size}
        if len(letters) in taken:
            return number > 0
        places = taken | places if roles.get(word) in ("filler", "kind") else taken
        if not places:
            return False
    return False
