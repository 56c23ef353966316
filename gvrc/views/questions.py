"""Open questions as a steward meets them: the pair or the flagged value, with everything needed to answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from typing import Any

from gvrc.checks.catalogue import CATALOGUE, field_label
from gvrc.matching.memory import changed_aspects
from gvrc.model.access import Actor
from gvrc.model.match import FeatureScore
from gvrc.model.review import Answer, QuestionKind
from gvrc.security.permissions import Permission, require
from gvrc.store import reads, registry
from gvrc.store.reads import QuestionFilter
from gvrc.store.session import Connection, Database
from gvrc.views.facility_records import facility_views
from gvrc.views.golden import GoldenField, GoldenView, golden_preview
from gvrc.views.people import Opened, masked_text, open_all
from gvrc.views.records import IssueView, RecordView, SuggestionView, records_by_id
from gvrc.views.sight import Sight

_FEW = 5
"""Fewer decided pairs than this say nothing about the next one."""
_COMPARED = ("name", "facility_type", "county", "constituency", "ward", "point", "contacts", "services")
_DISTANCE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(km|m)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """A match score with its parts. `of_decided` tells, in words, what became of pairs like this."""

    match_score: float
    reference_score: float
    base: float
    band: str
    strategy: str
    features: tuple[FeatureScore, ...]
    hard_evidence: str | None
    rules: tuple[str, ...]
    distance_km: float | None
    of_decided: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question. For a pair `record_ids` are the staged records behind both sides, `records` the two sides in the order left, right."""

    key: str
    kind: str
    record_ids: tuple[int, ...]
    records: tuple[RecordView, ...]
    issue: IssueView | None
    field_name: str | None
    value: str | None
    suggestion: SuggestionView | None
    match: MatchView | None
    reason: str | None
    evidence_hash: str
    previous_decision: str | None
    agreeing_fields: tuple[str, ...] = ()
    differing_fields: tuple[str, ...] = ()

    @property
    def field(self) -> str | None:
        """The field of a flagged value."""
        return self.field_name


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCounts:
    """How many questions wait: in all, and per kind of issue, source, county code and band."""

    duplicates: int
    issues: int
    by_code: dict[str, int]
    by_source: dict[str, int]
    by_county: dict[str, int]
    by_band: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the pairs of a run are answered."""

    answered: int
    waiting: int

    @property
    def all(self) -> int:
        """Answered and waiting pairs."""
        return self.answered + self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """An answer given, in words."""

    decision_id: int
    question_key: str
    kind: str
    answer: str
    decided_by: str
    decided_at: datetime
    sentence: str
    is_undoable: bool
    together: int = 1
    """How many answers were given with it in one step and still stand, itself included."""


def question_list(
    db: Database, actor: Actor, run_id: int, *, kind: str | None = None, code: str | None = None, source: str | None = None,
    county: str | None = None, band: str | None = None, limit: int | None = None, offset: int = 0,
) -> tuple[QuestionView, ...]:
    """Open questions of a run in the desk's order. `county` is a county code. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    chosen = QuestionFilter(kind=kind, code=code, source=source, county=county, band=band)
    with db.read() as conn:
        rows = reads.question_rows(conn, sight.scope, run_id, chosen, limit=limit, offset=offset)
        return tuple(_views(conn, db, sight, rows))


def question_counts(
    db: Database, actor: Actor, run_id: int, *, kind: str | None = None, code: str | None = None, source: str | None = None,
    county: str | None = None, band: str | None = None,
) -> QuestionCounts:
    """How many questions wait. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    chosen = QuestionFilter(kind=kind, code=code, source=source, county=county, band=band)
    with db.read() as conn:
        rows = reads.question_counts(conn, Sight(actor=actor).scope, run_id, chosen)
    return QuestionCounts(
        duplicates=sum(row.n for row in rows if row.kind == QuestionKind.DUPLICATE), issues=sum(row.n for row in rows if row.kind == QuestionKind.ISSUE),
        by_code=_counted(rows, "code"), by_source=_counted(rows, "left_source", "right_source"),
        by_county=_counted(rows, "left_county", "right_county"), by_band=_counted(rows, "band"),
    )


def duplicate_progress(
    db: Database, actor: Actor, run_id: int, *, source: str | None = None, county: str | None = None, band: str | None = None
) -> Progress:
    """How many pairs of a run people answered, and how many wait. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope, chosen = Sight(actor=actor).scope, QuestionFilter(kind=QuestionKind.DUPLICATE, source=source, county=county, band=band)
    with db.read() as conn:
        waiting = sum(row.n for row in reads.question_counts(conn, scope, run_id, chosen))
        return Progress(answered=reads.answered_pairs(conn, scope, run_id, chosen), waiting=waiting)


def questions_by_key(db: Database, actor: Actor, run_id: int, keys: Sequence[str]) -> tuple[QuestionView, ...]:
    """Open questions of a run by their keys, in the order of the keys; those this person may not see are left out. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read() as conn:
        rows = reads.question_rows(conn, sight.scope, run_id, QuestionFilter(keys=keys), limit=len(keys), offset=0)
        found = {view.key: view for view in _views(conn, db, sight, rows)}
    return tuple(found[key] for key in keys if key in found)


def _counted(rows: Iterable[Any], *columns: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        for value in {getattr(row, column) for column in columns} - {None}:
            counts[value] += row.n
    return dict(counts.most_common())


def question(db: Database, actor: Actor, run_id: int, key: str) -> QuestionView | None:
    """One question of a run, open or answered; None when there is none, or none that this person may see. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read() as conn:
        row = reads.any_question(conn, sight.scope, run_id, key)
        return next(iter(_views(conn, db, sight, [row])), None) if row is not None else None


# --------------------------------------------------------------------------------------------------------- views of questions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What the views of a page of questions share."""

    records: Mapping[int, RecordView]
    facilities: Mapping[int, RecordView]
    feeding: Mapping[int, Sequence[int]]
    pairs: Mapping[int, Any]
    earlier: Mapping[str, Any]
    like: Mapping[tuple[str, int], tuple[int, int]]
    opened: Opened
    sight: Sight


def _views(conn: Connection, db: Database, sight: Sight, rows: Sequence[Any]) -> list[QuestionView]:
    record_ids = {number for row in rows for number in (row.left_record_id, row.right_record_id) if number is not None}
    pairs = reads.pair_rows(conn, [row.match_id for row in rows if row.match_id is not None])
    facility_ids = sorted({number for pair in pairs.values() for key in (pair.left_key, pair.right_key) if (number := _facility_number(key))})
    context = _Context(
        records=records_by_id(conn, db, sight, sorted(record_ids)), facilities=facility_views(conn, db, sight, facility_ids),
        feeding=reads.staged_sources_of(conn, facility_ids) if facility_ids else {}, pairs=pairs,
        earlier=reads.earlier_decisions(conn, [row.question_key for row in rows]), like=reads.decided_like(conn) if pairs else {},
        opened=open_all(conn, db, [pair.features for pair in pairs.values()]), sight=sight,
    )
    found = (_pair(row, context) if row.kind == QuestionKind.DUPLICATE else _flag(row, context) for row in rows)
    return [view for view in found if view is not None]


def _facility_number(key: str) -> int | None:
    digits = key.removeprefix(registry.FACILITY_PREFIX)
    return int(digits) if key != digits and digits.isdecimal() else None


def _flag(row: Any, context: _Context) -> QuestionView | None:
    record = context.records.get(row.left_record_id)
    issue = next((each for each in record.issues if each.question_key == row.question_key), None) if record else None
    if record is None or issue is None:
        return None
    return QuestionView(
        key=row.question_key, kind=QuestionKind.ISSUE, record_ids=(record.record_id,), records=(record,), issue=issue, field_name=issue.field_name,
        value=issue.value, suggestion=issue.suggestion, match=None, reason=issue.message, evidence_hash=issue.evidence_hash,
        previous_decision=_previous(context.earlier.get(row.question_key), issue.evidence_hash, ()),
    )


def _pair(row: Any, context: _Context) -> QuestionView | None:
    pair = context.pairs[row.match_id]
    sides = [_side(key, number, context) for key, number in ((pair.left_key, pair.left_record_id), (pair.right_key, pair.right_record_id))]
    records = [side for side in sides if side is not None]
    if len(records) < 2:
        return None
    agreeing, differing = compare(*records)
    return QuestionView(
        key=row.question_key, kind=QuestionKind.DUPLICATE, record_ids=_record_ids(pair, context), records=tuple(records), issue=None, field_name=None,
        value=None, suggestion=None, match=_match(pair, records, context), reason=pair.reason or _because(pair), evidence_hash=pair.evidence_hash,
        previous_decision=_previous(context.earlier.get(row.question_key), pair.evidence_hash, _moved(context, row.question_key, pair)),
        agreeing_fields=agreeing, differing_fields=differing,
    )


def _side(key: str, record_id: int | None, context: _Context) -> RecordView | None:
    if record_id is not None:
        return context.records.get(record_id)
    number = _facility_number(key)
    return context.facilities.get(number) if number is not None else None


def _record_ids(pair: Any, context: _Context) -> tuple[int, ...]:
    found: list[int] = []
    for key, record_id in ((pair.left_key, pair.left_record_id), (pair.right_key, pair.right_record_id)):
        number = _facility_number(key)
        found += [record_id] if record_id is not None else list(context.feeding.get(number or 0, ()))
    return tuple(dict.fromkeys(found))


def _match(pair: Any, records: Sequence[RecordView], context: _Context) -> MatchView:
    is_clear = all(context.sight.sees_contacts(record.county_code) for record in records)
    features = tuple(
        FeatureScore(
            feature=f["feature"], score=f["score"], weight=f["weight"],
            detail=context.opened.text(f["detail"], "contacts" if f["feature"] == "contacts" else "phone", is_clear=is_clear) or "",
        )
        for f in pair.features
    )
    return MatchView(
        match_score=pair.match_score, reference_score=pair.reference_score, base=pair.base, band=pair.band, strategy=pair.strategy, features=features,
        hard_evidence=pair.hard_evidence, rules=tuple(pair.rules), distance_km=_distance_km(records), of_decided=_of_decided(pair, context.like),
    )


def _distance_km(records: Sequence[RecordView]) -> float | None:
    """Great-circle distance between both points, haversine with the mean earth radius of 6,371 km."""
    placed = [(r.latitude, r.longitude) for r in records if r.latitude is not None and r.longitude is not None]
    return round(haversine_km(*placed[0], *placed[1]), 3) if len(placed) == 2 else None


def haversine_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Kilometres between two points in decimal degrees, on a sphere of 6,371 km radius."""
    rise, run = radians(other_latitude - latitude), radians(other_longitude - longitude)
    chord = sin(rise / 2) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(run / 2) ** 2
    return 2 * 6371 * asin(min(1.0, sqrt(chord)))


def _of_decided(pair: Any, like: Mapping[tuple[str, int], tuple[int, int]]) -> str | None:
    decided, same = like.get((pair.strategy, min(int(pair.match_score * 10), 9)), (0, 0))
    return f"of {decided} pairs like this, {same} were the same" if decided >= _FEW else None


def _because(pair: Any) -> str:
    """Why this pair is asked, when dedupe left no sentence of its own."""
    strongest = max(pair.features, key=lambda feature: feature["weight"], default=None)
    score = f"Match score {pair.match_score:.2f}"
    return f"{score}, {strongest['feature'].replace('_', ' ')} above all." if strongest and strongest["weight"] > 0 else f"{score}."


def _moved(context: _Context, key: str, pair: Any) -> tuple[str, ...]:
    earlier = context.earlier.get(key)
    return changed_aspects(earlier.evidence_hash, pair.evidence_hash) if earlier is not None else ()


_ANSWER_WORDS: Mapping[str, str] = {
    Answer.SAME: "Same", Answer.DIFFERENT: "Different", Answer.RELATED: "Related", Answer.UNSURE: "Not sure", Answer.ACCEPT: "Accept",
    Answer.CORRECT: "Correct", Answer.WAIVE: "Waive", Answer.REJECT: "Reject",
}


def _previous(earlier: Any, evidence_hash: str, moved: Sequence[str]) -> str | None:
    """What was answered before, and what changed since."""
    if earlier is None:
        return None
    said = f"{earlier.decided_by} said {_ANSWER_WORDS[earlier.answer]} on {_day(earlier.decided_at)}"
    if earlier.evidence_hash == evidence_hash:
        return f"{said}."
    return f"{said}; since then {_and(moved)} changed." if moved else f"{said}; since then the evidence changed."


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def compare(left: RecordView, right: RecordView) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which fields of two records agree and which differ, where both know them."""
    told = {name: agree for name in _COMPARED if (agree := _agree(_comparable(left, name), _comparable(right, name))) is not None}
    return tuple(name for name, agree in told.items() if agree), tuple(name for name, agree in told.items() if not agree)


def _agree(mine: Any, theirs: Any) -> bool | None:
    """Whether two known values agree; lists do when they share a value. None when one is unknown."""
    if not mine or not theirs:
        return None
    return bool(mine & theirs) if isinstance(mine, frozenset) and isinstance(theirs, frozenset) else bool(mine == theirs)


def _comparable(record: RecordView, name: str) -> Any:
    if name == "point":
        return (round(record.latitude, 4), round(record.longitude, 4)) if record.latitude is not None and record.longitude is not None else None
    if name == "contacts":
        return frozenset(contact.value for contact in record.contacts)
    value = getattr(record, name)
    return " ".join(value.casefold().split()) if isinstance(value, str) else frozenset(value or ())


# --------------------------------------------------------------------------------------------------------- answers given


def decisions_list(db: Database, actor: Actor, run_id: int, limit: int = 20, *, as_batches: bool = False) -> tuple[DecisionView, ...]:
    """The last answers of a run that still stand, newest first, in words; `as_batches`: answers given in one step stand as one.

    Raises NotAllowedError.
    """
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read() as conn:
        rows = reads.decision_rows(conn, sight.scope, run_id, limit=limit, as_batches=as_batches)
        opened = open_all(conn, db, [row.decided_values for row in rows])
    return tuple(_decision(row, opened, is_clear=sight.sees_contacts(None), as_batches=as_batches) for row in rows)


def _decision(row: Any, opened: Opened, *, is_clear: bool, as_batches: bool) -> DecisionView:
    sentence = _sentence(row, opened, is_clear=is_clear)
    if as_batches and row.together > 1:
        sentence = f"{sentence} · and {row.together - 1:,} alike"
    return DecisionView(
        decision_id=row.decision_id, question_key=row.question_key, kind=row.kind, answer=row.answer, decided_by=row.decided_by,
        decided_at=row.decided_at, sentence=sentence, is_undoable=True, together=row.together,
    )


def _sentence(row: Any, opened: Opened, *, is_clear: bool) -> str:
    names = [name if is_clear else masked_text(name) for name in row.names or () if name]
    who = f"{row.decided_at:%H:%M} {row.decided_by}"
    if row.kind == QuestionKind.DUPLICATE:
        relation = f" ({row.relation.replace('_', ' ')})" if row.relation else ""
        return f"{who}: {_ANSWER_WORDS[row.answer]}{relation} · {' / '.join(names) or 'a pair'}"
    title = CATALOGUE[row.issue_code].title if row.issue_code in CATALOGUE else "a flagged value"
    values = ", ".join(
        f"{field_label(name)} {opened.text(str(value), name, is_clear=False)}" for name, value in row.decided_values.items() if value not in (None, "", [], {})
    )
    return f"{who}: {_ANSWER_WORDS[row.answer]} · {title} · {names[0] if names else 'a record'}" + (f" · {values}" if values else "")


__all__ = [
    "DecisionView", "GoldenField", "GoldenView", "MatchView", "Progress", "QuestionCounts", "QuestionView", "compare", "decisions_list",
    "duplicate_progress", "golden_preview", "question", "question_counts", "question_list", "questions_by_key",
]
