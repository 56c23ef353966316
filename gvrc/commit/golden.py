"""The golden record of a unit, in the shape in which the registry keeps it.

`content` is what the registry says of a place: names and codes, lists in a fixed order, personal values as vault ids. Its digest decides whether
anything is written, so it holds nothing that moves by itself: no clock, no quality score, no origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from gvrc.commit.pins import origins_of_pins, with_pins
from gvrc.commit.units import Hold, Unit
from gvrc.heap import no_sweeps
from gvrc.matching.chosen import chosen_values
from gvrc.matching.survivorship import SurvivorInput, merge
from gvrc.model.golden import FieldOrigin, GoldenRecord
from gvrc.model.issue import Issue
from gvrc.model.place import Point
from gvrc.model.record import Contact, Record
from gvrc.model.review import Answer
from gvrc.quality.golden import golden_quality
from gvrc.quality.weights import load_weights
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.staging import registry_record
from gvrc.store import records as record_store
from gvrc.store import registry
from gvrc.store.codec import digest
from gvrc.store.records import StoredRecord
from gvrc.store.registry import FACILITY_PREFIX, PlaceDecision
from gvrc.store.session import Connection

_NAME_LENGTH = 255
"""Characters; the registry's column. A longer name is cut and kept whole as an alias."""
_POINT_DECIMALS = 8
"""As many as the registry's columns keep."""

VISIBILITY_ORDER: Mapping[str, int] = {tier: rank for rank, tier in enumerate(("public", "ward_only", "office_line", "withheld"))}
"""From the most visible to the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A quality score with its parts as they are stored."""

    score: float | None = None
    parts: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenUnit:
    """A unit with its golden record. `links` are the staged records that feed it from now on."""

    unit: Unit
    golden: GoldenRecord
    content: Mapping[str, Any]
    content_hash: str
    quality: Quality
    links: tuple[StoredRecord, ...]
    pins: Mapping[str, Any] = field(default_factory=dict)
    """Values that people gave the facility themselves; they stand in `content`."""

    @property
    def hold(self) -> Hold | None:
        """What the registry cannot do without."""
        if not self.content["name"]:
            return Hold.NO_NAME
        return None if self.content["facility_type"] else Hold.NO_KIND

    @property
    def origins(self) -> dict[str, Any]:
        """As `facilities.origins` keeps them: where each value comes from and why."""
        told = {o.field_name: {"record_key": o.record_key, "rule": o.rule, "reason": o.reason} for o in self.golden.origins}
        return told | origins_of_pins(self.pins)


@no_sweeps()
def golden_units(conn: Connection, units: Sequence[Unit], decisions: Sequence[PlaceDecision]) -> list[GoldenUnit]:
    """The golden records of units, in their order, from what staging holds now. Units whose records have vanished are left out."""
    stored = {s.record_id: s for s in record_store.load_records(conn, record_ids=[i for unit in units for i in unit.record_ids])}
    qualities = registry.record_qualities(conn, list(stored))
    facility_ids = {number for unit in units for number in unit.facility_ids}
    chosen = _chosen_values(decisions)
    places = _facility_records(conn, units)
    pins = registry.pins_of(conn, facility_ids) if facility_ids else {}
    names = registry.redirected_names(conn, facility_ids) if facility_ids else {}
    told = [found for unit in units if (found := _told(unit, stored, qualities, chosen, places, names)) is not None]
    judge = _Judge.of(conn, [row.record_id for item in told if not item.is_alone for row in item.rows], qualities)
    return [
        _golden_unit(
            item, judge.of_one(item.rows[0]) if item.is_alone and item.rows else judge.of_many(item.golden, item.rows),
            pins.get(item.unit.facility_ids[0], {}) if item.unit.facility_ids else {},
        )
        for item in told
    ]


class _Told(NamedTuple):
    """What a unit's records say together. `is_alone`: one record tells it all and nobody chose otherwise."""

    unit: Unit
    golden: GoldenRecord
    known_names: list[str]
    rows: list[StoredRecord]
    is_alone: bool


def _told(
    unit: Unit, stored: Mapping[int, StoredRecord], qualities: Mapping[int, registry.RecordQuality], chosen: Sequence[PlaceDecision],
    places: Mapping[int, Record], names: Mapping[int, Sequence[str]],
) -> _Told | None:
    rows = [stored[record_id] for record_id in unit.record_ids if record_id in stored]
    inputs = [SurvivorInput(record=row.record, received_at=qualities[row.record_id].received_at) for row in rows]
    inputs += [SurvivorInput(record=record) for number in unit.facility_ids if (record := places.get(number))]
    if not inputs:
        return None
    members = [item.record for item in inputs]
    overrides = chosen_values(_overrides(unit, chosen), members)
    is_alone = len(inputs) == 1 and not overrides
    known = [name for number in unit.facility_ids for name in names.get(number, ())] + [r.name for r in members if r.name]
    return _Told(unit, alone(members[0]) if is_alone else merge(inputs, overrides=overrides), known, rows, is_alone)


_TOLD = (
    "name", "facility_type", "registration_number", "mfl_code", "fid_code", "keph_level", "owner", "operational_status", "address", "officer",
    "opening_hours", "description", "last_verified_at", "point", "contacts", "services", "gbv_categories",
)


def alone(record: Record) -> GoldenRecord:
    """The golden record of a place told by one record: every value is that record's. The same as `merge` of it alone, and much quicker."""
    known = [name for name in _TOLD if getattr(record, name)] + (["place"] if record.place.level else []) + ["visibility"]
    origins = tuple(FieldOrigin(field_name=name, record_key=record.record_key, rule="only", reason="Known to one record only.") for name in sorted(known))
    return GoldenRecord(record=record, members=(record.record_key,), origins=origins)


def _golden_unit(told: _Told, quality: Quality, pins: Mapping[str, Any]) -> GoldenUnit:
    said = content(told.golden.record, told.known_names)
    if pins:
        said = with_pins(said, pins)
    return GoldenUnit(
        unit=told.unit, golden=told.golden, content=said, content_hash=content_hash_of(said), links=tuple(told.rows), quality=quality, pins=pins,
    )


def content_hash_of(said: Mapping[str, Any]) -> str:
    """The digest that decides whether anything is written."""
    return digest(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Tells how good golden records are. `issues` are the open ones of records that share a place with others, by record id."""

    qualities: Mapping[int, registry.RecordQuality]
    issues: Mapping[int, Sequence[Issue]]
    as_of: date

    @classmethod
    def of(cls, conn: Connection, shared: Sequence[int], qualities: Mapping[int, registry.RecordQuality]) -> _Judge:
        """A judge of places, of which these records share theirs. The issues of a record that stands alone are in its own score already."""
        found = record_store.load_issues(conn, shared) if shared else {}
        issues = {number: [item.issue for item in items if item.state == "open"] for number, items in found.items()}
        return cls(qualities=qualities, issues=issues, as_of=datetime.now(UTC).date())

    def of_one(self, row: StoredRecord) -> Quality:
        """Of a place told by one record: that record's quality."""
        own = self.qualities[row.record_id]
        return Quality(score=own.quality_score, parts=tuple(own.quality_parts))

    def of_many(self, golden: GoldenRecord, rows: Sequence[StoredRecord]) -> Quality:
        """Of a place told by several: that of what they say together. None while no record of it was scored."""
        if all(self.qualities[row.record_id].quality_score is None for row in rows):
            return Quality()
        issues = {row.record.record_key: self.issues.get(row.record_id, ()) for row in rows}
        found = golden_quality(golden, issues, self.as_of, load_vocabularies(), load_weights())
        return Quality(score=found.total, parts=tuple(part.to_row() for part in found.parts))


def content(record: Record, known_names: Iterable[str] = ()) -> dict[str, Any]:
    """What the registry would say of this place. `known_names` are names of places merged into it, kept as aliases."""
    place, name = record.place, (record.name or "").strip()
    return {
        "name": name[:_NAME_LENGTH], "facility_type": record.facility_type, "operational_status": record.operational_status,
        "county": place.county_code, "constituency": place.constituency_code, "ward": place.ward_code,
        "registration_number": record.registration_number, "mfl_code": record.mfl_code, "fid_code": record.fid_code,
        "keph_level": record.keph_level, "address": record.address, "officer": record.officer, "opening_hours": record.opening_hours,
        "description": record.description, "aliases": _aliases(record, name, known_names), "visibility": record.visibility.value,
        "last_verified_at": record.last_verified_at.isoformat() if record.last_verified_at else None,
        "contacts": _contacts(record.contacts), "services": sorted(set(record.services)), "gbv_categories": sorted(set(record.gbv_categories)),
        "owner": _owner(record.owner), "point": _point(record.point),
    }


def _aliases(record: Record, name: str, known_names: Iterable[str]) -> list[str]:
    qualifiers = ", ".join(filter(None, record.qualifiers))
    qualified = [f"{name} ({qualifiers})"] if name and qualifiers else []
    longer = [name] if len(name) > _NAME_LENGTH else []
    given = (alias.strip() for alias in (*record.aliases, *known_names, *qualified, *longer))
    return sorted(set(given) - {name[:_NAME_LENGTH], ""})


def _contacts(contacts: Iterable[Contact]) -> list[list[Any]]:
    """Each contact once, at most one of a kind the first one."""
    found: dict[tuple[str, str], list[Any]] = {}
    led: set[str] = set()
    for contact in contacts:
        kind = contact.contact_type.value
        known = found.get((kind, contact.value))
        if known is not None:
            known[2] = known[2] or contact.label or None
            continue
        found[kind, contact.value] = [kind, contact.value, contact.label or None, contact.is_primary and kind not in led]
        led |= {kind} if contact.is_primary else set()
    return [found[key] for key in sorted(found)]


def _owner(owner: str | None) -> list[str] | None:
    """The owner's type and name; an owner without a known type is of type `other`."""
    if owner is None:
        return None
    vocabularies = load_vocabularies()
    return [vocabularies.owner_type(owner) or "other", vocabularies.owners.label(owner)]


def _point(point: Point | None) -> list[Any] | None:
    if point is None:
        return None
    return [round(point.latitude, _POINT_DECIMALS), round(point.longitude, _POINT_DECIMALS), point.accuracy_level, point.method]


# --------------------------------------------------------------------------------------------------------- a facility as a record


def _facility_records(conn: Connection, units: Sequence[Unit]) -> dict[int, Record]:
    """Facilities that one of their source records cannot speak for any more: they speak for themselves."""
    silent = {link.facility_id for unit in units for link in unit.outside if link.record_id is None}
    silent |= {number for unit in units for number in unit.facility_ids if not unit.members and not unit.outside}
    return {number: registry_record(number, said) for number, said in registry.contents(conn, silent).items()} if silent else {}


# --------------------------------------------------------------------------------------------------------- values that a steward chose


def _chosen_values(decisions: Sequence[PlaceDecision]) -> list[PlaceDecision]:
    return [decision for decision in decisions if decision.answer == Answer.SAME and decision.decided_values]


def _overrides(unit: Unit, chosen: Sequence[PlaceDecision]) -> dict[str, Any]:
    """The golden values that people chose for these records, as they gave them; a later choice wins."""
    keys = unit.record_keys | {f"{FACILITY_PREFIX}{number}" for number in unit.facility_ids}
    found: dict[str, Any] = {}
    for decision in chosen:
        if set(decision.record_keys) <= keys:
            found |= decision.decided_values
    return found
