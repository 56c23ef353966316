"""What a decision remembers: the question, and a fingerprint of the evidence the person saw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gvrc.matching.columns import MatchColumns
from gvrc.model.record import Record

ASPECTS: dict[str, str] = {
    "name": "the name", "kind": "the kind of place", "place": "the administrative place", "point": "the point", "contacts": "the contacts", "codes": "an official code",
}
"""What a person sees of a record, and how a change of it is told."""
_POINT_DECIMALS = 3
"""About 100 m: a point that moves less shows nothing new."""
_UNIT, _RECORD = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRecord:
    """What a person sees of one record when judging a pair."""

    key: str
    name: str
    kind: str
    place: tuple[str, str, str]
    latitude: float | None
    longitude: float | None
    contacts: tuple[str, ...]
    codes: tuple[str, str]

    @classmethod
    def of_columns(cls, columns: MatchColumns, row: int) -> SeenRecord:
        """One row of the matcher's columns."""
        latitude, longitude = float(columns.latitudes[row]), float(columns.longitudes[row])
        is_placed = latitude == latitude and longitude == longitude
        return cls(
            key=str(columns.keys[row]),
            name=" ".join([str(columns.names[row]), *map(str, columns.qualifiers[row])]),
            kind=str(columns.facility_types[row]),
            place=(str(columns.county_codes[row]), str(columns.constituency_codes[row]), str(columns.ward_codes[row])),
            latitude=latitude if is_placed else None,
            longitude=longitude if is_placed else None,
            contacts=tuple(map(str, columns.contacts[row])),
            codes=(str(columns.mfl_codes[row]), str(columns.registration_numbers[row])),
        )

    @classmethod
    def of_record(cls, record: Record) -> SeenRecord:
        """The same of a record."""
        return cls.of_columns(MatchColumns.from_records([record], [0]), 0)

    def aspects(self) -> dict[str, str]:
        """The comparable text of each aspect: case, spacing and order of contacts do not count."""
        rounded = [format(round(value, _POINT_DECIMALS) + 0.0, ".3f") for value in (self.latitude, self.longitude) if value is not None]
        return {
            "name": " ".join(self.name.casefold().split()),
            "kind": self.kind,
            "place": _UNIT.join(self.place),
            "point": _UNIT.join(rounded),
            "contacts": _UNIT.join(sorted(set(self.contacts))),
            "codes": _UNIT.join(self.codes),
        }


def question_key(left_key: str, right_key: str) -> str:
    """The name of the question "are these two one place?", for ever and in either order."""
    return _digest(_RECORD.join(sorted((left_key, right_key))), 32)


def evidence_hash(left: SeenRecord, right: SeenRecord) -> str:
    """A fingerprint of what a person sees of both records, in either order; `changed_aspects` tells two of them apart."""
    first, second = sorted((left, right), key=lambda seen: seen.key)
    return ".".join(
        f"{aspect}={_digest(mine + _RECORD + theirs, 12)}"
        for (aspect, mine), theirs in zip(first.aspects().items(), second.aspects().values(), strict=True)
    )


def changed_aspects(before: str, after: str) -> tuple[str, ...]:
    """What changed between two fingerprints, in words ("the contacts"); everything when they are of another kind."""
    old, new = _parsed(before), _parsed(after)
    return tuple(words for aspect, words in ASPECTS.items() if old.get(aspect) != new.get(aspect))


def seen_pair(columns: MatchColumns, rows: Sequence[int]) -> str:
    """The fingerprint of two rows of the matcher's columns."""
    left, right = rows
    return evidence_hash(SeenRecord.of_columns(columns, left), SeenRecord.of_columns(columns, right))


def _parsed(fingerprint: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in fingerprint.split(".") if "=" in part)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
