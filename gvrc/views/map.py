"""The map as people may see it: counts per county, points, and places without one; of the registry or of one run's records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gvrc.checks.places import FAR_FROM_WARD_KM
from gvrc.cleaning.coordinates import clean_point
from gvrc.model.access import Actor
from gvrc.model.place import Ward
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.reference.ward_centres import distance_km
from gvrc.security.permissions import Permission, allows_county, require
from gvrc.settings import Settings
from gvrc.store import reads_map, thresholds
from gvrc.store.reads_map import MapFilter
from gvrc.store.session import Connection, Database
from gvrc.views.people import open_all
from gvrc.views.questions import DecisionView, decisions_list
from gvrc.views.records import IssueView, kind_label, record_list
from gvrc.views.remembered import remembered, remembered_of_registry
from gvrc.views.sight import Shown, Sight, note_looks

MOST_POINTS = 5_000
"""Points that are drawn one by one; more of them are counted on a grid. (A message of 10,000 costs 2 MB and 150 ms on every change.)"""
CELL_DEGREES = 0.05
"""Width of a cell of that grid, about 5.5 km."""
POINT_QUESTIONS = ("point.missing", "point.zero", "point.unreadable", "point.outside_kenya", "point.far_from_county", "point.far_from_ward",
                    "point.on_centroid", "point.too_coarse", "point.swapped", "point.from_grid", "point.grid_unclear")  # fmt: skip
"""Issues that a new point answers, the most telling first. A point shared by many is told by the whole run, and not mended by one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlace:
    """One place on the map, a facility or a record, as its reader may see it; what is hidden is None. `shown` is a value of
    gvrc.views.sight.Shown. Distances are great-circle kilometres from the centre of the ward it is placed in; `is_far` by the rule of
    the issue "far from its ward". `why_unplaced` are codes of issues."""

    place_id: int
    shown: str
    code: str | None = None
    name: str | None = None
    facility_type: str | None = None
    kind: str | None = None
    group: str | None = None
    county_code: str | None = None
    county: str | None = None
    ward: str | None = None
    state: str | None = None
    quality_score: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    ward_latitude: float | None = None
    ward_longitude: float | None = None
    ward_km: float | None = None
    is_far: bool = False
    why_unplaced: tuple[str, ...] = ()

    @property
    def is_placed(self) -> bool:
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyCount:
    """The places of one county; `county_code` None: places whose county is not known. `quality` is the mean quality score."""

    county_code: str | None
    county: str | None
    places: int
    placed: int
    quality: float | None

    @property
    def unplaced(self) -> int:
        return self.places - self.placed


@dataclass(frozen=True, slots=True, kw_only=True)
class MapCounts:
    """What the reader may count of the places of a filter. The marks count places with a point: per kind group, state and quality band."""

    places: int
    placed: int
    counties: tuple[CountyCount, ...]
    groups: Mapping[str | None, int]
    states: Mapping[str | None, int]
    bands: Mapping[str | None, int]

    @property
    def unplaced(self) -> int:
        return self.places - self.placed


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChoices:
    """What the filters offer, each code with how many places have it."""

    counties: Mapping[str, int]
    kinds: Mapping[str, int]
    states: Mapping[str, int]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Places counted together: at the mean of their points."""

    latitude: float
    longitude: float
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointQuestion:
    """What a new point of a record answers: the open question about it, or (`issue` None) no question at all. And the centre of its ward where
    the reference knows it."""

    record_id: int
    key: str | None = None
    evidence_hash: str | None = None
    issue: IssueView | None = None
    ward: str | None = None
    ward_centre: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuery:
    """Which places: of the registry, or of the records of `run_id`; codes, what is None does not filter."""

    run_id: int | None = None
    county: str | None = None
    facility_type: str | None = None
    source: str | None = None
    state: str | None = None
    place_ids: Sequence[int] | None = field(default=None, hash=False)

    def as_filter(self) -> MapFilter:
        """As the store takes it."""
        return MapFilter(
            run_id=self.run_id, county=self.county, facility_type=self.facility_type, source=self.source, state=self.state, place_ids=self.place_ids
        )


# ------------------------------------------------------------------------------------------------------------------------ counts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """Places that agree in everything the map counts by."""

    county_code: str | None
    facility_type: str | None
    state: str | None
    source: str | None
    band: str | None
    places: int
    placed: int
    quality: float | None
    scored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MapCube:
    """All that the reader may count of one layer, read once: choices and counts of any filter come from it."""

    query: MapQuery
    sums: tuple[_Sum, ...]
    sources: tuple[str, ...]

    def choices(self) -> MapChoices:
        """What can be filtered by."""
        counties, kinds, states = Counter[str](), Counter[str](), Counter[str]()
        for each in self.sums:
            for counter, code in ((counties, each.county_code), (kinds, each.facility_type), (states, each.state)):
                if code is not None:
                    counter[code] += each.places
        return MapChoices(counties=counties, kinds=kinds, states=states, sources=self.sources)

    def holds(self, query: MapQuery) -> bool:
        """Whether the counts of this filter can be taken from here: a facility may come from several sources, so they are no part of its sums."""
        return query.run_id == self.query.run_id and query.place_ids is None and (query.run_id is not None or query.source == self.query.source)

    def counts(self, query: MapQuery) -> MapCounts:
        """The counts of a filter that the cube holds; counties in the order of their codes."""
        chosen = [each for each in self.sums if self._is_chosen(each, query)]
        groups, states, bands = Counter[str | None](), Counter[str | None](), Counter[str | None]()
        for each in chosen:
            if each.placed:
                groups[load_vocabularies().group(each.facility_type) or None] += each.placed
                states[each.state] += each.placed
                bands[each.band] += each.placed
        codes = sorted({each.county_code for each in chosen}, key=lambda code: code or "~")
        return MapCounts(
            places=sum(each.places for each in chosen), placed=sum(each.placed for each in chosen),
            counties=tuple(_county_count(code, [each for each in chosen if each.county_code == code]) for code in codes),
            groups=groups, states=states, bands=bands,
        )

    @staticmethod
    def _is_chosen(each: _Sum, query: MapQuery) -> bool:
        wanted = ((query.county, each.county_code), (query.facility_type, each.facility_type), (query.state, each.state))
        is_of_source = query.run_id is None or query.source in (None, each.source)
        return is_of_source and all(code is None or code == own for code, own in wanted)


def map_cube(db: Database, actor: Actor, query: MapQuery, *, bands: tuple[float, float]) -> MapCube:
    """All that the reader may count of the layer of a query (of facilities: from its source), as far as the reader may count.

    `bands` are the two quality scores of `quality_bands`. Raises NotAllowedError.
    """
    sight = _may_look(actor, query.run_id)
    kept = MapQuery(run_id=query.run_id, source=query.source if query.run_id is None else None)
    with db.read(actor) as conn:
        key = ("map", sight.scope, kept, bands)
        if query.run_id is None:
            return remembered_of_registry(conn, db, actor, key, lambda own: _cube(own, sight, kept, bands))
        return remembered(conn, db, actor, query.run_id, key, lambda own: _cube(own, sight, kept, bands))


def _cube(conn: Connection, sight: Sight, kept: MapQuery, bands: tuple[float, float]) -> MapCube:
    sums = tuple(_Sum(**row._mapping) for row in reads_map.cube(conn, sight.scope, kept.as_filter(), bands))
    sources = reads_map.registry_sources(conn, sight.scope) if kept.run_id is None else sorted({each.source for each in sums if each.source})
    return MapCube(query=kept, sums=sums, sources=tuple(sources))


def map_counts(db: Database, actor: Actor, query: MapQuery, *, bands: tuple[float, float]) -> MapCounts:
    """How many places there are per county and per mark, as far as the reader may count. Raises NotAllowedError."""
    return map_cube(db, actor, query, bands=bands).counts(query)


def _county_count(code: str | None, sums: Sequence[_Sum]) -> CountyCount:
    scored = sum(each.scored for each in sums)
    quality = round(sum(each.quality or 0.0 for each in sums) / scored, 1) if scored else None
    return CountyCount(
        county_code=code, county=county_name(code), places=sum(each.places for each in sums), placed=sum(each.placed for each in sums), quality=quality
    )


def quality_bands(db: Database, settings: Settings) -> tuple[float, float]:
    """The two quality scores that part low, middle and high: the thresholds in force."""
    with db.read() as conn:
        now = thresholds.in_force(conn, settings)
    return now.quality_threshold, now.final_threshold


def county_name(code: str | None) -> str | None:
    """The county of a code in words."""
    with suppress(KeyError):
        return load_gazetteer().county(code).county if code else None
    return code


def _may_look(actor: Actor, run_id: int | None) -> Sight:
    """Facilities are for everyone who may read; staged records for those who may review."""
    require(actor, Permission.READ if run_id is None else Permission.REVIEW)
    return Sight(actor=actor)


# ------------------------------------------------------------------------------------------------------------------------ places


def map_points(db: Database, actor: Actor, query: MapQuery, *, limit: int = MOST_POINTS, offset: int = 0) -> tuple[MapPlace, ...]:
    """The places with a point, by name, at most `limit`. Looks at withheld ones are written to the access log. Raises NotAllowedError."""
    return _places(db, actor, query, is_placed=True, limit=limit, offset=offset)


def unplaced(db: Database, actor: Actor, query: MapQuery, *, limit: int = 100, offset: int = 0) -> tuple[MapPlace, ...]:
    """The places without a point, with what else is known of them and why they have none. Raises NotAllowedError."""
    return _places(db, actor, query, is_placed=False, limit=limit, offset=offset)


def one_place(db: Database, actor: Actor, run_id: int | None, place_id: int) -> MapPlace | None:
    """One place, with or without a point; None when the reader may know of none such. Raises NotAllowedError."""
    return next(iter(_places(db, actor, MapQuery(run_id=run_id, place_ids=(place_id,)), is_placed=None, limit=1)), None)


def map_cells(db: Database, actor: Actor, query: MapQuery) -> tuple[Cell, ...]:
    """The places with a point, counted on a grid. Raises NotAllowedError."""
    sight = _may_look(actor, query.run_id)

    def count(own: Connection) -> tuple[Cell, ...]:
        rows = reads_map.cell_rows(own, sight.scope, query.as_filter(), cell_degrees=CELL_DEGREES)
        return tuple(Cell(latitude=round(row.latitude, 5), longitude=round(row.longitude, 5), places=row.n) for row in rows)

    with db.read(actor) as conn:
        key = ("cells", sight.scope, query)
        return remembered_of_registry(conn, db, actor, key, count) if query.run_id is None else remembered(conn, db, actor, query.run_id, key, count)


def _places(db: Database, actor: Actor, query: MapQuery, *, is_placed: bool | None, limit: int, offset: int = 0) -> tuple[MapPlace, ...]:
    sight = _may_look(actor, query.run_id)
    with db.read(actor) as conn:
        rows = reads_map.place_rows(conn, sight.scope, query.as_filter(), is_placed=is_placed, limit=limit, offset=offset)
        places = _map_places(conn, db, sight, rows, query.run_id)
    _note_withheld(db, actor, rows, "facility" if query.run_id is None else "record")
    return tuple(places)


def _map_places(conn: Connection, db: Database, sight: Sight, rows: Sequence[Any], run_id: int | None) -> list[MapPlace]:
    opened = open_all(conn, db, [row.name for row in rows if row.name])
    without = [row.place_id for row in rows if row.latitude is None and row.shown == Shown.ALL]
    issues = reads_map.point_issues(conn, without) if run_id is not None and without else {}
    nearest_km = _nearest_km(rows)
    return [
        _map_place(
            row, opened.text(row.name, "name", is_clear=sight.sees_contacts(row.county_code)), nearest_km.get(row.place_id),
            tuple(issues.get(row.place_id, ())),
        )
        for row in rows
    ]


def _nearest_km(rows: Sequence[Any]) -> dict[int, float]:
    """The distance of each point that is far from its ward's centre to the nearest centre of the country, all at once."""
    placed = [row for row in rows if (_ward_km(row, _ward(row.ward_code)) or 0.0) > FAR_FROM_WARD_KM]
    if not placed:
        return {}
    distances, _ = load_gazetteer().centres.nearest([row.latitude for row in placed], [row.longitude for row in placed])
    return {row.place_id: float(distance) for row, distance in zip(placed, distances, strict=True)}


def _map_place(row: Any, name: str | None, nearest_km: float | None, why_unplaced: tuple[str, ...]) -> MapPlace:
    ward = _ward(row.ward_code)
    ward_km = _ward_km(row, ward)
    return MapPlace(
        place_id=row.place_id, shown=row.shown, code=row.code, name=name, facility_type=row.facility_type, kind=kind_label(row.facility_type),
        group=load_vocabularies().group(row.facility_type) or None, county_code=row.county_code, county=county_name(row.county_code),
        ward=ward.ward if ward else None, state=row.state, quality_score=row.quality_score, latitude=_rounded(row.latitude),
        longitude=_rounded(row.longitude), ward_latitude=ward.latitude if ward else None, ward_longitude=ward.longitude if ward else None,
        ward_km=None if ward_km is None else round(ward_km, 1),
        is_far=ward_km is not None and nearest_km is not None and ward_km - nearest_km > FAR_FROM_WARD_KM, why_unplaced=why_unplaced,
    )


def _ward(code: str | None) -> Ward | None:
    with suppress(KeyError):
        return load_gazetteer().ward(code) if code else None
    return None


def _ward_km(row: Any, ward: Ward | None) -> float | None:
    if row.latitude is None or ward is None or ward.latitude is None or ward.longitude is None:
        return None
    return distance_km(row.latitude, row.longitude, ward.latitude, ward.longitude)


def _rounded(degrees: float | None) -> float | None:
    """To five decimals, about a metre: all that a map can show."""
    return None if degrees is None else round(degrees, 5)


def _note_withheld(db: Database, actor: Actor, rows: Sequence[Any], noun: str) -> None:
    """One line of the access log for all withheld places that one look at the map showed."""
    looked_at = [f"{noun} {row.code or row.place_id}" for row in rows if row.is_withheld]
    if looked_at:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, [", ".join(looked_at)], action="look at the map")


# ------------------------------------------------------------------------------------------------------------------------ setting a point


def point_question(db: Database, actor: Actor, run_id: int, record_id: int) -> PointQuestion | None:
    """What a new point of a record would answer; None when this person may not give it one: they do not see it whole, it lies outside their
    counties, or it was rejected. Raises NotAllowedError."""
    require(actor, Permission.DECIDE)
    record = next(iter(record_list(db, actor, run_id, record_ids=[record_id], limit=1).rows), None)
    if record is None or record.shown != Shown.ALL or record.state == "rejected" or not allows_county(actor, record.county_code):
        return None
    open_issues = [issue for issue in record.issues if issue.state == "open" and issue.code in POINT_QUESTIONS]
    issue = min(open_issues, key=lambda each: POINT_QUESTIONS.index(each.code), default=None)
    ward = _ward_of_record(db, actor, run_id, record_id)
    centre = (ward.latitude, ward.longitude) if ward and ward.latitude is not None and ward.longitude is not None else None
    return PointQuestion(
        record_id=record_id, key=issue.question_key if issue else None, evidence_hash=issue.evidence_hash if issue else None, issue=issue,
        ward=ward.ward if ward else None, ward_centre=centre,
    )


def _ward_of_record(db: Database, actor: Actor, run_id: int, record_id: int) -> Ward | None:
    chosen = MapFilter(run_id=run_id, place_ids=(record_id,))
    with db.read(actor) as conn:
        rows = reads_map.place_rows(conn, Sight(actor=actor).scope, chosen, is_placed=None, limit=1)
    return _ward(rows[0].ward_code) if rows else None


def typed_point(text: str) -> tuple[float, float] | None:
    """Latitude and longitude from what a person typed or pasted, in any form the sources use; None when it is no point in Kenya."""
    point = clean_point({"coordinates": text}).point
    return None if point is None else (point.latitude, point.longitude)


def point_decisions(db: Database, actor: Actor, run_id: int, *, limit: int = 50) -> tuple[DecisionView, ...]:
    """The answers about points among the last `limit` of a run that still stand, newest first. Raises NotAllowedError."""
    latest = decisions_list(db, actor, run_id, limit=limit)
    with db.read(actor) as conn:
        about_points = reads_map.point_decisions(conn, run_id)
    return tuple(decision for decision in latest if decision.decision_id in about_points)
