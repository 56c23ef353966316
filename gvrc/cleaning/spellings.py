"""Words that are in no list, grouped by how alike they are spelled: each group with the term of the list that it most likely means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from gvrc.reference.vocabularies import Vocabulary, normalised

UNKNOWN_WORD_CODES = frozenset({"service.unknown", "kind.unknown", "kind.text_unknown", "owner.unknown", "status.unknown"})
"""Issues about a word that the list of its field does not hold."""
MOST_SPELLINGS = 2_000
"""Spellings of one field that are grouped, most frequent first; each is compared with every group."""
LIKELY_TERM = 0.75
"""Confidence (0 to 1) from which the nearest term is proposed; the same as for a single unknown value."""
ALIKE = 85.0
"""Similarity (0 to 100) of two spellings, normalised, from which they are one word when no term is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way an unknown word is written, and the rows that write it so."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpellingGroup:
    """Spellings of what is likely one word, most frequent first. `code` is the nearest term, None when none is near enough."""

    code: str | None
    spellings: tuple[Spelling, ...]

    @property
    def rows(self) -> int:
        """Rows that write any of them."""
        return sum(spelling.rows for spelling in self.spellings)


def group_spellings(rows_of: Mapping[str, int], vocabulary: Vocabulary) -> tuple[SpellingGroup, ...]:
    """Group unknown spellings (with the rows of each) of one closed list, the group of most rows first. Each spelling is in one group; those that hold
    no letter or digit, and those beyond `MOST_SPELLINGS`, are left out."""
    ordered = sorted((Spelling(value=value, rows=rows) for value, rows in rows_of.items()), key=lambda each: (-each.rows, each.value))[:MOST_SPELLINGS]
    near: dict[str, list[Spelling]] = {}
    far: dict[str, list[Spelling]] = {}
    for spelling in ordered:
        key = normalised(spelling.value)
        if code := _likely_term(spelling.value, vocabulary):
            near.setdefault(code, []).append(spelling)
        elif key:
            far.setdefault(_leader(key, list(far)), []).append(spelling)
    groups = [_group(code, each) for code, each in near.items()] + [_group(None, each) for each in far.values()]
    return tuple(sorted(groups, key=lambda group: (-group.rows, group.spellings[0].value)))


def _likely_term(value: str, vocabulary: Vocabulary) -> str | None:
    nearest = vocabulary.candidates(value)
    return nearest[0].code if nearest and nearest[0].confidence >= LIKELY_TERM else None


def _leader(key: str, leaders: Sequence[str]) -> str:
    """The most frequent spelling met so far that is written like this one, or this one."""
    best = process.extractOne(key, leaders, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
    return best[0] if best else key


def _group(code: str | None, spellings: Sequence[Spelling]) -> SpellingGroup:
    return SpellingGroup(code=code, spellings=tuple(spellings))
