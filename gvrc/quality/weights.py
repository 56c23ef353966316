"""How quality is weighed: fields required per kind of place, weights of the dimensions, penalties, targets. All of it is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gvrc.errors import ReferenceDataError
from gvrc.model.issue import Dimension, Severity
from gvrc.reference.vocabularies import reference_rows

UNKNOWN_GROUP = "unknown"
"""Group of a place whose kind is not known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupWeights:
    """What counts for one group of places: `fields` the weight of each required field, `issue_of` the issue that says that it is missing,
    `dimensions` the weight of each dimension (they sum to 1)."""

    fields: Mapping[str, float]
    issue_of: Mapping[str, str]
    dimensions: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QualityWeights:
    """The whole configuration of quality scores. Points run from 0 to 100, days are days."""

    groups: Mapping[str, GroupWeights]
    penalties: Mapping[Severity, float]
    targets: Mapping[str, float]
    timeliness_unknown: float
    timeliness_stale: float
    fresh_days: float
    stale_days: float
    duplicate_open: float

    def group(self, name: str) -> GroupWeights:
        """The weights of a group; those of an unknown kind when the group has none of its own."""
        return self.groups.get(name) or self.groups[UNKNOWN_GROUP]


@lru_cache(maxsize=1)
def load_weights() -> QualityWeights:
    """The weights of this process, from requirements.csv, quality_weights.csv and quality_rules.csv in data/reference. Raises
    ReferenceDataError when they are missing or do not fit together."""
    try:
        rules = {row["name"]: float(row["value"]) for row in reference_rows("quality_rules.csv", "name", "value")}
        return QualityWeights(
            groups=_groups(),
            penalties={severity: rules[f"penalty_{severity}"] for severity in Severity},
            targets={dimension.value: rules[f"target_{dimension}"] for dimension in Dimension},
            timeliness_unknown=rules["timeliness_unknown"],
            timeliness_stale=rules["timeliness_stale"],
            fresh_days=rules["fresh_days"],
            stale_days=rules["stale_days"],
            duplicate_open=rules["duplicate_open"],
        )
    except (KeyError, ValueError) as error:
        raise ReferenceDataError(f"The weights of the quality score are wrong: {error}.", "Mend the quality files in data/reference.") from None


def _groups() -> dict[str, GroupWeights]:
    required = reference_rows("requirements.csv", "group", "field", "weight", "issue")
    groups = {}
    for row in reference_rows("quality_weights.csv", "group"):
        own = [line for line in required if line["group"] == row["group"]]
        weights = {dimension.value: float(row[dimension.value]) for dimension in Dimension}
        total = sum(weights.values())
        groups[row["group"]] = GroupWeights(
            fields={line["field"]: float(line["weight"]) for line in own},
            issue_of={line["field"]: line["issue"] for line in own if line["issue"]},
            dimensions={dimension: weight / total for dimension, weight in weights.items()},
        )
    if UNKNOWN_GROUP not in groups or not all(group.fields for group in groups.values()):
        raise ReferenceDataError("Every group of places needs required fields and weights.", "Mend requirements.csv and quality_weights.csv.")
    return groups
