"""How good a record is, and what is unusual about a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from enum import StrEnum
from typing import Any

from gvrc.model.quick import quick


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPart:
    """One dimension of a quality score: value 0 to 100, its weight, and the sentences that explain what was lost."""

    dimension: str
    value: float
    weight: float
    reasons: tuple[str, ...] = ()

    def to_row(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {"dimension": self.dimension, "value": self.value, "weight": self.weight, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityScore:
    """The quality score of a record, 0 to 100: the weighted mean of its parts. `points_to_gain` maps an issue code to the points that
    mending it would add."""

    total: float
    parts: tuple[QualityPart, ...]
    points_to_gain: dict[str, float]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """All that a quality score depends on; records with the same facts share their score: the group of kinds, the required fields that are filled, the codes
    of the open issues (sorted), the age of the last verification in steps of days."""

    group: str
    filled: frozenset[str]
    codes: tuple[str, ...]
    age_days: int | None
    has_open_duplicate: bool
    is_nationwide: bool


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a record stands by its own row: what its score depends on, and the codes of its open issues in their order, those of the final validation apart."""

    facts: QualityFacts
    codes: tuple[str, ...]
    final_codes: tuple[str, ...]


class FindingType(StrEnum):
    """What may be unusual about a source in a run: its records against its earlier runs, or its own fields against those it had."""

    RECORDS = "records"
    COUNTY_COUNT = "county_count"
    KIND_COUNT = "kind_count"
    NEW_KIND = "new_kind"
    SUDDEN_NULLS = "sudden_nulls"
    OUTLYING_POINTS = "outlying_points"
    SHARED_VALUE = "shared_value"
    FIELD_APPEARED = "field_appeared"
    FIELD_VANISHED = "field_vanished"
    FIELD_TYPE = "field_type"


DRIFT = frozenset({FindingType.FIELD_APPEARED, FindingType.FIELD_VANISHED, FindingType.FIELD_TYPE})
"""Findings about the shape of a source, not about what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something unusual about a source in a run.

    `subject` is what it is about: a county code, a kind of place, a canonical field, or a field of the source. `value` is what this run has and
    `low` to `high` what was usual over `runs` earlier runs (counts, or shares from 0 to 1). `before` and `after` are words (types). `record_ids`
    are rows to open, at most a hundred.
    """

    source: str
    finding_type: FindingType
    subject: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    before: str | None = None
    after: str | None = None
    record_ids: tuple[int, ...] = ()

    @property
    def is_drift(self) -> bool:
        return self.finding_type in DRIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatistics:
    """What a run knows of a source for later runs to compare with.

    `filled` is the number of records that fill a canonical field; `shape` maps a field of the source (dotted path) to the number of rows that
    fill it, by type. `shared` is the number of records on which the most shared value of a field stands.
    """

    records: int
    counties: Mapping[str, int] = dataclass_field(default_factory=dict)
    kinds: Mapping[str, int] = dataclass_field(default_factory=dict)
    filled: Mapping[str, int] = dataclass_field(default_factory=dict)
    shared: Mapping[str, int] = dataclass_field(default_factory=dict)
    shape: Mapping[str, Mapping[str, int]] = dataclass_field(default_factory=dict)
    shape_rows: int = 0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> SourceStatistics:
        """From what was kept as JSON; what an older version did not keep is empty."""
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in row.items() if name in names})
