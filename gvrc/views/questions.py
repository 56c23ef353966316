"""Open questions as a steward meets them: the pair or the flagged value, with everything needed to answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from time import monotonic
from typing import Any

from gvrc.matching.kinds import sits_inside
from gvrc.matching.memory import changed_aspects
from gvrc.model.access import Actor
from gvrc.model.match import FeatureScore
from gvrc.model.review import QuestionKind, Relation
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_questions as reads
from gvrc.store import registry
from gvrc.store.reads import staged_sources_of
from gvrc.store.reads_questions import QuestionFilter
from gvrc.store.session import Connection, Database
from gvrc.views.decided import ANSWER_WORDS, DecisionView, decisions_list
from gvrc.views.facility_records import facility_views
from gvrc.views.golden import GoldenField, GoldenView, golden_preview
from gvrc.views.group import Member, group_of
from gvrc.views.people import Opened, open_all
from gvrc.views.records import IssueView, RecordView, SuggestionView, records_by_id
from gvrc.views.sight import Sight
from gvrc.views.tally import QuestionCounts, question_counts

_FEW = 5
"""Fewer decided pairs than this say nothing about the next one."""
_MANY_DECIDED, _LIKE_SECONDS = 2_000, 60.0
"""With so many decided pairs one more changes nothing that could be seen."""
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
    """One question. For a pair `record_ids` are the staged records behind both sides, `records` the two sides in the order left, right.

    `asked` tells why a pair stands here (a value of gvrc.store.reads_questions.Asked), `is_open` whether it waits for an answer; `seen_decision` is the last word on the question, 0 when there
    is none; `members` are all records that may be this one place, when they are more than two; `relation` is a proposed one, which reads from the
    second to the first when `is_turned`.
    """

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
    asked: str | None = None
    is_open: bool = True
    seen_decision: int = 0
    members: tuple[Member, ...] = ()
    relation: Relation | None = None
    is_turned: bool = False
    sides: tuple[str, ...] = ()
    """The record keys of both sides, in the order of the pair's own key."""

    @property
    def field(self) -> str | None:
        """The field of a flagged value."""
        return self.field_name


def question_list(
    db: Database, actor: Actor, run_id: int, *, limit: int | None = None, offset: int = 0, **chosen: Any
) -> tuple[QuestionView, ...]:
    """Questions of a run in the desk's order, those that wait unless `asked` says otherwise; `chosen` are the fields of QuestionFilter, `county` a
    county code. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        rows = reads.question_rows(conn, sight.scope, run_id, QuestionFilter(**chosen), limit=limit, offset=offset)
        return tuple(_views(conn, db, sight, run_id, rows))


def questions_by_key(db: Database, actor: Actor, run_id: int, keys: Sequence[str]) -> tuple[QuestionView, ...]:
    """Open questions of a run by their keys, in the order of the keys; those this person may not see are left out. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        rows = reads.question_rows(conn, sight.scope, run_id, QuestionFilter(keys=keys), limit=len(keys), offset=0)
        found = {view.key: view for view in _views(conn, db, sight, run_id, rows)}
    return tuple(found[key] for key in keys if key in found)


def question_on_the_table(db: Database, actor: Actor, run_id: int, key: str) -> QuestionView | None:
    """The same as `question`, with all records that may be one place with the pair. Raises NotAllowedError."""
    view = question(db, actor, run_id, key)
    return view if view is None or view.kind != QuestionKind.DUPLICATE else with_members(db, actor, run_id, view)


def with_members(db: Database, actor: Actor, run_id: int, view: QuestionView) -> QuestionView:
    """A pair with all records that may be one place with it, if there are more than two. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    if view.relation is not None:
        return view  # whether two places belong together is asked of these two alone
    return replace(view, members=group_of(db, Sight(actor=actor), run_id, view.sides))


def question(db: Database, actor: Actor, run_id: int, key: str) -> QuestionView | None:
    """One question of a run, open or answered; None when there is none, or none that this person may see. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        row = reads.any_question(conn, sight.scope, run_id, key)
        return next(iter(_views(conn, db, sight, run_id, [row])), None) if row is not None else None


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
    newest: Mapping[str, int]
    opened: Opened
    sight: Sight


def _views(conn: Connection, db: Database, sight: Sight, run_id: int, rows: Sequence[Any]) -> list[QuestionView]:
    record_ids = {number for row in rows for number in (row.left_record_id, row.right_record_id) if number is not None}
    pairs = reads.pair_rows(conn, [row.match_id for row in rows if row.match_id is not None])
    facility_ids = sorted({number for pair in pairs.values() for key in (pair.left_key, pair.right_key) if (number := _facility_number(key))})
    context = _Context(
        records=records_by_id(conn, db, sight, sorted(record_ids)), facilities=facility_views(conn, db, sight, facility_ids),
        feeding=staged_sources_of(conn, facility_ids) if facility_ids else {}, pairs=pairs,
        earlier=reads.earlier_decisions(conn, [row.question_key for row in rows]), like=_decided_like(conn, db) if pairs else {},
        newest=reads.newest_decisions(conn, [row.question_key for row in rows]),
        opened=open_all(conn, db, [pair.features for pair in pairs.values()]), sight=sight,
    )
    found = (_pair(row, context) if row.kind == QuestionKind.DUPLICATE else _flag(row, context) for row in rows)
    return [view for view in found if view is not None]


def _decided_like(conn: Connection, db: Database) -> Mapping[tuple[str, int], tuple[int, int]]:
    """What became of pairs like these; once there are many decisions, looked up now and then only."""
    until, found = _likes.get(db.urls.app, (0.0, {}))
    if until < monotonic():
        found = reads.decided_like(conn)
        if sum(decided for decided, _ in found.values()) > _MANY_DECIDED:
            _likes[db.urls.app] = (monotonic() + _LIKE_SECONDS, found)
    return found


_likes: dict[str, tuple[float, Mapping[tuple[str, int], tuple[int, int]]]] = {}


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
        seen_decision=context.newest.get(row.question_key, 0), is_open=row.is_open,
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
        agreeing_fields=agreeing, differing_fields=differing, asked=row.asked, is_open=row.is_open, seen_decision=context.newest.get(row.question_key, 0),
        relation=Relation(pair.relation) if pair.relation else None, is_turned=sits_inside(records[1].facility_type, records[0].facility_type),
        sides=(pair.left_key, pair.right_key),
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


def _previous(earlier: Any, evidence_hash: str, moved: Sequence[str]) -> str | None:
    """What was answered before and still stands, and what changed since."""
    if earlier is None or earlier.replaced_at is not None:
        return None
    said = f"{earlier.decided_by} said {ANSWER_WORDS[earlier.answer]} on {_day(earlier.decided_at)}"
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


__all__ = [
    "DecisionView", "GoldenField", "GoldenView", "MatchView", "QuestionCounts", "QuestionView", "compare", "decisions_list", "golden_preview",
    "haversine_km", "question", "question_counts", "question_list", "question_on_the_table", "questions_by_key", "with_members",
]
