"""How good a record is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPart:
    """One dimension of a quality score: value 0 to 100, its weight, and the sentences that explain what was lost."""

    dimension: str
    value: float
    weight: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityScore:
    """The quality score of a record, 0 to 100: the weighted mean of its parts. `points_to_gain` maps an issue code to the points that
    mending it would add."""

    total: float
    parts: tuple[QualityPart, ...]
    points_to_gain: dict[str, float]
