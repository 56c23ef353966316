"""What the matcher reads: one compact column per fact, one row per record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gvrc.errors import ConfigError
from gvrc.matching.arrays import BoolArray, FloatArray, IntArray, TextArray, texts
from gvrc.model.record import ContactType, Record, Visibility

UNKNOWN_DECIMALS = 6
LONGEST_PLACE = 200
"""Characters of a stated place that are compared; more is a description of the way."""
COMPARABLE_CONTACTS = frozenset({ContactType.PHONE, ContactType.EMAIL})
"""A short code (999, 1195) or a website belongs to many places and tells none apart, unless the place is the hotline itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchColumns:
    """Records as columns of equal length. Unknown is the empty text, the empty tuple or NaN, never a default.

    `list_ids` says which list (file) a record belongs to; the registry is a list of its own. `contacts` are tuples of opaque tokens,
    equal if and only if the contact is the same. `alternatives` are constituency or ward codes that are possible where the place is not
    settled (an old constituency that was split). `place_names` are stated names of the surroundings (ward, location, town) that may
    not be official; `qualifiers` the bracketed parts of a name when the name no longer holds them.
    """

    keys: TextArray
    list_ids: IntArray
    names: TextArray
    qualifiers: TextArray
    facility_types: TextArray
    owners: TextArray
    county_codes: TextArray
    constituency_codes: TextArray
    ward_codes: TextArray
    alternatives: TextArray
    place_names: TextArray
    latitudes: FloatArray
    longitudes: FloatArray
    point_decimals: IntArray
    contacts: TextArray
    mfl_codes: TextArray
    registration_numbers: TextArray
    services: TextArray
    is_sensitive: BoolArray

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def from_plain(
        cls, keys: Sequence[str], names: Sequence[str | None], list_ids: Sequence[int] | None = None, **others: Sequence[object]
    ) -> MatchColumns:
        """Columns from plain sequences of equal length; columns not given are unknown. Raises ConfigError for an unknown column or a wrong length."""
        count = len(keys)
        _check_plain(count, {"names": names, **({"list_ids": list_ids} if list_ids is not None else {}), **others})
        return cls(
            keys=texts(keys),
            names=texts(names),
            list_ids=np.zeros(count, dtype=np.int32) if list_ids is None else np.asarray(list_ids, dtype=np.int32),
            **{name: texts(others.get(name) or [""] * count) for name in _TEXT_COLUMNS},
            **{name: _tuples(others.get(name), count) for name in _TUPLE_COLUMNS},
            latitudes=_floats(others.get("latitudes"), count),
            longitudes=_floats(others.get("longitudes"), count),
            point_decimals=_decimals(others.get("point_decimals"), count),
            is_sensitive=np.asarray(others.get("is_sensitive", np.zeros(count)), dtype=np.bool_),
        )

    @classmethod
    def from_records(cls, records: Sequence[Record], list_ids: Sequence[int]) -> MatchColumns:
        """Columns of standardised records; `list_ids` in the same order."""
        return cls.from_plain(
            [record.record_key for record in records],
            [record.name for record in records],
            list_ids,
            qualifiers=[record.qualifiers for record in records],
            facility_types=[record.facility_type for record in records],
            owners=[record.owner for record in records],
            county_codes=[record.place.county_code for record in records],
            constituency_codes=[record.place.constituency_code for record in records],
            ward_codes=[record.place.ward_code for record in records],
            alternatives=[record.place.alternatives for record in records],
            place_names=[_place_names(record) for record in records],
            latitudes=[record.point.latitude if _has_own_point(record) and record.point else None for record in records],
            longitudes=[record.point.longitude if _has_own_point(record) and record.point else None for record in records],
            point_decimals=[record.point.decimals if record.point else UNKNOWN_DECIMALS for record in records],
            contacts=[_contact_tokens(record) for record in records],
            mfl_codes=[record.mfl_code for record in records],
            registration_numbers=[record.registration_number for record in records],
            services=[record.services for record in records],
            is_sensitive=[record.visibility is not Visibility.PUBLIC for record in records],
        )

    @classmethod
    def joined(cls, parts: Sequence[MatchColumns]) -> MatchColumns:
        """The columns of several lists one after another; equal texts and tuples are kept once, for many records say the same."""
        known: dict[object, object] = {}
        return cls.strung([part.sharing(known) for part in parts])

    @classmethod
    def strung(cls, parts: Sequence[MatchColumns]) -> MatchColumns:
        """The columns of several lists one after another, as they are."""
        if not parts:
            return cls.from_plain([], [])
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _ALL_COLUMNS})

    def sharing(self, known: dict[object, object]) -> MatchColumns:
        """The same columns with texts and tuples that were `known` before, which those not met before become."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in _ALL_COLUMNS}
        for name in _OFTEN_EQUAL:
            shared = np.empty(len(self), dtype=object)
            shared[:] = [known.setdefault(value, value) for value in columns[name].tolist()]
            columns[name] = shared
        return MatchColumns(**columns)

    def taken(self, rows: IntArray) -> MatchColumns:
        """The columns of these rows only, in this order."""
        return MatchColumns(**{name: getattr(self, name)[rows] for name in _ALL_COLUMNS})


_TEXT_COLUMNS = ("facility_types", "owners", "county_codes", "constituency_codes", "ward_codes", "mfl_codes", "registration_numbers")
_TUPLE_COLUMNS = ("qualifiers", "alternatives", "place_names", "contacts", "services")
_NUMBER_COLUMNS = ("latitudes", "longitudes", "point_decimals", "is_sensitive")
_ALL_COLUMNS = ("keys", "list_ids", "names", *_TEXT_COLUMNS, *_TUPLE_COLUMNS, *_NUMBER_COLUMNS)
_OFTEN_EQUAL = frozenset({"facility_types", "owners", "county_codes", "constituency_codes", "ward_codes", "alternatives", "place_names", "services", "qualifiers"})
_STATED_PLACES = ("ward", "constituency", "sub_county", "district", "location", "town")


def _check_plain(count: int, columns: Mapping[str, Sequence[object]]) -> None:
    unknown = sorted(set(columns) - set(_ALL_COLUMNS))
    if unknown:
        raise ConfigError(f"The matcher knows no column {', '.join(unknown)}.", f"Its columns are {', '.join(_ALL_COLUMNS)}.")
    wrong = sorted(name for name, values in columns.items() if len(values) != count)
    if wrong:
        raise ConfigError(f"Columns of different length: {', '.join(wrong)}.", "Give every column one value per record.")


def _tuples(values: Sequence[object] | None, count: int) -> TextArray:
    out: TextArray = np.empty(count, dtype=object)
    out[:] = [()] * count if values is None else [tuple(value) if value else () for value in values]  # type: ignore[arg-type]
    return out


def _floats(values: Sequence[object] | None, count: int) -> FloatArray:
    if values is None:
        return np.full(count, np.nan)
    return np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)


def _decimals(values: Sequence[object] | None, count: int) -> IntArray:
    if values is None:
        return np.full(count, UNKNOWN_DECIMALS, dtype=np.int32)
    return np.array([UNKNOWN_DECIMALS if value is None else value for value in values], dtype=np.int32)


def _place_names(record: Record) -> tuple[str, ...]:
    """Every name of the surroundings, a list in one text (`Mathima, Kiati`) taken apart."""
    stated = (part.strip() for key in _STATED_PLACES for part in record.stated.get(key, "")[:LONGEST_PLACE].split(","))
    return tuple(dict.fromkeys(name for name in (record.place.ward, record.place.constituency, *stated) if name))


def _has_own_point(record: Record) -> bool:
    """A ward's centre is where the ward is, not where the place is."""
    return record.point is not None and record.point.accuracy_level != "ward_centre"


def _contact_tokens(record: Record) -> tuple[str, ...]:
    """What tells a place by its contacts; the short code is a hotline's own, anywhere else it belongs to everybody."""
    comparable = COMPARABLE_CONTACTS | {ContactType.HOTLINE} if record.facility_type == "hotline" else COMPARABLE_CONTACTS
    return tuple(contact.value for contact in record.contacts if contact.contact_type in comparable)
