"""What a dashboard advises: what is unusual about the sources of a run, what changed in their shape, and which work gains most per minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.access import Actor
from gvrc.model.quality import Finding, FindingType
from gvrc.quality.recommendations import Act, OpenWork, recommendations
from gvrc.quality.score import NO_PLACE
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_quality
from gvrc.store.reads import Scope
from gvrc.store.session import Connection, Database
from gvrc.views.map import county_name
from gvrc.views.quality import QualityQuery
from gvrc.views.records import kind_label
from gvrc.views.remembered import remembered
from gvrc.views.sight import Sight

ENOUGH_ANSWERS = 20
"""Answers of a kind from which the pace of people here is told instead of the assumed one."""
LAST_ANSWERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """Something unusual about a source, with a label for what it is about and the filter that opens its rows."""

    finding: Finding
    label: str
    opens: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """One act worth doing. `title` is the kind of issue (None: duplicates); `is_measured` when the minutes come from people's own pace."""

    act: Act
    code: str | None
    title: str | None
    records: int
    points: float
    minutes: float
    points_per_minute: float
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _WorkCell:
    """Open issues of one kind on records that agree in source, county and kind of place; `suggestions`: a number for each different one."""

    codes: tuple[str | None, str | None, str | None]
    code: str
    asks: bool
    is_suggested: bool
    issues: int
    points: float
    suggestions: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceView:
    """The mean quality score when the run ended and now, and the answers that this sign-in gave since."""

    before: float | None
    now: float | None
    answers: int


def findings(db: Database, actor: Actor, run_id: int, source: str | None = None) -> tuple[FindingView, ...]:
    """What is unusual about a run: the records against earlier runs first, then the shape of the sources. Raises NotAllowedError.

    Who does not see every record is told what public records alone tell.
    """
    require(actor, Permission.SEE_QUALITY)
    scope = Sight(actor=actor).scope
    audience = "all" if scope.sees_all and scope.counties is None else "public"
    with db.read(actor) as conn:
        rows = reads_quality.findings(conn, run_id, audience)
    found = [_finding_view(row) for row in rows if source is None or row.source == source]
    return tuple(sorted(found, key=lambda view: view.finding.is_drift))


def _finding_view(row: Any) -> FindingView:
    finding = Finding(
        source=row.source, finding_type=FindingType(row.finding_type), subject=row.subject, value=row.value, low=row.low, high=row.high, runs=row.runs,
        before=row.before, after=row.after, record_ids=tuple(row.record_ids),
    )  # fmt: skip
    return FindingView(finding=finding, label=_label(finding), opens=_opens(finding))


def _label(finding: Finding) -> str:
    if finding.finding_type in (FindingType.COUNTY_COUNT, FindingType.OUTLYING_POINTS):
        return county_name(finding.subject) or finding.subject
    if finding.finding_type in (FindingType.KIND_COUNT, FindingType.NEW_KIND):
        return kind_label(finding.subject) or finding.subject
    return finding.subject


_MISSING = {
    "name": "name.missing", "facility_type": "kind.unknown", "county": "place.county_missing", "constituency": "place.constituency_missing",
    "ward": "place.ward_missing", "point": "point.missing", "contacts": "contact.missing", "services": "service.missing",
    "operational_status": "status.missing", "registration_number": "code.registration_missing",
}  # fmt: skip
"""The kind of issue that opens the rows where a field is missing."""
_SHARED = {"phone": "contact.phone_shared", "email": "contact.email_shared", "point": "point.shared"}


def _opens(finding: Finding) -> dict[str, str]:
    """The filter of the records page that shows the rows a finding is about."""
    if finding.record_ids:
        return {"ids": ",".join(map(str, finding.record_ids))}
    more = {
        FindingType.COUNTY_COUNT: {"county": finding.subject}, FindingType.KIND_COUNT: {"kind": finding.subject}, FindingType.NEW_KIND: {"kind": finding.subject},
        FindingType.SUDDEN_NULLS: {"issue": _MISSING.get(finding.subject, "")}, FindingType.SHARED_VALUE: {"issue": _SHARED.get(finding.subject, "")},
    }.get(finding.finding_type, {})  # fmt: skip
    return {"source": finding.source, **{name: value for name, value in more.items() if value}}


def advice(db: Database, actor: Actor, query: QualityQuery, *, limit: int = 8) -> tuple[AdviceView, ...]:
    """The acts that gain most quality per minute among the records of a filter. Raises NotAllowedError."""
    require(actor, Permission.SEE_QUALITY)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        cells = remembered(conn, db, actor, query.run_id, ("work", scope), lambda own: _work_cells(own, scope, query.run_id))
        key = ("duplicates", scope, query)
        pairs, points = remembered(conn, db, actor, query.run_id, key, lambda own: reads_quality.open_duplicates(own, scope, query.run_id, query.as_filter()))
        pace = reads_quality.answer_pace(conn, at_least=ENOUGH_ANSWERS, last=LAST_ANSWERS)
    best = recommendations(_open_work(cells, query), pairs, points, pace)[:limit]
    kinds = {Act.ANSWER: "issue", Act.DUPLICATES: "duplicate"}
    return tuple(
        AdviceView(
            act=each.act, code=each.code, title=CATALOGUE[each.code].title if each.code else None, records=each.records, points=each.points, minutes=each.minutes,
            points_per_minute=each.points_per_minute, is_measured=kinds.get(each.act) in pace,
        )
        for each in best
    )  # fmt: skip


def _work_cells(conn: Connection, scope: Scope, run_id: int) -> tuple[_WorkCell, ...]:
    rows = reads_quality.work_cells(conn, scope, run_id)
    return tuple(
        _WorkCell(
            codes=(row.source, row.county_code, row.facility_type), code=row.code, asks=row.asks, is_suggested=row.is_suggested, issues=row.n, points=row.points,
            suggestions=frozenset(row.suggestions or ()),
        )
        for row in rows if row.code in CATALOGUE and row.code not in NO_PLACE
    )  # fmt: skip


def _open_work(cells: Sequence[_WorkCell], query: QualityQuery) -> list[OpenWork]:
    """What the cells of a filter add up to, by kind of issue."""
    by_code: dict[str, list[_WorkCell]] = {}
    for cell in cells:
        if query.holds(*cell.codes):
            by_code.setdefault(cell.code, []).append(cell)
    return [_work_of(code, own) for code, own in sorted(by_code.items())]


def _work_of(code: str, cells: Sequence[_WorkCell]) -> OpenWork:
    asking, silent = [cell for cell in cells if cell.asks], [cell for cell in cells if not cell.asks]
    suggested = [cell for cell in asking if cell.is_suggested]
    return OpenWork(
        code=code, asking=sum(cell.issues for cell in asking), suggested=sum(cell.issues for cell in suggested), silent=sum(cell.issues for cell in silent),
        groups=len(frozenset[int]().union(*(cell.suggestions for cell in suggested))), points_suggested=sum(cell.points for cell in suggested),
        points_unsuggested=sum(cell.points for cell in asking if not cell.is_suggested), points_silent=sum(cell.points for cell in silent),
    )  # fmt: skip


def since_the_run(db: Database, actor: Actor, run_id: int, now: float | None) -> SinceView:
    """How the run stood when it ended and what this sign-in answered since; `now` is its mean quality score as it stands. Raises NotAllowedError.

    Before is told only to who sees every record: what others see was not kept.
    """
    require(actor, Permission.SEE_QUALITY)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        kept = reads_quality.snapshots(conn, [run_id], "run", "") if scope.sees_all and scope.counties is None else {}
        answers = reads_quality.answers_since(conn, run_id, actor.session_id)
    return SinceView(before=kept.get(run_id, {}).get("total"), now=now, answers=answers)


def grouped(views: Sequence[FindingView]) -> dict[bool, list[FindingView]]:
    """Findings about the shape of sources (True) apart from those about what they hold (False)."""
    parts: dict[bool, list[FindingView]] = {False: [], True: []}
    for view in views:
        parts[view.finding.is_drift].append(view)
    return parts
