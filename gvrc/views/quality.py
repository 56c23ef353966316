"""The quality of a run as people may see it: five dimensions against their targets, by source, county and kind; issues; trend; profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
PROFILED_RECORDS = 2_000
"""Records of a source from which a profile is made for who may not see all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityQuery:
    """Which records of a run; codes, what is None does not filter."""

    run_id: int
    source: str | None = None
    county: str | None = None
    facility_type: str | None = None

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
        return remembered(conn, db, actor, query.run_id, ("quality", scope, query), lambda own: _quality_view(own, scope, query))


def _quality_view(conn: Connection, scope: Scope, query: QualityQuery) -> QualityView:
    chosen, targets = query.as_filter(), load_weights().targets
    rows = reads_quality.means(conn, scope, query.run_id, chosen, targets)
    states = reads_quality.state_counts(conn, scope, query.run_id, chosen)
    issues = reads_quality.issue_counts(conn, scope, query.run_id, chosen)
    return QualityView(
        whole=next(_quality_row(row, targets) for row in rows if row.cut == "run"),
        cuts={cut: tuple(sorted((_quality_row(row, targets) for row in rows if row.cut == cut), key=_loss, reverse=True)) for cut in CUTS},
        states={
            "ready": states.get("ready", 0) + states.get("committed", 0), "to_review": states.get("to_review", 0),
            "held": states.get("held", 0) + states.get("rejected", 0), "new": states.get("new", 0),
        },
        issues=tuple(_issue_count(row) for row in issues if row.code in CATALOGUE),
    )  # fmt: skip


def _quality_row(row: Any, targets: Mapping[str, float]) -> QualityRow:
    return QualityRow(
        code=row.code, label={"county": county_name, "kind": kind_label}.get(row.cut, str)(row.code) if row.code else None, records=row.records, total=_mean(row.total),
        dimensions=tuple(
            DimensionView(dimension=name, value=_mean(getattr(row, name)), target=targets[name], below=getattr(row, f"weak_{name}")) for name in DIMENSIONS
        ),
    )  # fmt: skip


def _loss(row: QualityRow) -> float:
    """The points of quality that the records of a row lack together: where there is most to gain."""
    return 0.0 if row.total is None else row.records * (100 - row.total)


def _mean(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _issue_count(row: Any) -> IssueCount:
    kind = CATALOGUE[row.code]
    return IssueCount(
        code=row.code, title=kind.title, severity=kind.severity.value, dimension=kind.dimension.value, records=row.records, points=round(row.points)
    )


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
