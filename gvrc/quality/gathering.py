"""Gathers what a run knows of one source, chunk by chunk: counts for later runs to compare with, and the points for outliers.

Memory stays bounded: counts by code, at most MOST_DISTINCT different values per shared field, 26 bytes per point.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gvrc.model.quality import SourceStatistics
from gvrc.model.record import ContactType, Record
from gvrc.quality.anomalies import outlying_points
from gvrc.quality.profile import MOST_DISTINCT, merge_counts

SHARED_FIELDS = ("phone", "email", "point", "address")
"""Fields whose most shared value is counted; the value itself is not kept."""


class SourceGathering:
    """The records of one source while they come in."""

    def __init__(self) -> None:
        self._records = 0
        self._counties: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._filled: Counter[tuple[str, ...]] = Counter()
        self._values: dict[str, Counter[object]] = {name: Counter() for name in SHARED_FIELDS}
        self._ids, self._codes = array("q"), array("h")
        self._latitudes, self._longitudes = array("d"), array("d")
        self._numbers: dict[str, int] = {}

    def add(self, record_id: int, record: Record) -> None:
        """Takes one record in."""
        gather(record_id, record, (self,))

    def merge(self, other: SourceGathering) -> None:
        """Takes in what was gathered of other records of the source."""
        self._records += other._records
        self._counties.update(other._counties)
        self._kinds.update(other._kinds)
        self._filled.update(other._filled)
        for name, counted in other._values.items():
            merge_counts(self._values[name], counted)
        renumbered = [self._numbers.setdefault(county, len(self._numbers)) for county in other._numbers]
        self._codes.extend(renumbered[code] for code in other._codes)
        self._ids.extend(other._ids)
        self._latitudes.extend(other._latitudes)
        self._longitudes.extend(other._longitudes)

    def statistics(self, shape: Mapping[str, Mapping[str, int]], shape_rows: int) -> SourceStatistics:
        """What was gathered, with the shape of the source's own fields as the store counted it."""
        filled: Counter[str] = Counter()
        for names, count in self._filled.items():
            filled.update(dict.fromkeys(names, count))
        shared = {name: max(counted.values()) for name, counted in self._values.items() if counted}
        return SourceStatistics(
            records=self._records, counties=dict(self._counties), kinds=dict(self._kinds), filled=dict(filled), shared=shared, shape=shape, shape_rows=shape_rows,
        )  # fmt: skip

    def outliers(self) -> dict[str, tuple[int, ...]]:
        """County code → records whose point lies far outside the others of their county."""
        codes = list(self._numbers)
        return outlying_points(self._ids, [codes[number] for number in self._codes], self._latitudes, self._longitudes)


def gather(record_id: int, record: Record, into: Sequence[SourceGathering]) -> None:
    """Takes a record into several gatherings at once: it is read once."""
    county, point = record.place.county_code, record.point
    filled, shared = _filled(record), list(_shared(record))
    for each in into:
        each._records += 1
        each._filled[filled] += 1
        if county:
            each._counties[county] += 1
        if record.facility_type:
            each._kinds[record.facility_type] += 1
        for name, value in shared:
            counted = each._values[name]
            if value in counted or len(counted) < MOST_DISTINCT:
                counted[value] += 1
        if county and point is not None:
            each._ids.append(record_id)
            each._codes.append(each._numbers.setdefault(county, len(each._numbers)))
            each._latitudes.append(point.latitude)
            each._longitudes.append(point.longitude)


def _filled(record: Record) -> tuple[str, ...]:
    """The canonical fields that a record fills."""
    place = record.place
    facts = (
        ("name", record.name), ("facility_type", record.facility_type), ("county", place.county_code), ("constituency", place.constituency_code),
        ("ward", place.ward_code), ("point", record.point), ("contacts", record.contacts), ("services", record.services), ("owner", record.owner),
        ("operational_status", record.operational_status), ("mfl_code", record.mfl_code), ("registration_number", record.registration_number),
        ("last_verified_at", record.last_verified_at),
    )  # fmt: skip
    return tuple([name for name, value in facts if value])


def _shared(record: Record) -> Iterable[tuple[str, object]]:
    for contact in record.contacts:
        if contact.contact_type is ContactType.PHONE:
            yield "phone", contact.value
        elif contact.contact_type is ContactType.EMAIL:
            yield "email", contact.value
    if record.point is not None:
        yield "point", (round(record.point.latitude, 5), round(record.point.longitude, 5))
    if record.address:
        yield "address", record.address
