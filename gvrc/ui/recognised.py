"""Which text of the catalogue a sentence of the machine was made from, and the values in it.

The texts stand in families (`FAMILIES`), each in a file of its own: what is told of values, pairs and records; what is in the way of an act; what is
wrong with a file or a source; how the machine is doing; why a field goes where it does; what is said of an issue. Several sentences in one text are
recognised one by one.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from gvrc.ui.catalogue import read_catalogue

FAMILIES = ("told", "trouble", "damage", "machine", "mapped", "message")
MOST_REMEMBERED = 4_096
MOST_SENTENCES = 60
"""Of a longer text none is looked for."""
LONGEST_SPAN = 6
"""So many sentences one text of the catalogue may come to, where its values bring their own full stops."""
_ENDS = re.compile(r"(?<=[.!?]) ")

Found = tuple[str, Mapping[str, str]]
"""The key of a text, and its values as they stand."""


@lru_cache(maxsize=MOST_REMEMBERED)
def read(text: str) -> tuple[Found, ...]:
    """The sentences of a text. Empty when one of them is made by no text of the catalogue: half of a text is never said in another language."""
    index = _index()
    whole = index.exact.get(text)
    if whole is not None:
        return ((whole, {}),)
    pieces = _ENDS.split(text, MOST_SENTENCES)
    found = index.sentences(pieces) if len(pieces) <= MOST_SENTENCES else None
    if found is None and len(pieces) > LONGEST_SPAN and (one := index.match(text)) is not None:
        return (one,)
    return found or ()


@cache
def templates() -> Mapping[str, str]:
    """The English texts of all families, by their keys."""
    return {key: text for key, text in read_catalogue("en").items() if key.partition(".")[0] in FAMILIES and isinstance(text, str)}


@dataclass(frozen=True)
class _Template:
    """A text with values in it."""

    key: str
    parts: tuple[tuple[str, str | None], ...]

    @property
    def says(self) -> int:
        """How much it says by itself; of several that fit, the one that says most is meant."""
        return sum(len(literal) for literal, _ in self.parts)

    @cached_property
    def longest(self) -> str:
        return max((literal for literal, _ in self.parts), key=len)

    @property
    def first_word(self) -> str | None:
        """The word it always begins with; None where a value may go on in it."""
        word, space, _ = self.parts[0][0].partition(" ")
        return word if space else None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Made when it is first needed: making all of them takes longer than drawing a page."""
        return re.compile("".join(re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name in self.parts), re.DOTALL)

    def match(self, text: str) -> Found | None:
        found = self.pattern.fullmatch(text) if self.longest in text else None
        return None if found is None else (self.key, found.groupdict())


@dataclass(frozen=True)
class _Index:
    """The texts by how they begin, so that a sentence is held against few of them."""

    exact: Mapping[str, str]
    by_word: Mapping[str, Sequence[_Template]]
    """By their first word, with those that may begin anyhow; those that say most first."""
    anyhow: Sequence[_Template] = field(default=())

    def match(self, text: str) -> Found | None:
        """The one text that makes all of this."""
        if text in self.exact:
            return self.exact[text], {}
        likely = self.by_word.get(text.partition(" ")[0], self.anyhow)
        return next((found for template in likely if (found := template.match(text)) is not None), None)

    def sentences(self, pieces: Sequence[str]) -> tuple[Found, ...] | None:
        """The pieces as sentences, each as short as can be; None when that leaves something over."""
        found: list[tuple[Found, ...] | None] = [*([None] * len(pieces)), ()]
        for begin in range(len(pieces) - 1, -1, -1):
            for end in range(begin + 1, min(begin + LONGEST_SPAN, len(pieces)) + 1):
                rest = found[end]
                if rest is not None and (one := self.match(" ".join(pieces[begin:end]))) is not None:
                    found[begin] = (one, *rest)
                    break
        return found[0]


@cache
def _index() -> _Index:
    made = [_Template(key, tuple((literal, name) for literal, name, *_ in string.Formatter().parse(text))) for key, text in templates().items()]
    filled = sorted((template for template in made if any(name for _, name in template.parts)), key=lambda template: -template.says)
    words = {template.first_word for template in filled} - {None}
    return _Index(
        exact={templates()[template.key]: template.key for template in made if not any(name for _, name in template.parts)},
        by_word={word: [template for template in filled if template.first_word in (word, None)] for word in words if word is not None},
        anyhow=[template for template in filled if template.first_word is None],
    )
