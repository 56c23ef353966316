"""Learning from answers: what must be added to the weights so that they agree with what people decided, or with the data itself.

The weights stay a sum over levels, so that a score still explains itself feature by feature. A level that few answers touch hardly moves; contradictions
that are set by hand (another number, another sponsor) do not move at all; what is unknown weighs nothing, as before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gvrc.matching.arrays import ByteArray, FloatArray, LongArray
from gvrc.matching.evidence import BASE, EvidenceTable, feature_names, level_names
from gvrc.matching.features import CLASS_OF_NAME, NAME_LEVELS

Changes = dict[str, dict[str, float]]
"""Log-odds added to the weights, by feature and level."""
FIRM = frozenset({("markers", "differ"), ("qualifier", "other_direction"), ("sponsor", "differ"), ("kind", "excludes")})
"""Contradictions that no answer softens: `Sugoi A` is not `Sugoi B`."""
PULL = 6.0
"""How many answers the weight as it stands is worth."""
FOLDS = 5
PRECISION_ASKED = 0.984
"""Share of the pairs from the cut on (`cut_for`) that are to be the same, of answers not learned from: a little below the 0.988 asked of all, for weights that
saw four fifths of the answers do less well than those that saw them all."""
ROUNDS_OF_EM = 8
EM_PULL = 40.0
"""The data itself says less than people do: the weights move less far."""
_SMALLEST = 0.005
"""Changes below this are not worth keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Pairs to learn from: the level of every feature by name (unknown where not told), and how surely each is one place (0 to 1). Pairs of one `group`
    are held back together, for what is learned of one tells of the others (None: each stands for itself)."""

    levels: Mapping[str, ByteArray]
    same: FloatArray
    group: LongArray | None = None

    def __len__(self) -> int:
        return len(self.same)

    def taken(self, rows: LongArray) -> Sample:
        """Some of the pairs."""
        group = None if self.group is None else self.group[rows]
        return Sample(levels={name: level[rows] for name, level in self.levels.items()}, same=self.same[rows], group=group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a table does on answers it has not seen: mean `log_loss` (lower is better), `precision` and `recall` at the match threshold, and how many
    of them lie between the review and the automatic threshold (`asked`)."""

    pairs: int
    log_loss: float
    precision: float
    recall: float
    asked: int


def sample_of(told: Sequence[Mapping[str, str]], same: Sequence[float], group: LongArray | None = None) -> Sample:
    """Pairs from levels by name, as they are kept with each match; a level of an earlier program that is no more counts as unknown."""
    numbers = {feature: {level: number for number, level in enumerate(level_names(feature))} for feature in feature_names()}
    levels = {
        feature: np.array([known.get(pair.get(feature, ""), 0) for pair in told], dtype=np.uint8) for feature, known in numbers.items()
    }
    return Sample(levels=levels, same=np.asarray(same, dtype=np.float64), group=group)


def log_odds_of(table: EvidenceTable, sample: Sample) -> FloatArray:
    """The summed evidence of the pairs under a table."""
    return table.weigh(sample.levels, CLASS_OF_NAME[sample.levels["name"]]).astype(np.float64)


def refit(table: EvidenceTable, sample: Sample, pull: float = PULL) -> Changes:
    """What to add to the table so that the answers become as likely as the pull of the standing weights allows (logistic regression with a ridge)."""
    columns = [(feature, level) for feature in feature_names() for level in level_names(feature)[1:]]
    index, offset = _index(sample, len(columns)), log_odds_of(table, sample)
    strength = np.r_[pull, np.where([column in FIRM for column in columns], 1e6, pull)]

    def loss(added: FloatArray) -> tuple[float, FloatArray]:
        padded = np.r_[added, 0.0]
        log_odds = offset + padded[0] + padded[index].sum(axis=1)
        value = (np.logaddexp(0.0, log_odds) - sample.same * log_odds).sum() + 0.5 * (strength * added**2).sum()
        wrong = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60))) - sample.same
        gradient = np.bincount(index.ravel(), weights=np.repeat(wrong, index.shape[1]), minlength=len(padded))[:-1]
        gradient[0] = wrong.sum()
        return float(value), gradient + strength * added

    from scipy.optimize import minimize  # here: who only names a version need not wait for it

    found = minimize(loss, np.zeros(1 + len(columns)), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    changes: Changes = {BASE: {BASE: float(found[0])}}
    for (feature, level), added in zip(columns, found[1:], strict=True):
        if abs(added) >= _SMALLEST and (feature, level) not in FIRM:
            changes.setdefault(feature, {})[level] = round(float(added), 4)
    return changes


def _index(sample: Sample, count: int) -> LongArray:
    """For every pair the place of each feature's level among the weights; unknown levels point past the end."""
    start, places = 1, []
    for feature in feature_names():
        size = len(level_names(feature)) - 1
        table = np.r_[count + 1, np.arange(start, start + size)].astype(np.int64)
        places.append(table[sample.levels[feature]])
        start += size
    return np.stack(places, axis=1)


def from_data(table: EvidenceTable, pairs: Sample) -> Changes:
    """The weights drawn towards the pairs themselves, without any answer (expectation maximisation): each round takes the scores for how sure each pair
    is. Only ever a suggestion: where few pairs are the same, it is not to be trusted alone."""
    changes: Changes = {}
    standing = table
    for _ in range(ROUNDS_OF_EM):
        believed = 1.0 / (1.0 + np.exp(-np.clip(log_odds_of(standing, pairs), -60, 60)))
        changes = refit(table, Sample(levels=pairs.levels, same=believed), EM_PULL)
        standing = table.changed(changes, "round")
    return changes


def held_back(table: EvidenceTable, sample: Sample) -> FloatArray:
    """The summed evidence of answers that were not learned from: each fifth of the groups once, under weights fitted on the other four."""
    after, fold = np.zeros(len(sample)), fold_of(np.arange(len(sample)) if sample.group is None else sample.group)
    for number in range(FOLDS):
        learned, tried = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(tried):
            fitted = table.changed(refit(table, sample.taken(learned)), "fold")
            after[tried] = log_odds_of(fitted, sample.taken(tried))
    return after


def fold_of(groups: LongArray) -> LongArray:
    """In which of the FOLDS each pair is held back: groups whole, and dealt out in their order, so that the folds are about equally large."""
    _, number = np.unique(groups, return_inverse=True)
    fold: LongArray = number.astype(np.int64) % FOLDS
    return fold


def cut_for(log_odds: FloatArray, same: FloatArray, precision: float = PRECISION_ASKED) -> float | None:
    """The lowest log-odds such that of the pairs from there on at least this share is the same; None when no pair, or not even the surest, reaches it."""
    order = np.argsort(-log_odds, kind="stable")
    sorted_odds, right = log_odds[order], np.cumsum(same[order])
    is_last = np.r_[sorted_odds[1:] != sorted_odds[:-1], True] if len(order) else np.zeros(0, dtype=np.bool_)
    reached = np.flatnonzero(is_last & (right >= precision * np.arange(1, len(order) + 1)))
    return float(sorted_odds[reached[-1]]) if len(reached) else None


def trial(log_odds: FloatArray, sample: Sample, cuts: tuple[float, float, float]) -> Trial:
    """How these scores do against the answers."""
    score = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60)))
    accepted, same = score >= cuts[1], sample.same >= 0.5
    loss = float((np.logaddexp(0.0, log_odds) - sample.same * log_odds).mean()) if len(sample) else 0.0
    hits = int((accepted & same).sum())
    return Trial(
        pairs=len(sample), log_loss=round(loss, 4), precision=round(hits / max(int(accepted.sum()), 1), 4) if accepted.any() else 1.0,
        recall=round(hits / max(int(same.sum()), 1), 4), asked=int(((score >= cuts[0]) & (score < cuts[2])).sum()),
    )


def version_of(changes: Mapping[str, Mapping[str, float]]) -> str:
    """A name for these changes, the same for the same ones."""
    return hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()[:8]


def is_told(levels: Mapping[str, str]) -> bool:
    """Whether a kept match says its levels (those of the first versions do not)."""
    return levels.get("name", "") in NAME_LEVELS
