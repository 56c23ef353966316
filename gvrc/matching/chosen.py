"""Golden values as a person chooses them: how a value is told in words, and which value those words mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record, Visibility
from gvrc.reference.vocabularies import Vocabulary, load_vocabularies

CHOOSABLE_FIELDS: tuple[str, ...] = (
    "name", "facility_type", "place", "point", "owner", "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number",
    "address", "officer", "opening_hours", "description", "visibility", "last_verified_at",
)
"""Fields of which one value stands in the golden record, in the order of a page."""
UNITED_FIELDS: tuple[str, ...] = ("contacts", "services", "gbv_categories", "aliases")
"""Fields whose values are united."""

_ADMINISTRATIVE = frozenset(field.name for field in fields(Place)) - {"confidence", "method", "alternatives"}
_SETTABLE = frozenset(field.name for field in fields(Record)) - {"record_key", "source", "pointer", "source_id", "changes", "stated", "place", "point"}
_KNOWN = _SETTABLE | _ADMINISTRATIVE | {"place", "point", "latitude", "longitude"}


def shown_value(record: Record, field_name: str) -> str | None:
    """One field of a record in words, None when it is not known. Personal values stay vault ids."""
    value = getattr(record, field_name)
    if value is None or value in ("", ()):
        return None
    vocabulary = _vocabulary(field_name)
    if vocabulary is not None:
        return vocabulary.label(value)
    if isinstance(value, Place):
        return place_in_words(value)
    if isinstance(value, Point):
        return point_in_words(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def place_in_words(place: Place) -> str | None:
    """`Kwale · Msambweni · Kinondo`, as far as it is known."""
    return " · ".join(name for name in (place.county, place.constituency, place.ward) if name) or None


def point_in_words(point: Point) -> str:
    """Latitude and longitude with five decimals (about a metre)."""
    return f"{point.latitude:.5f}, {point.longitude:.5f}"


TYPED_FIELDS = frozenset({
    "name", "facility_type", "point", "owner", "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number", "address", "officer",
    "opening_hours", "description", "last_verified_at",
})
"""Fields for which a person may type a value. A place is chosen, never typed: it is official or none; visibility is protective."""
LONGEST_TYPED = 500


def what_is_wrong(field_name: str, text: str) -> str | None:
    """Why a typed value cannot stand in a field, in a sentence; None when it can."""
    typed = text.strip()
    if field_name not in TYPED_FIELDS:
        return "This value can be chosen, not typed."
    if not typed or len(typed) > LONGEST_TYPED:
        return f"A value has between 1 and {LONGEST_TYPED} characters."
    if field_name == "point" and not _is_in_kenya(typed):
        return "A point is a latitude and a longitude in Kenya, like -4.47000, 39.48000."
    if field_name == "last_verified_at" and _converted(field_name, typed) is None:
        return "A day is written like 2026-05-03."
    if field_name == "mfl_code" and not (typed.isascii() and typed.isdigit() and 4 <= len(typed) <= 6):
        return "An official code of the master list has five digits."
    vocabulary = _vocabulary(field_name)
    if vocabulary is not None and _meant(field_name, typed, ()) is None:
        return "This is none of the known words for this field."
    return None


def _is_in_kenya(text: str) -> bool:
    point = _converted("point", text)
    return point is not None and -4.95 <= point.latitude <= 5.55 and 33.85 <= point.longitude <= 41.95


def chosen_values(values: Mapping[str, Any], members: Sequence[Record]) -> dict[str, Any]:
    """What a person chose (from JSON: codes, or the words of one of the members' values) as `survivorship.merge` takes it.

    Names that no record has, and values that mean nothing, are left out.
    """
    found = {}
    for name, value in values.items():
        if name in _KNOWN and value is not None:
            meant = _meant(name, value, members)
            if meant is not None:
                found[name] = meant
    return found


def _meant(field_name: str, value: Any, members: Sequence[Record]) -> Any:
    if field_name in CHOOSABLE_FIELDS and isinstance(value, str):
        for record in members:
            if shown_value(record, field_name) == value:
                return getattr(record, field_name)
        vocabulary = _vocabulary(field_name)
        if vocabulary is not None:
            match = vocabulary.find(value)
            return value if value in vocabulary else match.code if match else None
    return _converted(field_name, value)


def _converted(field_name: str, value: Any) -> Any:
    convert = _CONVERTERS.get(field_name, _same)
    try:
        return convert(value)
    except (TypeError, ValueError, KeyError, IndexError):
        return None


def _place(value: Any) -> Place:
    if not isinstance(value, Mapping) or not value.get("county_code"):
        raise TypeError("a place is told by its codes")
    return Place(**{name: value[name] for name in _ADMINISTRATIVE if name in value}, method="steward", confidence=1.0)


def _point(value: Any) -> Point:
    latitude, longitude = (value["latitude"], value["longitude"]) if isinstance(value, Mapping) else (value.split(",") if isinstance(value, str) else value)
    return Point(latitude=float(latitude), longitude=float(longitude), accuracy_level="steward")


def _contacts(values: Any) -> tuple[Contact, ...]:
    return tuple(
        Contact(contact_type=ContactType(c["contact_type"]), value=str(c["value"]), label=c.get("label"), is_primary=bool(c.get("is_primary"))) for c in values
    )


def _words(values: Any) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(str(value) for value in values)


def _same(value: Any) -> Any:
    return value if isinstance(value, str) else str(value)


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "contacts": _contacts, "place": _place, "point": _point, "latitude": float, "longitude": float, "visibility": Visibility,
    "last_verified_at": lambda value: value if isinstance(value, date) else date.fromisoformat(value),
    **dict.fromkeys(("aliases", "qualifiers", "services", "gbv_categories"), _words),
}


def _vocabulary(field_name: str) -> Vocabulary | None:
    vocabularies = load_vocabularies()
    return {
        "facility_type": vocabularies.facility_types, "owner": vocabularies.owners, "operational_status": vocabularies.operational_statuses,
        "visibility": vocabularies.visibilities,
    }.get(field_name)
