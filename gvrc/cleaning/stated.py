"""What a row states, once known corrections and a steward's answers are put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gvrc.cleaning.text import clean_text
from gvrc.model.quick import quick
from gvrc.model.record import CONTACT_FIELDS, FieldChange
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections

_STAGE = "transform"
_POINT_FIELDS = frozenset({"latitude", "longitude", "coordinates"})
NOTHING: Mapping[str, Any] = {}


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StatedValues:
    """The canonical values to clean. `answered` are the fields that a steward decided: their value is not questioned again."""

    values: Mapping[str, Any]
    changes: tuple[FieldChange, ...] = ()
    answered: frozenset[str] = field(default_factory=frozenset)


def stated_values(row: SourceRow, corrections: Corrections, answers: Mapping[str, Any] = NOTHING) -> StatedValues:
    """The row's values with known corrections (rule `correction`), then with the steward's answers (rule `steward`), which win."""
    corrected = corrections.corrected(row.source, row.values)
    if not corrected and not answers:
        return StatedValues(values=row.values)
    values = {**row.values, **corrected}
    changes = [_change(name, row.values.get(name), value, "correction") for name, value in corrected.items() if name not in answers]
    for name, value in answers.items():
        changes.append(_change(name, row.values.get(name), value, "steward"))
        _answer(values, name, value)
    return StatedValues(values=values, changes=tuple(changes), answered=frozenset(answers))


def _answer(values: dict[str, Any], name: str, value: Any) -> None:
    """Puts one answer in; what it replaces as a whole goes: all contact cells for `contacts`, both numbers in one for a new point."""
    if name == "contacts":
        for contact_field in CONTACT_FIELDS:
            values.pop(contact_field, None)
        name = "contact"
    elif name in _POINT_FIELDS:
        for other in _POINT_FIELDS - {name} if name == "coordinates" else {"coordinates"}:
            values.pop(other, None)
    values[name] = value


def _change(name: str, before: Any, after: Any, rule: str) -> FieldChange:
    return FieldChange(field_name=name, before=clean_text(before), after=clean_text(after), stage=_STAGE, rule=rule)
