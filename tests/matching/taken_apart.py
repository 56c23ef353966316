"""One name taken apart word by word: the plain way, against which the columns of many names are tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gvrc.matching.names import WordRoles, is_level, kind_word, main_and_bracketed, split_words, telling, word_roles


@dataclass(frozen=True, slots=True)
class NameParts:
    """One name: `core` its distinctive words in order, `qualifier` the words in brackets, `markers` numbers, letters and directions."""

    words: tuple[str, ...]
    core: tuple[str, ...]
    qualifier: tuple[str, ...]
    markers: tuple[str, ...]
    kind_words: tuple[str, ...]
    sponsors: tuple[str, ...]
    is_generic: bool


def take_apart(name: str, qualifiers: Sequence[str] = ()) -> NameParts:
    """The parts of one name. `qualifiers` are bracketed parts that the cleaning took out of it."""
    main, bracketed = main_and_bracketed(name, qualifiers)
    words = [kind_word(word) for word in split_words(main)]
    roles = word_roles()
    core, markers, kind_words = _sorted_out(words, roles)
    qualifier = telling(split_words(bracketed))
    is_generic = not core
    if is_generic:
        core, qualifier = (qualifier, []) if qualifier else (words, [])
    qualifier = [word for word in qualifier if word not in core]
    sponsors = tuple(sorted({roles.sponsors[word] for word in [*words, *qualifier] if word in roles.sponsors}))
    return NameParts(tuple(words), tuple(core), tuple(qualifier), tuple(markers), tuple(kind_words), sponsors, is_generic)


def _sorted_out(words: list[str], roles: WordRoles) -> tuple[list[str], list[str], list[str]]:
    core: list[str] = []
    markers: list[str] = []
    kind_words: list[str] = []
    for position, word in enumerate(words):
        role = roles.role.get(word)
        if role == "kind" or is_level(words, position):
            kind_words.append(word)
        elif role == "marker" and position:
            markers.append(roles.stands_for[word][0])
        elif (word == "a" and position and (position + 1 == len(words) or roles.role.get(words[position + 1]) == "kind")) or word.isdigit():
            markers.append(word)
        elif role != "filler":
            core.append(word)
    return core, markers, kind_words
