"""Scored pairs of a run and which of them still wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from gvrc.model.match import MatchResult
from gvrc.store.session import copy_rows
from gvrc.store.tables import MatchResultRow

_COLUMNS = (
    "run_id", "question_key", "left_key", "right_key", "left_record_id", "right_record_id", "match_score", "reference_score", "base", "strategy",
    "band", "hard_evidence", "features", "rules", "evidence_hash", "scorer_version", "is_open",
    "pair_state", "relation", "is_sample", "priority", "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDraft:
    """A scored pair on its way into the database. A side without a record id is a registry facility."""

    question_key: str
    left_record_id: int | None
    right_record_id: int | None
    evidence_hash: str
    is_open: bool
    pair_state: str
    result: MatchResult
    relation: str | None = None
    is_sample: bool = False
    priority: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPair:
    """A scored pair as the steward's rooms need it."""

    match_id: int
    run_id: int
    question_key: str
    left_key: str
    right_key: str
    left_record_id: int | None
    right_record_id: int | None
    match_score: float
    band: str
    hard_evidence: str | None
    evidence_hash: str
    is_open: bool
    pair_state: str
    relation: str | None


def replace_pairs(conn: Connection, run_id: int, pairs: Iterable[PairDraft]) -> None:
    """Write the pairs of a run in place of those it had."""
    conn.execute(delete(MatchResultRow).where(MatchResultRow.run_id == run_id))
    copy_rows(conn, "staging.match_results", _COLUMNS, (_to_row(run_id, pair) for pair in pairs))


def pairs_among(conn: Connection, run_id: int, keys: Sequence[str]) -> list[StoredPair]:
    """Pairs of a run both sides of which are among these records or facilities, strongest first."""
    query = select(*(getattr(MatchResultRow, name) for name in StoredPair.__slots__)).where(
        MatchResultRow.run_id == run_id, MatchResultRow.left_key.in_(keys), MatchResultRow.right_key.in_(keys)
    )
    return [StoredPair(**row._mapping) for row in conn.execute(query.order_by(MatchResultRow.match_score.desc(), MatchResultRow.match_id))]


def load_pairs(
    conn: Connection, run_id: int, *, question_keys: Sequence[str] | None = None, record_ids: Sequence[int] | None = None,
) -> list[StoredPair]:
    """Pairs of a run: all, by question, or those that touch any of these records."""
    query = select(*(getattr(MatchResultRow, name) for name in StoredPair.__slots__)).where(MatchResultRow.run_id == run_id)
    if question_keys is not None:
        query = query.where(MatchResultRow.question_key.in_(question_keys))
    if record_ids is not None:
        query = query.where(MatchResultRow.left_record_id.in_(record_ids) | MatchResultRow.right_record_id.in_(record_ids))
    return [StoredPair(**row._mapping) for row in conn.execute(query.order_by(MatchResultRow.match_id))]


def set_states(conn: Connection, run_id: int, states: Mapping[str, tuple[str, bool]]) -> None:
    """Write where pairs stand now: question key → (pair state, whether it waits for an answer)."""
    statement = update(MatchResultRow).where(MatchResultRow.run_id == run_id, MatchResultRow.question_key == bindparam("key"))
    if states:
        rows = [{"key": key, "state": state, "open": is_open} for key, (state, is_open) in states.items()]
        conn.execute(statement.values(pair_state=bindparam("state"), is_open=bindparam("open")), rows)


def count_pairs(conn: Connection, run_id: int) -> tuple[int, int]:
    """How many pairs were scored and kept, and how many of them wait for an answer."""
    query = select(func.count(), func.count().filter(MatchResultRow.is_open)).where(MatchResultRow.run_id == run_id)
    kept, waiting = conn.execute(query).one()
    return kept, waiting


def records_in_question(conn: Connection, run_id: int, among: Sequence[int] | None = None) -> set[int]:
    """The run's records, or those among these, that an unanswered (or parked) duplicate question of the run touches."""
    is_waiting = MatchResultRow.is_open | (MatchResultRow.pair_state == "parked")
    query = select(MatchResultRow.left_record_id, MatchResultRow.right_record_id).where(MatchResultRow.run_id == run_id, is_waiting)
    if among is not None:
        query = query.where((MatchResultRow.left_record_id == func.any(list(among))) | (MatchResultRow.right_record_id == func.any(list(among))))
    return {side for row in conn.execute(query) for side in row if side is not None}


def _to_row(run_id: int, pair: PairDraft) -> tuple[Any, ...]:
    result = pair.result
    features = [{"feature": f.feature, "score": f.score, "weight": f.weight, "detail": f.detail, "level": f.level} for f in result.features]
    return (
        run_id, pair.question_key, result.left_key, result.right_key, pair.left_record_id, pair.right_record_id, result.match_score,
        result.reference_score, result.base, result.strategy, result.band.value, result.hard_evidence, features, list(result.rules),
        pair.evidence_hash, result.scorer_version, pair.is_open, pair.pair_state,
        pair.relation, pair.is_sample, pair.priority, pair.reason,
    )
