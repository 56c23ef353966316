"""Known corrections: a bad value, its right value, per field and source, kept as data."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gvrc.errors import ReferenceDataError
from gvrc.reference.vocabularies import placeholder_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A value of a canonical field that is known to be wrong, and what it should be. `source` None: in every source."""

    field_name: str
    bad_value: str
    right_value: Any
    source: str | None = None


class Corrections:
    """The known corrections of a run; the one for the source wins over the one for every source."""

    def __init__(self, corrections: Iterable[Correction] = ()) -> None:
        self._known: dict[tuple[str | None, str, str], Any] = {}
        for correction in corrections:
            self._known[correction.source, correction.field_name, placeholder_key(correction.bad_value)] = correction.right_value
        self._fields = frozenset(field_name for _, field_name, _ in self._known)

    def corrected(self, source: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The fields among `values` that a correction changes, with their right values. Spaces and case do not matter."""
        if not self._known:
            return {}
        found: dict[str, Any] = {}
        for field_name in self._fields & values.keys():
            value = values[field_name]
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                key = placeholder_key(str(value))
                for scope in (source, None):
                    if (scope, field_name, key) in self._known:
                        found[field_name] = self._known[scope, field_name, key]
                        break
        return found

    def spellings(self) -> tuple[tuple[str, str, str], ...]:
        """Field, other spelling and right value of the corrections for every source whose right value is a text: what a vocabulary can learn."""
        return tuple(sorted((name, key, right) for (source, name, key), right in self._known.items() if source is None and isinstance(right, str)))

    def __len__(self) -> int:
        return len(self._known)


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """Corrections from a CSV file with the columns source, field_name, bad_value, right_value. Raises ReferenceDataError when it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(
                Correction(field_name=row["field_name"], bad_value=row["bad_value"], right_value=row["right_value"], source=row["source"] or None)
                for row in csv.DictReader(file)
            )
    except (OSError, KeyError) as error:
        raise ReferenceDataError(f"The corrections in {path.name} cannot be read: {error}.", "Give it the columns source, field_name, bad_value, right_value.") from None
