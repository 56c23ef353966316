"""Places whose names are spelt like a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from gvrc.reference.place_names import name_parts, ordered_key, place_key, place_words


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMatch:
    """A unit that a text may mean. `level` is county, constituency or ward (the level of the unit meant), `confidence` 0 to 1, `method` one of
    exact, normalised, alias, part, sub_county, old, town, fuzzy."""

    level: str
    county_code: str
    constituency_code: str | None = None
    ward_code: str | None = None
    confidence: float = 1.0
    method: str = "exact"

    @property
    def unit_code(self) -> str:
        return self.ward_code or self.constituency_code or self.county_code


_DIRECTIONS = frozenset({"north", "south", "east", "west", "central", "upper", "lower"})

PART_FACTOR = 0.9
"""How far likeness to one part of a double name counts, beside likeness to the whole."""


class AlikeNames:
    """Names of one scope (a constituency's wards, the country's constituencies) in the forms they are compared in: as one word, with the
    words in alphabetical order, and the parts of double names."""

    def __init__(self, names: Iterable[tuple[str, PlaceMatch]]) -> None:
        self._compact: list[str] = []
        self._compact_of: list[tuple[PlaceMatch, float]] = []
        self._ordered: list[str] = []
        self._ordered_of: list[tuple[PlaceMatch, float]] = []
        self._directions: list[frozenset[str]] = []
        for name, match in names:
            for form, factor in ((name, 1.0), *((part, PART_FACTOR) for part in name_parts(name))):
                self._compact.append(place_key(form))
                self._compact_of.append((match, factor))
                self._ordered.append(ordered_key(form))
                self._ordered_of.append((match, factor))
                self._directions.append(_directions(form))

    def most_alike(self, text: str, enough: float) -> list[PlaceMatch]:
        """The units at least `enough` (0 to 1) like the text, most alike first, with the likeness as confidence. Likeness is the optimal
        string alignment similarity of the better form; names of opposite directions (`Kisa South`, `Kisa North`) are not alike."""
        best: dict[str, PlaceMatch] = {}
        directions = _directions(text)
        for key, keys, units in ((place_key(text), self._compact, self._compact_of), (ordered_key(text), self._ordered, self._ordered_of)):
            if " " not in key and keys is self._ordered:
                continue
            for _, alike, index in process.extract(key, keys, scorer=OSA.normalized_similarity, processor=None, score_cutoff=enough, limit=None):
                match, factor = units[index]
                if _is_opposed(directions, self._directions[index]):
                    continue
                score = round(alike * factor, 3)
                known = best.get(match.unit_code)
                if score >= enough and (known is None or known.confidence < score):
                    best[match.unit_code] = replace(match, confidence=score, method="fuzzy")
        return sorted(best.values(), key=lambda match: (-match.confidence, match.unit_code))

    def leaders(self, text: str, enough: float, margin: float) -> tuple[PlaceMatch, ...]:
        """The most alike, and all that come within `margin` of it: one when it stands alone."""
        alike = self.most_alike(text, enough)
        return tuple(match for match in alike if match.confidence > alike[0].confidence - margin)


def _directions(name: str) -> frozenset[str]:
    return _DIRECTIONS.intersection(place_words(name))


def _is_opposed(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other and one != other)
