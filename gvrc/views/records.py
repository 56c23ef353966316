"""Staged records as people may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gvrc.checks.catalogue import CATALOGUE, field_label, message, told_in
from gvrc.model.access import Actor
from gvrc.model.issue import Issue
from gvrc.model.record import PERSONAL_FIELDS
from gvrc.quality.weights import load_weights
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission, require
from gvrc.store import reads
from gvrc.store import records as record_store
from gvrc.store.reads import RecordFilter
from gvrc.store.records import StoredIssue
from gvrc.store.session import Connection, Database
from gvrc.views.people import Opened, masked_text, open_all
from gvrc.views.remembered import remembered
from gvrc.views.sight import Shown, Sight, note_looks

RECORDS_AT_ONCE = 1_000
"""Records that are read at a time where all of a run are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """A contact, masked where the reader may not see it."""

    contact_type: str
    value: str
    label: str | None = None
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionView:
    """A machine's answer in words."""

    shown: str
    confidence: float
    reason: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    """An issue in words. `question_key` names its question; `points` are what mending it would add to the quality score."""

    code: str
    title: str
    severity: str
    field_name: str
    value: str | None
    message: str
    suggestion: SuggestionView | None
    state: str
    asks: bool = False
    question_key: str = ""
    evidence_hash: str = ""
    points: float | None = None
    told: Mapping[str, object] = field(default_factory=dict)
    """What the message tells, for a message in another language."""

    @property
    def field_label(self) -> str:
        """The field in plain words."""
        return field_label(self.field_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change made to a value, in words."""

    field_name: str
    label: str
    before: str | None
    after: str | None
    stage: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One record as its reader may see it: what is hidden is None or empty. `shown` is a value of gvrc.views.sight.Shown."""

    record_id: int
    shown: str
    county: str | None
    county_code: str | None
    facility_type: str | None
    facility_type_label: str | None
    source: str | None = None
    pointer: str | None = None
    file_name: str | None = None
    source_id: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    constituency: str | None = None
    ward: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    contacts: tuple[ContactView, ...] = ()
    services: tuple[str, ...] = ()
    owner: str | None = None
    operational_status: str | None = None
    keph_level: str | None = None
    mfl_code: str | None = None
    registration_number: str | None = None
    address: str | None = None
    officer: str | None = None
    description: str | None = None
    visibility: str | None = None
    quality_score: float | None = None
    quality_parts: tuple[Mapping[str, Any], ...] = ()
    state: str | None = None
    state_reason: str | None = None
    facility_id: int | None = None
    issues: tuple[IssueView, ...] = ()
    changes: tuple[ChangeView, ...] = ()

    @property
    def file(self) -> str | None:
        """The name of the delivered file."""
        return self.file_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One page of records; `total` counts all that the reader may know of."""

    total: int
    rows: tuple[RecordView, ...]


def record_list(
    db: Database, actor: Actor, run_id: int, *, state: str | None = None, issue_code: str | None = None, source: str | None = None,
    record_ids: Sequence[int] | None = None, county: str | None = None, facility_type: str | None = None, weak: str | None = None,
    written: tuple[str, str] | None = None, limit: int = 100, offset: int = 0,
) -> RecordPage:
    """One page of a run's records. `state` counts as receipts do: `ready` finds committed records too, `held` rejected ones. `weak` names a
    dimension of quality: the records below its target, `written` a field and a value of it that is in question.

    Raises NotAllowedError.
    """
    require(actor, Permission.READ)
    sight = Sight(actor=actor)
    below = None if weak is None else (weak, load_weights().targets[weak])
    chosen = RecordFilter(state=state, issue_code=issue_code, source=source, record_ids=record_ids, county=county, facility_type=facility_type, weak=below, written=written)
    with db.read(actor) as conn:
        total = _total(conn, db, actor, run_id, chosen)
        rows = reads.record_rows(conn, sight.scope, run_id, chosen, limit=limit, offset=offset) if total else []
        shown = record_views(conn, db, sight, rows)
    _note_withheld(db, actor, rows)
    return RecordPage(total=total, rows=tuple(shown))


def every_record(db: Database, actor: Actor, run_id: int, *, state: str | None = None) -> Iterator[RecordView]:
    """The records of a run one after another, as `record_list` shows them, in the order of their ids and in bounded memory. Raises NotAllowedError."""
    require(actor, Permission.READ)
    sight, chosen, after = Sight(actor=actor), RecordFilter(state=state), 0
    while True:
        with db.read(actor) as conn:
            rows = reads.record_rows(conn, sight.scope, run_id, chosen, limit=RECORDS_AT_ONCE, after=after)
            shown = record_views(conn, db, sight, rows)
        _note_withheld(db, actor, rows)
        if not rows:
            return
        yield from shown
        after = rows[-1].record_id


def _total(conn: Connection, db: Database, actor: Actor, run_id: int, chosen: RecordFilter) -> int:
    """How many records are chosen; remembered, but for those named one by one."""
    scope = Sight(actor=actor).scope
    if chosen.record_ids is not None:
        return reads.count_records(conn, scope, run_id, chosen)
    return remembered(conn, db, actor, run_id, ("records", scope, chosen), lambda own: reads.count_records(own, scope, run_id, chosen))


def records_by_id(conn: Connection, db: Database, sight: Sight, record_ids: Sequence[int]) -> dict[int, RecordView]:
    """Records by id as the reader may see them; hidden ones are left out."""
    rows = reads.records_by_id(conn, sight.scope, record_ids)
    return {view.record_id: view for view in record_views(conn, db, sight, list(rows.values()))}


def _note_withheld(db: Database, actor: Actor, rows: Iterable[Any]) -> None:
    looked_at = [f"record {row.record_id}" for row in rows if row.visibility == "withheld" and row.shown == Shown.ALL]
    if looked_at:
        with db.unit_of_work(actor, reason="look") as conn:
            note_looks(conn, actor, looked_at)


def record_views(conn: Connection, db: Database, sight: Sight, rows: Sequence[Any]) -> list[RecordView]:
    """Rows of `reads` as views, with everything personal in them opened at once."""
    open_rows = [row for row in rows if row.shown == Shown.ALL]
    issues = record_store.load_issues(conn, [row.record_id for row in open_rows]) if open_rows else {}
    sealed: list[Any] = [row.data for row in rows if row.shown in (Shown.ALL, Shown.LINE)] + [row.changes for row in open_rows]
    sealed += [(i.issue.value, i.issue.detail, i.issue.suggestion.values if i.issue.suggestion else None, i.issue.suggestion.shown if i.issue.suggestion else None)
               for found in issues.values() for i in found]
    opened = open_all(conn, db, sealed)
    return [_record_view(sight, row, issues.get(row.record_id, []), opened) for row in rows]


def _record_view(sight: Sight, row: Any, issues: Sequence[StoredIssue], opened: Opened) -> RecordView:
    if row.shown == Shown.ALL:
        return _full(sight, row, issues, opened)
    if row.shown == Shown.AREA:
        return _area(row)
    if row.shown == Shown.LINE:
        return _line(row, opened)
    return RecordView(record_id=row.record_id, shown=Shown.TRACE, county=_place(row, "county"), county_code=row.county_code, **_kind(row))


def _full(sight: Sight, row: Any, issues: Sequence[StoredIssue], opened: Opened) -> RecordView:
    data, is_clear = row.data, sight.sees_contacts(row.county_code)

    def text(value: str | None, field_name: str = "") -> str | None:
        return opened.text(value, field_name, is_clear=is_clear)

    return RecordView(
        record_id=row.record_id, shown=Shown.ALL, source=row.source, pointer=row.pointer, file_name=row.file_name, source_id=text(data.get("source_id")),
        name=text(row.name), aliases=tuple(text(alias) or "" for alias in data["aliases"]), qualifiers=tuple(text(q) or "" for q in data["qualifiers"]),
        county=_place(row, "county"), county_code=row.county_code, constituency=_place(row, "constituency"), ward=_place(row, "ward"), latitude=row.latitude,
        longitude=row.longitude, contacts=_contacts(data, opened, is_clear=is_clear), services=tuple(data["services"]), owner=data["owner"],
        operational_status=data["operational_status"], keph_level=data["keph_level"], mfl_code=row.mfl_code,
        registration_number=data["registration_number"], address=text(data["address"], "address"), officer=text(data["officer"], "officer"),
        description=text(data["description"]), visibility=row.visibility, quality_score=row.quality_score, quality_parts=tuple(row.quality_parts),
        state=row.state, state_reason=text(row.state_reason), facility_id=row.facility_id,
        issues=tuple(issue_view(issue, opened, is_clear=is_clear, points=row.points_to_gain.get(issue.issue.code)) for issue in issues),
        changes=tuple(_change(change, opened, is_clear=is_clear) for change in row.changes), **_kind(row),
    )


def _area(row: Any) -> RecordView:
    """Name, kind, services, ward."""
    return RecordView(
        record_id=row.record_id, shown=Shown.AREA, name=masked_text(row.name or "") or None, county=_place(row, "county"), county_code=row.county_code, constituency=_place(row, "constituency"),
        ward=_place(row, "ward"), services=tuple(row.data["services"]), source=row.source, state=row.state, **_kind(row),
    )


def _line(row: Any, opened: Opened) -> RecordView:
    """Name, county, office phone."""
    lines = [contact for contact in row.data["contacts"] if is_office_line(contact["contact_type"], contact["label"], is_primary=contact["is_primary"])]
    return RecordView(
        record_id=row.record_id, shown=Shown.LINE, name=masked_text(row.name or "") or None, county=_place(row, "county"), county_code=row.county_code, facility_type=None, facility_type_label=None,
        contacts=_contacts({"contacts": lines}, opened, is_clear=True), state=row.state,
    )


def is_office_line(contact_type: str, label: str | None, *, is_primary: bool) -> bool:
    """Whether a number is an office's: a hotline, or the place's first phone unless it is marked as somebody's own."""
    vocabulary = load_vocabularies().contact_types
    found = vocabulary.find(label)
    is_own = found is not None and (vocabulary.attribute(found.code, "is_personal") == "true" or found.code in ("mobile", "whatsapp"))
    return contact_type == "hotline" or (contact_type == "phone" and is_primary and not is_own)


def _kind(row: Any) -> dict[str, Any]:
    return {"facility_type": row.facility_type, "facility_type_label": kind_label(row.facility_type)}


def kind_label(facility_type: str | None) -> str | None:
    """The kind of place in words."""
    return load_vocabularies().facility_types.label(facility_type) or None


def _place(row: Any, level: str) -> str | None:
    name: str | None = (row.data.get("place") or {}).get(level)
    return name


def _contacts(data: Mapping[str, Any], opened: Opened, *, is_clear: bool) -> tuple[ContactView, ...]:
    return tuple(
        ContactView(
            contact_type=c["contact_type"], value=opened.contact(c["contact_type"], c["value"], is_clear=is_clear), label=c["label"], is_primary=c["is_primary"],
        )
        for c in data["contacts"]
    )


def _change(change: Mapping[str, Any], opened: Opened, *, is_clear: bool) -> ChangeView:
    name = change["field_name"]
    return ChangeView(
        field_name=name, label=field_label(name), before=opened.text(change["before"], name, is_clear=is_clear),
        after=opened.text(change["after"], name, is_clear=is_clear), stage=change["stage"], rule=change["rule"],
    )


def issue_view(stored: StoredIssue, opened: Opened, *, is_clear: bool, points: float | None = None) -> IssueView:
    """An issue in words, personal values opened or masked."""
    issue, issue_type = stored.issue, CATALOGUE[stored.issue.code]
    name = issue.field_name
    value = opened.text(issue.value, name, is_clear=is_clear)
    told = Issue(code=issue.code, field_name=name, value=value, detail=opened.anything(issue.detail, name, is_clear=is_clear))
    return IssueView(
        code=issue.code, title=issue_type.title, severity=issue_type.severity.value, field_name=name, value=value,
        message=message(told), suggestion=_suggestion(issue, opened, is_clear=is_clear), state=stored.state, asks=stored.asks,
        question_key=stored.question_key, evidence_hash=stored.evidence_hash, points=points if stored.state == "open" else None, told=told_in(told),
    )


def _suggestion(issue: Issue, opened: Opened, *, is_clear: bool) -> SuggestionView | None:
    suggestion = issue.suggestion
    if suggestion is None:
        return None
    shown = {
        name: opened.anything(value, name if name in PERSONAL_FIELDS else issue.field_name, is_clear=is_clear) for name, value in suggestion.values.items()
    }
    return SuggestionView(
        values=shown, shown=opened.text(str(suggestion.shown), issue.field_name, is_clear=is_clear) or "", confidence=suggestion.confidence,
        reason=opened.text(suggestion.reason, issue.field_name, is_clear=is_clear) or "",
    )
