"""The golden record of a unit, in the shape in which the registry keeps it.

`content` is what the registry says of a place: names and codes, lists in a fixed order, personal values as vault ids. Its digest decides whether
anything is written, so it holds nothing that moves by itself: no clock, no quality score, no origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gvrc.commit.units import Hold, Unit
from gvrc.matching.chosen import chosen_values
from gvrc.matching.survivorship import SurvivorInput, merge
from gvrc.model.golden import FieldOrigin, GoldenRecord
from gvrc.model.place import Point
from gvrc.model.record import Contact, Record
from gvrc.model.review import Answer
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

    @property
    def hold(self) -> Hold | None:
        """What the registry cannot do without."""
        if not self.content["name"]:
            return Hold.NO_NAME
        return None if self.content["facility_type"] else Hold.NO_KIND

    @property
    def origins(self) -> dict[str, Any]:
        """As `facilities.origins` keeps them: where each value comes from and why."""
        return {o.field_name: {"record_key": o.record_key, "rule": o.rule, "reason": o.reason} for o in self.golden.origins}


def golden_units(conn: Connection, units: Sequence[Unit], decisions: Sequence[PlaceDecision]) -> list[GoldenUnit]:
    """The golden records of units, in their order, from what staging holds now. Units whose records have vanished are left out."""
    stored = {s.record_id: s for s in record_store.load_records(conn, record_ids=[i for unit in units for i in unit.record_ids])}
    qualities = registry.record_qualities(conn, list(stored))
    facility_ids = {number for unit in units for number in unit.facility_ids}
    chosen = _chosen_values(decisions)
    places = _facility_records(conn, units)
    names = registry.redirected_names(conn, facility_ids) if facility_ids else {}
    made = []
    for unit in units:
        rows = [stored[record_id] for record_id in unit.record_ids if record_id in stored]
        inputs = [SurvivorInput(record=row.record, received_at=qualities[row.record_id].received_at) for row in rows]
        inputs += [SurvivorInput(record=record) for number in unit.facility_ids if (record := places.get(number))]
        if inputs:
            members = [item.record for item in inputs]
            overrides = chosen_values(_overrides(unit, chosen), members)
            golden = merge(inputs, overrides=overrides) if len(inputs) > 1 or overrides else alone(members[0])
            known = [name for number in unit.facility_ids for name in names.get(number, ())] + [r.name for r in members if r.name]
            made.append(_golden_unit(unit, golden, known, rows, qualities))
    return made


_TOLD = (
    "name", "facility_type", "registration_number", "mfl_code", "fid_code", "keph_level", "owner", "operational_status", "address", "officer",
    "opening_hours", "description", "last_verified_at", "point", "contacts", "services", "gbv_categories",
)


def alone(record: Record) -> GoldenRecord:
    """The golden record of a place told by one record: every value is that record's. The same as `merge` of it alone, and much quicker."""
    known = [name for name in _TOLD if getattr(record, name)] + (["place"] if record.place.level else []) + ["visibility"]
    origins = tuple(FieldOrigin(field_name=name, record_key=record.record_key, rule="only", reason="Known to one record only.") for name in sorted(known))
    return GoldenRecord(record=record, members=(record.record_key,), origins=origins)


def _golden_unit(
    unit: Unit, golden: GoldenRecord, known_names: Iterable[str], rows: Sequence[StoredRecord], qualities: Mapping[int, registry.RecordQuality],
) -> GoldenUnit:
    said = content(golden.record, known_names)
    return GoldenUnit(
        unit=unit, golden=golden, content=said, content_hash=digest(said), links=tuple(rows), quality=_quality(golden, rows, qualities),
    )


def _quality(golden: GoldenRecord, rows: Sequence[StoredRecord], qualities: Mapping[int, registry.RecordQuality]) -> Quality:
    """The quality of the best member: a golden record is at least as complete as each of them."""
    found = [qualities[row.record_id] for row in rows if qualities[row.record_id].quality_score is not None]
    if not found:
        return Quality()
    best = max(found, key=lambda quality: (quality.quality_score or 0.0, -quality.record_id))
    return Quality(score=best.quality_score, parts=tuple(best.quality_parts))


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
