"""Weights of the matcher that people adopted, and the answers they are learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from gvrc.store.tables import ScorerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScorer:
    """One adoption. `made_for` names the shipped weights it adds to; no `weight_changes`: from then on the shipped weights alone."""

    scorer_id: int
    version: str
    made_for: str
    weight_changes: Mapping[str, Mapping[str, float]]
    basis: Mapping[str, Any]
    reason: str | None
    set_by: str
    set_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMatch:
    """A scored pair with what a person said of it (None: nobody was asked): levels by feature. `record_keys` are the records of an answered question."""

    question_key: str
    levels: Mapping[str, str]
    is_same: bool | None
    record_keys: tuple[str, ...] = ()


_COLUMNS = tuple(getattr(ScorerRow, name) for name in StoredScorer.__slots__)


def in_force(conn: Connection) -> StoredScorer | None:
    """The newest adoption."""
    row = conn.execute(select(*_COLUMNS).where(ScorerRow.replaced_at.is_(None))).one_or_none()
    return StoredScorer(**row._mapping) if row else None


def history(conn: Connection, limit: int = 50) -> list[StoredScorer]:
    """Every adoption, newest first."""
    return [StoredScorer(**row._mapping) for row in conn.execute(select(*_COLUMNS).order_by(ScorerRow.scorer_id.desc()).limit(limit))]


def before(conn: Connection, scorer_id: int) -> StoredScorer | None:
    """What stood before an adoption."""
    query = select(*_COLUMNS).where(ScorerRow.scorer_id < scorer_id).order_by(ScorerRow.scorer_id.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return StoredScorer(**row._mapping) if row else None


def lock(conn: Connection) -> None:
    """One adoption at a time. Held until the transaction ends."""
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended('scorers', 0))"))


def add(
    conn: Connection, *, version: str, made_for: str, weight_changes: Mapping[str, Mapping[str, float]], basis: Mapping[str, Any], reason: str | None,
    set_by: str,
) -> int:
    """Adopt weights; those before, if any, are replaced and stay on record. Returns the id."""
    conn.execute(update(ScorerRow).where(ScorerRow.replaced_at.is_(None)).values(replaced_at=func.clock_timestamp()))
    values = {"version": version, "made_for": made_for, "weight_changes": weight_changes, "basis": basis, "reason": reason, "set_by": set_by}
    scorer_id: int = conn.execute(insert(ScorerRow).values(**values, set_at=func.clock_timestamp()).returning(ScorerRow.scorer_id)).scalar_one()
    return scorer_id


def judged_matches(conn: Connection) -> list[JudgedMatch]:
    """The newest scored pair of every answered duplicate question, without the parked ones and those that hard evidence settles, in the questions' order:
    it depends on nothing but the pairs."""
    rows = conn.execute(
        text("""
            SELECT DISTINCT ON (d.question_key) d.question_key, d.answer = 'same' AS is_same, d.record_keys, m.features
            FROM staging.decisions d JOIN staging.match_results m USING (question_key)
            WHERE d.kind = 'duplicate' AND d.replaced_at IS NULL AND d.answer IN ('same', 'different', 'related') AND m.hard_evidence IS NULL
            ORDER BY d.question_key, m.match_id DESC
        """)
    )
    return [
        JudgedMatch(question_key=row.question_key, levels=_levels(row.features), is_same=row.is_same, record_keys=tuple(row.record_keys)) for row in rows
    ]


def matches_of_run(conn: Connection, run_id: int) -> list[JudgedMatch]:
    """Every scored pair that a run kept, without those that hard evidence settles."""
    rows = conn.execute(
        text("SELECT question_key, features FROM staging.match_results WHERE run_id = :run_id AND hard_evidence IS NULL ORDER BY question_key"),
        {"run_id": run_id},
    )
    return [JudgedMatch(question_key=row.question_key, levels=_levels(row.features), is_same=None) for row in rows]


def _levels(features: list[dict[str, Any]]) -> dict[str, str]:
    return {feature["feature"]: feature["level"] for feature in features if feature.get("level")}
