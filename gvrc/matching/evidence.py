"""The calibrated table of evidence: what each level of each feature adds to the log-odds that two records are one place."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gvrc.errors import ReferenceDataError
from gvrc.matching.arrays import ByteArray, SmallFloatArray
from gvrc.matching.features import FEATURES, NAME_CLASSES
from gvrc.matching.neighbourhood import NEIGHBOURHOOD_LEVELS

TABLE_FILE = Path(__file__).parent / "data" / "evidence.csv"
BASE = "base"
RIVAL = "rival"
NEIGHBOURHOOD = "neighbourhood"
RIVAL_LEVELS = ("unknown", "no_rival", "far_behind", "behind", "near", "close", "level", "ahead", "far_ahead")
RIVAL_MARGINS = (6.0, 3.5, 1.5, 0.5, -0.5, -1.5)
"""Log-odds by which a pair leads its best rival, from which the levels after `no_rival` begin; below the last, the rival leads."""


_LEVELS: dict[str, tuple[str, ...]] = {feature.name: feature.levels for feature in FEATURES} | {NEIGHBOURHOOD: NEIGHBOURHOOD_LEVELS, RIVAL: RIVAL_LEVELS}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """Weights in log-odds by feature, each an array of name class by level; `base` is the log-odds of a candidate pair of which nothing is known.
    `version` names the table for ever."""

    base: float
    weights: Mapping[str, SmallFloatArray]
    version: str

    def weigh(self, levels: Mapping[str, ByteArray], classes: ByteArray) -> SmallFloatArray:
        """The summed evidence of pairs of these name classes, base included."""
        total = np.full(len(classes), self.base, dtype=np.float32)
        lines = classes.astype(np.int32)
        for feature, level in levels.items():
            weights = self.weights[feature]
            total += weights.ravel().take(lines * weights.shape[1] + level)
        return total

    def changed(self, changes: Mapping[str, Mapping[str, float]], version: str) -> EvidenceTable:
        """The table with these log-odds added, by feature and level (`base` to `base`). What this table does not know is left out; unknown facts still
        weigh nothing."""
        weights = {}
        for feature, table in self.weights.items():
            added = np.array([0.0, *(changes.get(feature, {}).get(level, 0.0) for level in level_names(feature)[1:])], dtype=np.float32)
            weights[feature] = table + added
        return EvidenceTable(base=self.base + changes.get(BASE, {}).get(BASE, 0.0), weights=weights, version=version)

    @property
    def most_held(self) -> float:
        """The most the names can add when one holds the other."""
        return float(self.weights["name"][NAME_CLASSES.index("holds")].max())

    def most(self, feature: str) -> SmallFloatArray:
        """The most a feature can add, by name class."""
        most: SmallFloatArray = self.weights[feature].max(axis=1, initial=0.0)
        return most


def logistic(log_odds: SmallFloatArray) -> SmallFloatArray:
    """Log-odds as a match score between 0 and 1."""
    return (1.0 / (1.0 + np.exp(-log_odds.astype(np.float64)))).astype(np.float32)


def level_names(feature: str) -> tuple[str, ...]:
    """The levels of a feature, in order."""
    return _LEVELS[feature]


def feature_names() -> tuple[str, ...]:
    """Every feature of the table."""
    return tuple(_LEVELS)


@cache
def evidence_table(link: bool = False, path: Path = TABLE_FILE) -> EvidenceTable:
    """The shipped table; `link` for lists of distinct places, where rivals count. Raises ReferenceDataError when it is missing or incomplete."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReferenceDataError(f"The evidence table {path.name} cannot be read.", "Install the package again.") from error
    kind = "link" if link else "list"
    found = {(row["feature"], row["level"]): [float(row[f"{kind}_{name}"]) for name in NAME_CLASSES] for row in csv.DictReader(content.splitlines())}
    try:
        weights = {name: np.array([found[name, level] for level in level_names(name)], dtype=np.float32).T for name in feature_names()}
        base = found[BASE, BASE][0]
    except KeyError as error:
        raise ReferenceDataError(f"The evidence table {path.name} has no line for {error.args[0]}.", "Calibrate it again.") from error
    return EvidenceTable(base=base, weights=weights, version=f"{kind}-{hashlib.sha256(content.encode()).hexdigest()[:12]}")
