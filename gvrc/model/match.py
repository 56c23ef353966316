"""Two records, compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """What happens with a pair: merged and marked, asked, shown on request, forgotten."""

    AUTOMATIC = "automatic"
    REVIEW = "review"
    POSSIBLE = "possible"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureScore:
    """One comparison: `score` 0 to 1 how alike (None when unknown), `weight` what it adds to the evidence (log-odds, signed), `detail` the
    sentence a steward reads with the values in it; `level` the step of the comparison that the weight was looked up by. A contact inside a
    sentence is masked or a `{vault:<id>}` token, never a value."""

    feature: str
    score: float | None
    weight: float
    detail: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """A pair of records with its match score (0 to 1), which is the logistic of the sum of `base` and the features' weights,
    unless `hard_evidence` names the fact that overrides it. `reference_score` is the 0.5/0.3/0.2 formula, shown beside it."""

    left_key: str
    right_key: str
    match_score: float
    base: float
    features: tuple[FeatureScore, ...]
    strategy: str
    band: Band
    rules: tuple[str, ...] = ()
    hard_evidence: str | None = None
    reference_score: float = 0.0
    scorer_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Records judged to be one place; `conflicts` are pairs inside it that a person called different."""

    members: tuple[str, ...]
    conflicts: tuple[tuple[str, str], ...] = ()
