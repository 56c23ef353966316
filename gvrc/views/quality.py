"""The quality of a run as people may see it: five dimensions against their targets, by source, county and kind; issues; trend; profiles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.access import Actor
from gvrc.model.record import PERSONAL_FIELDS
from gvrc.quality.profile import profile
from gvrc.quality.weights import load_weights
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_quality
from gvrc.store import records as record_store
from gvrc.store.reads import RecordFilter, Scope
from gvrc.store.reads_quality import DIMENSIONS
from gvrc.store.session import Connection, Database
from gvrc.views.map import county_name
from gvrc.views.people import masked_text
from gvrc.views.records import RecordView, kind_label, records_by_id
from gvrc.views.remembered import remembered
from gvrc.views.sight import Sight, note_looks

CUTS = ("source", "county", "kind")
TREND_RUNS = 20
"""Runs that a trend shows at most."""
MOST_VIEWS = 64
"""Filters whose sums are kept beside what they are sums of."""
_FIRST_SUM = 4
"""The columns of `reads_quality.cells` before its sums: source, county, kind, state."""
PROFILED_RECORDS = 2_000
"""Records of a source from which a profile is made for who may not see all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityQuery:
    """Which records of a run; codes, what is None does not filter."""

    run_id: int
    source: str | None = None
    county: str | None = None
    facility_type: str | None = None

    def holds(self, source: str | None, county: str | None, facility_type: str | None) -> bool:
        """Whether records of this source, county and kind are among them."""
        wanted = ((self.source, source), (self.county, county), (self.facility_type, facility_type))
        return all(code is None or code == own for code, own in wanted)

    def as_filter(self) -> RecordFilter:
        """As the store takes it."""
        return RecordFilter(source=self.source, county=self.county, facility_type=self.facility_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionView:
    """One dimension of quality: the mean over the records seen whole (None: there are none), its target, and the records below it."""

    dimension: str
    value: float | None
    target: float
    below: int

    @property
    def is_met(self) -> bool:
        return self.value is not None and self.value >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """The quality of a run, or of one source, county or kind of place in it. `code` None: not known. `total` is the mean quality score."""

    code: str | None
    label: str | None
    records: int
    total: float | None
    dimensions: tuple[DimensionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCount:
    """A kind of issue: on how many records it is open, and the points that mending it would add to their quality scores together."""

    code: str
    title: str
    severity: str
    dimension: str
    records: int
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityView:
    """Everything a dashboard says of the records of a filter. `cuts` begin where most points are lost; `states` count as receipts do."""

    whole: QualityRow
    cuts: Mapping[str, tuple[QualityRow, ...]]
    states: Mapping[str, int]
    issues: tuple[IssueCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Records that agree in source, county, kind of place and state, and their sums."""

    codes: tuple[str | None, str | None, str | None]
    state: str
    sums: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IssueCell:
    """A kind of issue on the records that agree in source, county and kind of place."""

    codes: tuple[str | None, str | None, str | None]
    code: str
    records: int
    points: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QualityCube:
    """All that a reader may be told of the quality of a run, read once: every filter is added up from it, and asks the database nothing."""

    cells: tuple[_Cell, ...]
    issues: tuple[_IssueCell, ...]
    targets: Mapping[str, float]
    _views: dict[QualityQuery, QualityView] = field(default_factory=dict)

    def view(self, query: QualityQuery) -> QualityView:
        """What a dashboard says of the records of a filter; added up once."""
        found = self._views.get(query)
        if found is None:
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            found = self._views[query] = self._view(query)
        return found

    def _view(self, query: QualityQuery) -> QualityView:
        cells = [cell for cell in self.cells if query.holds(*cell.codes)]
        states = Counter[str]()
        for cell in cells:
            states[cell.state] += round(cell.sums[0])
        return QualityView(
            whole=_quality_row(None, None, cells, self.targets), cuts={cut: self._cut(at, cut, cells) for at, cut in enumerate(CUTS)},
            states={"ready": states["ready"] + states["committed"], "to_review": states["to_review"], "held": states["held"] + states["rejected"], "new": states["new"]},
            issues=self._issues(query),
        )  # fmt: skip

    def _cut(self, at: int, cut: str, cells: Sequence[_Cell]) -> tuple[QualityRow, ...]:
        by_code: dict[str | None, list[_Cell]] = {}
        for cell in cells:
            by_code.setdefault(cell.codes[at], []).append(cell)
        label = {"county": county_name, "kind": kind_label}.get(cut, str)
        return tuple(sorted((_quality_row(code, label(code) if code else None, own, self.targets) for code, own in by_code.items()), key=_loss))

    def _issues(self, query: QualityQuery) -> tuple[IssueCount, ...]:
        records, points = Counter[str](), defaultdict[str, float](float)
        for cell in self.issues:
            if query.holds(*cell.codes):
                records[cell.code] += cell.records
                points[cell.code] += cell.points
        return tuple(_issue_count(code, n, points[code]) for code, n in sorted(records.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """What a run reached: the mean per dimension, and `total`."""

    run_id: int
    ended_at: datetime
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field of a source's profile. Personal fields tell how often they are filled, and nothing else."""

    field_name: str
    records: int
    filled: int
    distinct: int | None
    most_common: tuple[tuple[str, int], ...]
    patterns: tuple[str, ...]
    least: float | None
    median: float | None
    greatest: float | None


def quality_view(db: Database, actor: Actor, query: QualityQuery) -> QualityView:
    """The dimensions against their targets, as a whole and by source, county and kind; states; open issues. Raises NotAllowedError."""
    require(actor, Permission.SEE_QUALITY)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        cube = remembered(conn, db, actor, query.run_id, ("quality", scope), lambda own: _quality_cube(own, scope, query.run_id))
    return cube.view(query)


def _quality_cube(conn: Connection, scope: Scope, run_id: int) -> QualityCube:
    targets = load_weights().targets
    rows = reads_quality.cells(conn, scope, run_id, targets)
    cells = tuple(
        _Cell(codes=(row.source, row.county_code, row.facility_type), state=row.state, sums=tuple(float(value) for value in row[_FIRST_SUM:])) for row in rows
    )
    issues = tuple(
        _IssueCell(codes=(row.source, row.county_code, row.facility_type), code=row.code, records=row.records, points=row.points)
        for row in reads_quality.issue_cells(conn, scope, run_id) if row.code in CATALOGUE
    )  # fmt: skip
    return QualityCube(cells=cells, issues=issues, targets=targets)


def _quality_row(code: str | None, label: str | None, cells: Sequence[_Cell], targets: Mapping[str, float]) -> QualityRow:
    """What cells add up to; their sums stand in the order of the columns of `reads_quality.cells`."""
    records, scored, total, *rest = map(sum, zip(*(cell.sums for cell in cells), strict=True)) if cells else [0.0] * (3 + 3 * len(DIMENSIONS))
    dimensions = tuple(
        DimensionView(dimension=name, value=_mean(rest[3 * at], rest[3 * at + 1]), target=targets[name], below=round(rest[3 * at + 2]))
        for at, name in enumerate(DIMENSIONS)
    )
    return QualityRow(code=code, label=label, records=round(records), total=_mean(total, scored), dimensions=dimensions)


def _loss(row: QualityRow) -> tuple[float, int, bool, str]:
    """The points of quality that the records of a row lack together, where there is most to gain first; then the most records, then by code."""
    lost = 0.0 if row.total is None else row.records * (100 - row.total)
    return -lost, -row.records, row.code is None, row.code or ""


def _mean(total: float, count: float) -> float | None:
    """Rounded twice: the order in which the database adds up must not decide the tenth."""
    return round(round(total / count, 6), 1) if count else None


def _issue_count(code: str, records: int, points: float) -> IssueCount:
    kind = CATALOGUE[code]
    return IssueCount(code=code, title=kind.title, severity=kind.severity.value, dimension=kind.dimension.value, records=records, points=round(points))


def worst_records(db: Database, actor: Actor, query: QualityQuery, *, limit: int = 10) -> tuple[RecordView, ...]:
    """The records with the lowest quality scores, the worst first. Looks at withheld places are written down. Raises NotAllowedError."""
    require(actor, Permission.SEE_QUALITY)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        scope, key = sight.scope, ("worst", sight.scope, query, limit)
        ids = remembered(conn, db, actor, query.run_id, key, lambda own: reads_quality.worst_ids(own, scope, query.run_id, query.as_filter(), limit=limit))
        found = records_by_id(conn, db, sight, ids)
    withheld = [f"record {view.record_id}" for view in found.values() if view.visibility == "withheld"]
    if withheld:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, withheld)
    return tuple(found[record_id] for record_id in ids if record_id in found)


# ------------------------------------------------------------------------------------------------------------------------ over time


def trend(db: Database, actor: Actor, query: QualityQuery) -> tuple[TrendPoint, ...]:
    """The quality of the last finished runs, the oldest first, for the same source, county and kind. Raises NotAllowedError.

    Who sees every row is told what the runs ended with; for others it is reckoned from the rows they see.
    """
    require(actor, Permission.SEE_QUALITY)
    scope = Sight(actor=actor).scope
    kept = _snapshot_scope(query)
    with db.read(actor) as conn:
        runs = reads_quality.finished_runs(conn, limit=TREND_RUNS)
        ids = [run.run_id for run in runs]
        if kept is not None and scope.sees_all and scope.counties is None:
            found = reads_quality.snapshots(conn, ids, *kept)
        else:
            found = reads_quality.run_means(conn, scope, ids, query.as_filter())
    return tuple(TrendPoint(run_id=run.run_id, ended_at=run.ended_at, values=found[run.run_id]) for run in runs if found.get(run.run_id))


def _snapshot_scope(query: QualityQuery) -> tuple[str, str] | None:
    """The scope and key under which snapshots of this filter are kept; None when they are not."""
    chosen = [(name, value) for name, value in (("source", query.source), ("county", query.county), ("kind", query.facility_type)) if value is not None]
    if len(chosen) > 1:
        return None
    return chosen[0] if chosen else ("run", "")


# ------------------------------------------------------------------------------------------------------------------------ profiles


def source_profile(db: Database, actor: Actor, run_id: int, source: str) -> tuple[FieldView, ...]:
    """How a source fills its fields in a run: as kept for who sees every row of it, else from the rows the reader sees whole.

    Empty when there is none. Raises NotAllowedError.
    """
    require(actor, Permission.SEE_QUALITY)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        scope, key = sight.scope, ("whole", sight.scope, source)
        ids, sees_every_row = remembered(conn, db, actor, run_id, key, lambda own: reads_quality.whole_ids(own, scope, run_id, source, limit=PROFILED_RECORDS))
        fields = _fields(conn, run_id, source, ids, is_kept=sees_every_row)
    is_clear = sight.sees_contacts(None)
    return tuple(_field_view(field, is_clear=is_clear) for field in fields)


def _fields(conn: Connection, run_id: int, source: str, ids: Sequence[int], *, is_kept: bool) -> Sequence[Mapping[str, Any]]:
    kept = reads_quality.profile_of(conn, run_id, source) if is_kept else None
    if kept is not None:
        fields: Sequence[Mapping[str, Any]] = kept["fields"]
        return fields
    if not ids:
        return ()
    return [asdict(field) for field in profile(item.record for item in record_store.load_records(conn, record_ids=ids))]


def _field_view(field: Mapping[str, Any], *, is_clear: bool) -> FieldView:
    name, numbers = field["field_name"], field.get("numbers") or {}
    is_personal = name in PERSONAL_FIELDS
    tells = [] if is_personal else [(_in_words(name, text, is_clear=is_clear), count) for text, count in field["most_common"]]
    patterns = [] if is_personal else [text if is_clear else masked_text(text) for text, _count in field["patterns"]]
    return FieldView(
        field_name=name, records=field["records"], filled=field["filled"], distinct=None if is_personal else field["distinct"],
        most_common=tuple(tells), patterns=tuple(patterns), least=numbers.get("least"), median=numbers.get("median"), greatest=numbers.get("greatest"),
    )  # fmt: skip


def _in_words(field_name: str, text: str, *, is_clear: bool) -> str:
    """A value of a profile as people say it: labels for codes, contacts in it masked."""
    vocabularies = load_vocabularies()
    vocabulary = {
        "facility_type": vocabularies.facility_types, "operational_status": vocabularies.operational_statuses, "owner": vocabularies.owners,
        "keph_level": vocabularies.keph_levels,
    }.get(field_name)  # fmt: skip
    if vocabulary is not None:
        return vocabulary.label(text) or text
    if field_name == "visibility":
        return text.replace("_", " ")
    return text if is_clear else masked_text(text)
