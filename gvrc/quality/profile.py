"""The profile of a run: per field how often it is filled, what it holds, how it looks; per number its range and quartiles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nsmallest
from typing import Any

import numpy as np

from gvrc.model.record import PERSONAL_FIELDS, Record

MOST_COMMON = 5
"""Values shown as the most common ones of a field."""
LONGEST_SHOWN = 60
"""Characters of a value that are shown."""
MOST_DISTINCT = 50_000
"""Distinct values of a field that are counted; beyond that the count is "at least"."""
MOST_PATTERNS = 3

_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")

_Read = Callable[[Record], Any]
_READERS: Mapping[str, _Read] = {
    "name": lambda record: record.name,
    "facility_type": lambda record: record.facility_type,
    "county": lambda record: record.place.county,
    "constituency": lambda record: record.place.constituency,
    "ward": lambda record: record.place.ward,
    "latitude": lambda record: record.point.latitude if record.point else None,
    "longitude": lambda record: record.point.longitude if record.point else None,
    "contacts": lambda record: len(record.contacts) or None,
    "services": lambda record: len(record.services) or None,
    "owner": lambda record: record.owner,
    "operational_status": lambda record: record.operational_status,
    "keph_level": lambda record: record.keph_level,
    "mfl_code": lambda record: record.mfl_code,
    "registration_number": lambda record: record.registration_number,
    "last_verified_at": lambda record: record.last_verified_at,
    "visibility": lambda record: record.visibility,
    "address": lambda record: record.address,
    "officer": lambda record: record.officer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberProfile:
    """The range of a numeric field: least, quartiles and greatest."""

    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    greatest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProfile:
    """One field over a run: `filled` of `records` hold a value. Personal fields show lengths only, never a value or pattern."""

    field_name: str
    records: int
    filled: int
    distinct: int | None
    most_common: tuple[tuple[str, int], ...] = ()
    patterns: tuple[tuple[str, int], ...] = ()
    shortest: int | None = None
    longest: int | None = None
    numbers: NumberProfile | None = None

    @property
    def filled_share(self) -> float:
        """Share of the records that hold a value, 0 to 1."""
        return self.filled / self.records if self.records else 0.0


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """A field while its values come in."""

    filled: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    numbers: list[float] = field(default_factory=list)
    shortest: int | None = None
    longest: int | None = None

    def add(self, values: Sequence[Any]) -> None:
        """Takes values in, none of them empty."""
        self.filled += len(values)
        self.numbers.extend(float(value) for value in values if isinstance(value, (int, float)))
        texts = [str(value) for value in values]
        lengths = [len(text) for text in texts]
        self.shortest = min(lengths) if self.shortest is None else min(self.shortest, *lengths)
        self.longest = max(lengths) if self.longest is None else max(self.longest, *lengths)
        _count(self.counts, texts, known_too=True)
        _count(self.patterns, [pattern_of(text) for text in texts], known_too=False)


    def merge(self, other: _Gathering) -> None:
        """Takes in what was gathered of other values."""
        self.filled += other.filled
        self.numbers.extend(other.numbers)
        self.shortest = min((each for each in (self.shortest, other.shortest) if each is not None), default=None)
        self.longest = max((each for each in (self.longest, other.longest) if each is not None), default=None)
        merge_counts(self.counts, other.counts)
        merge_counts(self.patterns, other.patterns)


def merge_counts(counts: Counter[Any], others: Mapping[Any, int]) -> None:
    """Adds counts to counts, up to MOST_DISTINCT different values; beyond that only to those known already."""
    for value, count in others.items():
        if value in counts or len(counts) < MOST_DISTINCT:
            counts[value] += count


def _most_common(counts: Mapping[str, int], how_many: int) -> list[tuple[str, int]]:
    """The most frequent texts; equally frequent ones in the order of the alphabet, whoever was met first."""
    return nsmallest(how_many, counts.items(), key=lambda item: (-item[1], item[0]))


def _count(counts: Counter[str], texts: Sequence[str], *, known_too: bool) -> None:
    """Count texts until MOST_DISTINCT different ones were met; from then on only those met before, or nothing unless `known_too`."""
    if len(counts) + len(texts) <= MOST_DISTINCT:
        counts.update(texts)
        return
    for text in texts:
        if len(counts) < MOST_DISTINCT or (known_too and text in counts):
            counts[text] += 1


class RunProfile:
    """Gathers the profile of a run chunk by chunk; memory does not grow with the number of records beyond MOST_DISTINCT values per field
    and eight bytes per number."""

    def __init__(self) -> None:
        self._records = 0
        self._fields = {name: _Gathering() for name in _READERS}

    def add(self, records: Iterable[Record]) -> None:
        """Takes the records of one chunk in."""
        chunk = list(records)
        self._records += len(chunk)
        for name, read in _READERS.items():
            values = [value for record in chunk if (value := read(record)) is not None and value != ""]
            if values:
                self._fields[name].add(values)

    def merge(self, other: RunProfile) -> None:
        """Takes in what was gathered of other records."""
        self._records += other._records
        for name, gathered in other._fields.items():
            self._fields[name].merge(gathered)

    def result(self) -> tuple[FieldProfile, ...]:
        """The profile of every field so far."""
        return tuple(self._profile(name, gathered) for name, gathered in self._fields.items())

    def _profile(self, name: str, gathered: _Gathering) -> FieldProfile:
        is_personal = name in PERSONAL_FIELDS and name != "contacts"
        return FieldProfile(
            field_name=name,
            records=self._records,
            filled=gathered.filled,
            distinct=None if is_personal else len(gathered.counts),
            most_common=() if is_personal else tuple((text[:LONGEST_SHOWN], count) for text, count in _most_common(gathered.counts, MOST_COMMON)),
            patterns=() if is_personal else tuple(_most_common(gathered.patterns, MOST_PATTERNS)),
            shortest=gathered.shortest,
            longest=gathered.longest,
            numbers=_number_profile(gathered.numbers),
        )


def profile(records: Iterable[Record]) -> tuple[FieldProfile, ...]:
    """The profile of records at hand; for a run in chunks gather with RunProfile."""
    gathering = RunProfile()
    gathering.add(records)
    return gathering.result()


@lru_cache(maxsize=4096)
def pattern_of(text: str) -> str:
    """How a value looks: letters become `a`, digits `9` (`HOS-000123` is `a-9`)."""
    return _DIGITS.sub("9", _LETTERS.sub("a", text[:LONGEST_SHOWN]))


def _number_profile(numbers: Sequence[float]) -> NumberProfile | None:
    if not numbers:
        return None
    least, lower, median, upper, greatest = (float(value) for value in np.percentile(np.asarray(numbers), (0, 25, 50, 75, 100)))
    return NumberProfile(least=least, lower_quartile=lower, median=median, upper_quartile=upper, greatest=greatest)
