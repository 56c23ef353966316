"""The result of survivorship."""

from __future__ import annotations

from dataclasses import dataclass, field

from gvrc.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOrigin:
    """Why a value stands in the golden record: the source record it came from, the rule that chose it, in a sentence."""

    field_name: str
    record_key: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRecord:
    """One place, told with the best value per field. `record` carries the values; `members` are the keys of the source records behind it."""

    record: Record
    members: tuple[str, ...]
    origins: tuple[FieldOrigin, ...] = field(default_factory=tuple)
