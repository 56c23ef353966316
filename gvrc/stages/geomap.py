"""Geo-mapping: each record into its official county, constituency and ward, with what is doubtful about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from gvrc.checks.places import FAR_FROM_COUNTY_KM, NearUnits, PointFacts, missing_point, placement_issues, point_issues
from gvrc.checks.values import requirements
from gvrc.model.issue import Issue
from gvrc.model.place import Place
from gvrc.model.record import ContactType, FieldChange, Record
from gvrc.model.run import StageResult
from gvrc.reference.address import is_post_box
from gvrc.reference.clues import WEIGHTS
from gvrc.reference.gazetteer import Gazetteer
from gvrc.reference.placing import PLACE_FIELDS, Placement, Placer, StatedPlace
from gvrc.reference.vocabularies import load_vocabularies

NATIONWIDE_KINDS = frozenset({"hotline"})
"""Kinds of place that need no county."""

LEAST_WITNESSES = 4
"""Records of one stated county that must say something else of their place before the list's use of that county is judged."""
TRUSTED_SHARE, DISTRUSTED_SHARE = 0.8, 0.4
"""Share of them that speak for it: from the first on the county field is trusted more than usual, below the second it is a stuck heading."""
TRUSTED_WEIGHT, DISTRUSTED_WEIGHT = 2.5, 0.5

STEWARD = "steward"
"""Rule of a change, and method of a place or accuracy of a point, that a person decided."""

_STAGE = "geomap"
_NOTHING_DECIDED: frozenset[str] = frozenset()
_CONFIRMED_BY_POINT = ("missing", "unknown", "ambiguous", "divided")
"""States of the ward in which the nearest ward centre may confirm one of its options."""
_TELL_WHERE = ("county", "location", "town", "constituency", "ward", "sub_county", "district")
LONGEST_HINT = 300
"""Characters of a description that may hint at where a place lies, where nothing else says it."""
_LEVELS = ("county", "constituency", "ward")
_NOWHERE = NearUnits()


def geomap(records: Sequence[Record], gazetteer: Gazetteer) -> StageResult:
    """The records in their places, and what is missing, unknown, ambiguous or contradicted.

    A place set by a steward is left alone; only its point is checked. How far the stated county is trusted depends on the chunk: where
    nearly every record of a county says it lies elsewhere, a heading was carried on too far.
    """
    placer = _placer(gazetteer)
    facts = _point_facts(records, gazetteer)
    placed = [None if record.place.method == STEWARD else _said(record, placer) for record in records]
    placed = _with_points(records, placed, facts, placer)
    placed = _with_trust(records, placed, placer)
    mapped: list[Record] = []
    issues: list[Issue] = []
    for record, found, fact in zip(records, placed, facts, strict=True):
        in_place, found_issues = _map(record, found, fact, placer)
        mapped.append(in_place)
        issues.extend(found_issues)
    return StageResult(records=mapped, issues=issues)


class _Placed(NamedTuple):
    """What a record says of its place with what came of it."""

    said: StatedPlace
    placement: Placement
    is_settled: bool
    changes: tuple[FieldChange, ...]

    @classmethod
    def of(cls, said: StatedPlace, placer: Placer) -> _Placed:
        placement = placer.place(said)
        return cls(said, placement, placement.is_settled, _changes(said, placement.place))


@lru_cache(maxsize=256)
def _needed(facility_type: str | None) -> frozenset[str]:
    """What a place of this kind should say of where it is: a shelter tells no ward and no point, a hotline no place at all."""
    return requirements()[load_vocabularies().group(facility_type) or "unknown"]


@lru_cache(maxsize=2)
def _placer(gazetteer: Gazetteer) -> Placer:
    """One placer per gazetteer, so that what was weighed in one chunk is known in the next."""
    return Placer(gazetteer)


def _said(record: Record, placer: Placer) -> _Placed:
    """What a record says of its place; its own name is read only when the rest does not settle it."""
    stated = record.stated
    if record.address and not any(name in stated for name in _TELL_WHERE):
        stated = {**stated, **_units_of(record.address, placer)}
    elif not stated and not record.description and (posted := next((contact.value for contact in record.contacts if contact.contact_type is ContactType.POSTAL), "")):
        stated = _units_of(posted, placer)
    elif record.description and not stated:
        stated = {"description": record.description[:LONGEST_HINT]}
    texts, decided = tuple([stated.get(name, "") for name in PLACE_FIELDS]), _decided(record)
    if settled := _settled(texts, decided, placer):
        return settled
    said = StatedPlace(texts=texts, decided=decided)
    phrases = dict.fromkeys(phrase for text in (record.name, *record.qualifiers) if text for phrase in placer.name_phrases(text))
    return _Placed.of(replace(said, name_phrases=tuple(phrases)) if phrases else said, placer)


@lru_cache(maxsize=16_384)
def _settled(texts: tuple[str, ...], decided: frozenset[str], placer: Placer) -> _Placed | None:
    """The place that the texts of a record settle by themselves; None where more must be weighed. Most records of a list share theirs with others."""
    said = StatedPlace(texts=texts, decided=decided)
    found = _Placed.of(said, placer) if said.may_settle else None
    return found if found is not None and found.is_settled else None


def _units_of(address: str, placer: Placer) -> dict[str, str]:
    """The units that an address names, where nothing else says where a place is, or else the town it ends with, which hints at a county and settles none. The rest of it
    is not for reasons and issues, which may be read by who sees no address; the town of a post box is not where the place is, and is told as such."""
    if is_post_box(address):
        return {"post_box": placer.town(address)}
    found = placer.address(address)
    units = ", ".join(filter(None, (found.ward, found.constituency, found.county)))
    return {"location": units} if units else {"town": placer.town(address)}


def _decided(record: Record) -> frozenset[str]:
    """The levels that a steward answered."""
    if not record.changes:
        return _NOTHING_DECIDED
    return frozenset(change.field_name for change in record.changes if change.rule == STEWARD and change.field_name in _LEVELS)


def _point_facts(records: Sequence[Record], gazetteer: Gazetteer) -> list[PointFacts | None]:
    """The nearest ward of each point, all points of the chunk at once."""
    points = [(index, record.point) for index, record in enumerate(records) if record.point is not None]
    facts: list[PointFacts | None] = [None] * len(records)
    if not points:
        return facts
    distances, nearest = gazetteer.centres.nearest_two([point.latitude for _, point in points], [point.longitude for _, point in points])
    wards = gazetteer.centres.wards
    for (index, _), (nearest_km, next_km), (first, second) in zip(points, distances.tolist(), nearest.tolist(), strict=True):
        facts[index] = PointFacts(nearest_ward_code=wards[first].ward_code, nearest_km=nearest_km, next_ward_code=wards[second].ward_code, next_km=next_km)
    return facts


def _gaps_km(records: Sequence[Record], county_codes: Sequence[str | None], facts: Sequence[PointFacts | None], gazetteer: Gazetteer) -> list[float]:
    """How far each point lies from the county beside it; 0 where either is missing or the nearest ward is of that county."""
    gaps = [0.0] * len(records)
    asked = [
        (index, record.point, code)
        for index, (record, code, fact) in enumerate(zip(records, county_codes, facts, strict=True))
        if record.point is not None and code and fact and gazetteer.ward(fact.nearest_ward_code).county_code != code
    ]
    if asked:
        latitudes, longitudes = [point.latitude for _, point, _ in asked], [point.longitude for _, point, _ in asked]
        found = gazetteer.county_gaps_km(latitudes, longitudes, [code for _, _, code in asked])
        for (index, _, _), gap in zip(asked, found.tolist(), strict=True):
            gaps[index] = gap
    return gaps


def _with_points(
    records: Sequence[Record], placed: Sequence[_Placed | None], facts: list[PointFacts | None], placer: Placer
) -> list[_Placed | None]:
    """Adds the point's county to what a record says, where no county is known or the point lies far from it. Notes the gaps in `facts`."""
    result = list(placed)
    if not any(facts):
        return result
    codes = [found.placement.place.county_code if found else record.place.county_code for record, found in zip(records, placed, strict=True)]
    gaps = _gaps_km(records, codes, facts, placer.gazetteer)
    for index, (found, fact, code, gap) in enumerate(zip(placed, facts, codes, gaps, strict=True)):
        if fact is None:
            continue
        if gap:
            facts[index] = replace(fact, county_gap_km=gap)
        if found and (code is None or gap > FAR_FROM_COUNTY_KM):
            result[index] = _Placed.of(replace(found.said, point_county=placer.gazetteer.ward(fact.nearest_ward_code).county_code), placer)
    return result


def _with_trust(records: Sequence[Record], placed: Sequence[_Placed | None], placer: Placer) -> list[_Placed | None]:
    """Weighs each list's counties by how often the rest of their records speaks for them."""
    witnesses = Counter(
        (record.source, found.placement.stated_county, found.placement.agreement)
        for record, found in zip(records, placed, strict=True) if found and found.placement.stated_county
    )
    weights = {(source, county): _county_weight(witnesses[source, county, 1], witnesses[source, county, -1]) for source, county, _ in witnesses}
    return [found if found is None or found.is_settled else _trusting(record.source, found, weights, placer) for record, found in zip(records, placed, strict=True)]


def _trusting(source: str, found: _Placed, weights: Mapping[tuple[str, str], float], placer: Placer) -> _Placed:
    weight = weights.get((source, found.placement.stated_county or ""), WEIGHTS["county"])
    return found if weight == found.said.county_weight else _Placed.of(replace(found.said, county_weight=weight), placer)


def _county_weight(supporting: int, opposing: int) -> float:
    """The weight of a stated county whose records support and oppose it so often; rounded, so that few different weights are weighed."""
    if supporting + opposing < LEAST_WITNESSES:
        return WEIGHTS["county"]
    share = supporting / (supporting + opposing)
    reach = (share - DISTRUSTED_SHARE) / (TRUSTED_SHARE - DISTRUSTED_SHARE)
    return round(DISTRUSTED_WEIGHT + (TRUSTED_WEIGHT - DISTRUSTED_WEIGHT) * min(1.0, max(0.0, reach)), 1)


def _map(record: Record, found: _Placed | None, fact: PointFacts | None, placer: Placer) -> tuple[Record, list[Issue]]:
    """One record in its place, with its issues."""
    issues: list[Issue] = []
    if found is not None:
        placement = found.placement
        record = record.located(placement.place, *found.changes)
        if not found.is_settled:
            is_asked = placement.ward.state in _CONFIRMED_BY_POINT or placement.constituency.state in _CONFIRMED_BY_POINT
            near = fact.near_units(placer.gazetteer) if fact and is_asked else _NOWHERE
            issues += _placement_issues(found.said, placer, record.facility_type in NATIONWIDE_KINDS, near, _needed(record.facility_type))
    issues += _point_issues(record, fact, placer.gazetteer, issues)
    return record, [_of_record(issue, record.record_key) for issue in issues]


def _of_record(issue: Issue, record_key: str) -> Issue:
    """The issue with the key of its record; written out because `dataclasses.replace` is slow."""
    return Issue(
        code=issue.code, field_name=issue.field_name, value=issue.value, detail=issue.detail, suggestion=issue.suggestion, record_key=record_key
    )


@lru_cache(maxsize=16_384)
def _changes(said: StatedPlace, place: Place) -> tuple[FieldChange, ...]:
    """What geo-mapping changed of the stated county, constituency and ward."""
    stated = said.stated()
    changes = []
    for level in _LEVELS:
        before, after = stated.get(level), getattr(place, level)
        if after is not None and before != after:
            changes.append(FieldChange(field_name=level, before=before, after=after, stage=_STAGE, rule=f"geomap.{place.method if before else 'parent'}"))
    return tuple(changes)


@lru_cache(maxsize=16_384)
def _placement_issues(said: StatedPlace, placer: Placer, is_nationwide_kind: bool, near: NearUnits, needed: frozenset[str]) -> tuple[Issue, ...]:
    found = placement_issues(
        placer.place(said), said.stated(), placer.gazetteer, is_nationwide_kind=is_nationwide_kind, near=near, needed=needed
    )
    return tuple(found)


def _point_issues(record: Record, fact: PointFacts | None, gazetteer: Gazetteer, others: Sequence[Issue]) -> Iterator[Issue]:
    """Issues of the point. A point far from a county that is contradicted anyway is part of that question, not one of its own; a point that a
    steward gave is not questioned."""
    if record.point is None or fact is None:
        is_left_out = any(change.field_name == "coordinates" and change.after is None for change in record.changes)
        yield from missing_point(is_withheld=is_left_out or "point" not in _needed(record.facility_type))
        return
    is_asked = record.point.accuracy_level != "stated" or any(issue.code == "place.county_contradicted" for issue in others)
    for issue in point_issues(record.point, record.place, fact, gazetteer):
        if not (is_asked and issue.code == "point.far_from_county"):
            yield issue
