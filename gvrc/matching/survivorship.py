"""One place out of several records: which value stands in the golden record, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gvrc.model.golden import FieldOrigin, GoldenRecord
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, Record, Visibility

STEWARD = "steward"
"""Stands as the record key of a value that a person chose."""

_PROTECTION = (Visibility.PUBLIC, Visibility.WARD_ONLY, Visibility.OFFICE_LINE, Visibility.WITHHELD)
_LEVELS = {None: 0, "county": 1, "constituency": 2, "ward": 3}
_SINGLE_FIELDS = (
    "facility_type", "facility_code", "registration_number", "mfl_code", "fid_code", "keph_level", "owner", "operational_status", "address", "officer",
    "opening_hours", "description",
)
_UNITED_FIELDS = ("services", "gbv_categories")
_PLACE_FIELDS = ("county_code", "county", "constituency_code", "constituency", "ward_code", "ward")


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivorInput:
    """A record with when it was delivered. `source` of the record decides how far it is trusted."""

    record: Record
    received_at: datetime | date | None = None

    @property
    def newest(self) -> str:
        """When it was last verified, else delivered, as sortable text; empty when unknown."""
        moment = self.record.last_verified_at or self.received_at
        return moment.isoformat() if moment else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A value with what speaks for it, in the order in which it speaks."""

    value: Any
    key: str
    source: str
    trust: int
    precision: tuple[float, ...]
    newest: str
    votes: int

    def rank(self) -> tuple[int, tuple[float, ...], str, int]:
        return self.trust, self.precision, self.newest, self.votes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    value: Any
    origin: FieldOrigin


def merge(
    members: Sequence[SurvivorInput], trust: Mapping[str, int] | None = None, overrides: Mapping[str, Any] | None = None,
    field_trust: Mapping[str, Mapping[str, int]] | None = None,
) -> GoldenRecord:
    """The golden record of one place, the same in whatever order the members come. Raises ValueError without members.

    Per field: a steward's value (`overrides`), then known over unknown, then the more trusted source (`field_trust[field]` before `trust`, higher
    first, unlisted 0), then the more precise or complete, then the newer, then the majority. Overrides are named as the attributes of Record,
    or `latitude` and `longitude`, or an attribute of Place.
    """
    if not members:
        raise ValueError("a golden record needs at least one member")
    work = _Merge(sorted(members, key=lambda member: member.record.record_key), dict(trust or {}), dict(field_trust or {}))
    return work.golden(dict(overrides or {}))


class _Merge:
    """One merge at work: members in a fixed order, and the fields as they are settled."""

    def __init__(self, members: list[SurvivorInput], trust: dict[str, int], field_trust: dict[str, Mapping[str, int]]) -> None:
        self._members = members
        self._trust = trust
        self._field_trust = field_trust
        self._origins: list[FieldOrigin] = []

    def golden(self, overrides: dict[str, Any]) -> GoldenRecord:
        lead = max(self._members, key=lambda member: (self._trust.get(member.record.source, 0), member.newest, member.record.record_key)).record
        values: dict[str, Any] = self._name()
        values |= {name: chosen for name in _SINGLE_FIELDS if (chosen := self._settle(name, _attribute(name))) is not None}
        values |= self._whereabouts(overrides)
        values |= {name: self._united(name) for name in _UNITED_FIELDS}
        values |= {"contacts": self._contacts(), "visibility": self._visibility(), "last_verified_at": self._verified()}
        merged = replace(_bare(lead), **values)
        merged = self._overridden(merged, overrides)
        return GoldenRecord(
            record=merged, members=tuple(member.record.record_key for member in self._members), origins=tuple(sorted(self._origins, key=lambda origin: origin.field_name))
        )

    def _settle(self, field_name: str, read: Callable[[Record], Any], precision: Callable[[Any], tuple[float, ...]] = lambda value: ()) -> Any:
        """The best known value of a field, with its origin noted; None when nobody knows it."""
        chosen = self._choose(field_name, self._members, read, precision)
        if chosen is None:
            return None
        self._origins.append(chosen.origin)
        return chosen.value

    def _choose(
        self, field_name: str, members: Sequence[SurvivorInput], read: Callable[[Record], Any], precision: Callable[[Any], tuple[float, ...]]
    ) -> _Chosen | None:
        known = [(member, value) for member in members if (value := read(member.record)) not in (None, "", ())]
        if not known:
            return None
        votes = Counter(_comparable(value) for _, value in known)
        trust = self._field_trust.get(field_name, self._trust)
        found = [
            _Candidate(
                value=value, key=member.record.record_key, source=member.record.source, trust=trust.get(member.record.source, self._trust.get(member.record.source, 0)),
                precision=precision(value), newest=member.newest, votes=votes[_comparable(value)],
            )
            for member, value in known
        ]
        best = max(found, key=lambda candidate: (candidate.rank(), _comparable(candidate.value), candidate.key))
        return _Chosen(value=best.value, origin=_origin(field_name, best, found, len(members)))

    def _name(self) -> dict[str, Any]:
        """The name with its qualifiers; the other names become aliases."""
        chosen = self._choose("name", self._members, lambda record: (record.name, record.qualifiers) if record.name else None, _name_precision)
        if chosen is None:
            return {"aliases": tuple(sorted({alias for member in self._members for alias in member.record.aliases}))}
        self._origins.append(chosen.origin)
        name, qualifiers = chosen.value
        others = {member.record.name for member in self._members if member.record.name} | {alias for member in self._members for alias in member.record.aliases}
        return {"name": name, "qualifiers": qualifiers, "aliases": tuple(sorted(others - {name}))}

    def _whereabouts(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Place and point move together: the point comes from the record that gives the place, or from one that does not contradict it. A place that a
        steward took from a record brings that record's point, and a point its place, unless both were chosen."""
        members = self._chosen_by_steward(overrides)
        place = self._choose("place", members, lambda record: record.place if record.place.level else None, _place_precision)
        if place is None:
            point = self._settle("point", _attribute("point"), _point_precision)
            return {"point": point, "stated": self._stated(point, "point")}
        self._origins.append(place.origin)
        agreeing = [member for member in self._members if _agrees(member.record.place, place.value)]
        same_record = [member for member in members if member.record.record_key == place.origin.record_key and member.record.point]
        point_found = self._choose("point", same_record or agreeing, _attribute("point"), _point_precision)
        if point_found is not None:
            reason = "Comes with the administrative place chosen." if same_record else point_found.origin.reason + " It agrees with the administrative place chosen."
            self._origins.append(replace(point_found.origin, reason=reason, rule="together" if same_record else point_found.origin.rule))
        return {"place": place.value, "point": point_found.value if point_found else None, "stated": self._stated(place.value, "place")}

    def _chosen_by_steward(self, overrides: Mapping[str, Any]) -> Sequence[SurvivorInput]:
        """The members whose place or point a steward chose, when one of both was chosen; else all."""
        place, point = overrides.get("place"), overrides.get("point")
        if (place is None) == (point is None):
            return self._members
        found = [member for member in self._members if (place is not None and member.record.place == place) or (point is not None and member.record.point == point)]
        return found or self._members

    def _stated(self, value: Any, attribute: str) -> dict[str, str]:
        """What the source said of the place, from the records whose place was chosen."""
        found: dict[str, str] = {}
        for member in self._members:
            if value is None or getattr(member.record, attribute) == value:
                found = {**member.record.stated, **found}
        return found

    def _by_trust(self, field_name: str) -> list[SurvivorInput]:
        trust = self._field_trust.get(field_name, self._trust)
        members = sorted(self._members, key=lambda member: member.newest, reverse=True)
        return sorted(members, key=lambda member: -trust.get(member.record.source, self._trust.get(member.record.source, 0)))

    def _united(self, field_name: str) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for member in self._by_trust(field_name):
            for value in getattr(member.record, field_name):
                found.setdefault(value, member.record.record_key)
        self._note_union(field_name, found.values())
        return tuple(sorted(found))

    def _contacts(self) -> tuple[Contact, ...]:
        """All contacts, each once; one primary per kind, that of the most trusted source."""
        found: dict[tuple[str, str], Contact] = {}
        givers: list[str] = []
        for member in self._by_trust("contacts"):
            for contact in member.record.contacts:
                key = (contact.contact_type.value, contact.value)
                if key not in found:
                    givers.append(member.record.record_key)
                known = found.get(key, contact)
                found[key] = replace(known, label=known.label or contact.label)
        self._note_union("contacts", givers)
        return tuple(_one_primary(list(found.values())))

    def _note_union(self, field_name: str, keys: Any) -> None:
        givers = sorted(set(keys))
        if givers:
            many = f"United from {len(givers)} records." if len(givers) > 1 else "Known to one record only."
            self._origins.append(FieldOrigin(field_name=field_name, record_key=givers[0], rule="united", reason=many))

    def _visibility(self) -> Visibility:
        """The most protective wins: a place that one source withholds is not given away by another."""
        best = max(self._members, key=lambda member: (_PROTECTION.index(member.record.visibility), member.record.record_key)).record
        self._origins.append(FieldOrigin(field_name="visibility", record_key=best.record_key, rule="protective", reason="The most protective visibility stands."))
        return best.visibility

    def _verified(self) -> date | None:
        dates = [(member.record.last_verified_at, member.record.record_key) for member in self._members if member.record.last_verified_at]
        if not dates:
            return None
        newest, key = max(dates)
        self._origins.append(FieldOrigin(field_name="last_verified_at", record_key=key, rule="newer", reason="The latest verification stands."))
        return newest

    def _overridden(self, record: Record, overrides: dict[str, Any]) -> Record:
        """The record with a steward's values; each names its origin."""
        point = overrides.pop("point", record.point)
        if "latitude" in overrides and "longitude" in overrides:
            point = Point(latitude=float(overrides["latitude"]), longitude=float(overrides["longitude"]), accuracy_level="steward")
        place = overrides.pop("place", record.place)
        stated = {name: overrides[name] for name in _PLACE_FIELDS if name in overrides}
        place = replace(place, **stated, method="steward", confidence=1.0) if stated else place
        direct = {name: value for name, value in overrides.items() if name not in (*_PLACE_FIELDS, "latitude", "longitude")}
        changed = [*direct, *(["place"] if place != record.place else []), *(["point"] if point != record.point else [])]
        self._origins = [origin for origin in self._origins if origin.field_name not in changed]
        self._origins += [FieldOrigin(field_name=name, record_key=STEWARD, rule="steward", reason="A steward chose this value.") for name in changed]
        return replace(record, **direct, place=place, point=point)


def _bare(record: Record) -> Record:
    """The record's identity without its values."""
    return Record(record_key=record.record_key, source=record.source, pointer=record.pointer, source_id=record.source_id)


def _attribute(name: str) -> Callable[[Record], Any]:
    return lambda record: getattr(record, name)


def _comparable(value: Any) -> str:
    return repr(value)


def _name_precision(value: tuple[str, tuple[str, ...]]) -> tuple[float, ...]:
    """A name in mixed case before one in a single case, then the longer one."""
    name, qualifiers = value
    return float(not (name.isupper() or name.islower())), float(len(name) + sum(map(len, qualifiers)))


def _place_precision(place: Place) -> tuple[float, ...]:
    return float(_LEVELS[place.level]), place.confidence


def _point_precision(point: Point) -> tuple[float, ...]:
    """A steward's point before a stated one, that before a ward's centre; then the more decimals."""
    return float(("ward_centre", "stated", "steward").index(point.accuracy_level)), float(min(point.decimals, 6))


def _agrees(place: Place, chosen: Place) -> bool:
    """Whether two places agree at every level that both know."""
    pairs = [(getattr(place, name), getattr(chosen, name)) for name in ("county_code", "constituency_code", "ward_code")]
    return all(mine == theirs for mine, theirs in pairs if mine and theirs)


def _one_primary(contacts: list[Contact]) -> list[Contact]:
    seen: set[str] = set()
    found = []
    for contact in contacts:
        is_primary = contact.is_primary and contact.contact_type not in seen
        if is_primary:
            seen.add(contact.contact_type)
        found.append(replace(contact, is_primary=is_primary))
    return found


def _origin(field_name: str, best: _Candidate, found: list[_Candidate], members: int) -> FieldOrigin:
    rule, reason = _reason(best, found, members)
    return FieldOrigin(field_name=field_name, record_key=best.key, rule=rule, reason=reason)


def _reason(best: _Candidate, found: list[_Candidate], members: int) -> tuple[str, str]:
    """The first rule that told the chosen value from the best other one, as a sentence."""
    others = [candidate for candidate in found if _comparable(candidate.value) != _comparable(best.value)]
    if not others:
        return ("only", "The only known value.") if len(found) < members or members == 1 else ("agreed", "All records agree.")
    rival = max(others, key=lambda candidate: candidate.rank())
    if best.trust != rival.trust:
        return "trusted", f"From {best.source}, the more trusted source."
    if best.precision != rival.precision:
        return "precise", "The more precise or complete value."
    if best.newest != rival.newest:
        return "newer", "The newer value."
    if best.votes != rival.votes:
        return "majority", f"{best.votes} of {len(found)} records say so."
    return "tie", "Nothing tells the values apart: the choice is arbitrary but always the same."
