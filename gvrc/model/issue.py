"""Something wrong with data: counted, shown, mended; never raised."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gvrc.model.quick import quick


class Severity(StrEnum):
    """How much an open issue weighs. Only an open ERROR keeps a record from being ready by itself."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Dimension(StrEnum):
    """The quality dimension an issue or a requirement belongs to."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    UNIQUENESS = "uniqueness"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    """One line of the catalogue (gvrc.checks.catalogue).

    `template` is the sentence for the steward; it may name `{value}` and the keys of `Issue.detail`. `asks` says whether an open
    issue of this type is a question that a person must answer before the record may be committed. Of a record that waits for its quality score alone,
    every issue with a suggestion is asked too, and one of a type that `asks_when_short` even without. `stage` names the stage after
    which the rule runs.
    """

    code: str
    title: str
    severity: Severity
    dimension: Dimension
    stage: str
    description: str
    template: str
    asks: bool = False
    asks_when_short: bool = False


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A machine's answer, waiting for a person.

    `values` are canonical fields to set ({"county": "Kwale"}), `shown` the value in words, `confidence` 0 to 1, `reason` one
    sentence that begins with the evidence.
    """

    values: dict[str, Any]
    shown: str
    confidence: float
    reason: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding on one field of one record. `code` is a code of the catalogue; `detail` fills its template."""

    code: str
    field_name: str
    value: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    suggestion: Suggestion | None = None
    record_key: str | None = None
