"""Thresholds that people set: the values in force for every process, their history, and what a cut does to a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, text, update

from gvrc.settings import Settings
from gvrc.store.tables import EtlRun, ThresholdRow

THRESHOLDS: tuple[str, ...] = ("quality_threshold", "final_threshold", "review_threshold", "match_threshold", "automatic_threshold")
"""The settings that people may change while the program runs: two quality scores (0 to 100), then three match scores (0 to 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredThreshold:
    """One change of one threshold. `value` None: from then on as the settings say."""

    threshold_id: int
    name: str
    value: float | None
    reason: str | None
    set_by: str
    set_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCount:
    """Pairs between two cuts: how many of the run, how many of these are merged without asking, and what people decided on such pairs ever."""

    part: int
    pairs: int = 0
    automatic: int = 0
    decided: int = 0
    same: int = 0


_COLUMNS = tuple(getattr(ThresholdRow, name) for name in StoredThreshold.__slots__)


def in_force(conn: Connection, settings: Settings) -> Settings:
    """The settings with the thresholds that people set laid over them: what runs and answers are judged by."""
    stored = {row.name: row.value for row in live(conn) if row.value is not None}
    return settings.model_copy(update=stored) if stored else settings


def live(conn: Connection) -> list[StoredThreshold]:
    """The newest change of each threshold that was ever changed."""
    return [StoredThreshold(**row._mapping) for row in conn.execute(select(*_COLUMNS).where(ThresholdRow.replaced_at.is_(None)))]


def history(conn: Connection, limit: int = 50) -> list[StoredThreshold]:
    """Every change, newest first."""
    return [StoredThreshold(**row._mapping) for row in conn.execute(select(*_COLUMNS).order_by(ThresholdRow.threshold_id.desc()).limit(limit))]


def lock(conn: Connection) -> None:
    """One change at a time: whether the thresholds are in order depends on all of them. Held until the transaction ends."""
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended('thresholds', 0))"))


def add(conn: Connection, name: str, value: float | None, *, set_by: str, reason: str | None) -> int:
    """Set a threshold (None: back to the settings); the change before it, if any, is replaced and stays on record. Returns the change's id."""
    conn.execute(update(ThresholdRow).where(ThresholdRow.name == name, ThresholdRow.replaced_at.is_(None)).values(replaced_at=func.clock_timestamp()))
    values = {"name": name, "value": value, "set_by": set_by, "reason": reason, "set_at": func.clock_timestamp()}
    threshold_id: int = conn.execute(insert(ThresholdRow).values(**values).returning(ThresholdRow.threshold_id)).scalar_one()
    return threshold_id


def change(conn: Connection, threshold_id: int) -> StoredThreshold | None:
    """One change by its id."""
    row = conn.execute(select(*_COLUMNS).where(ThresholdRow.threshold_id == threshold_id)).one_or_none()
    return StoredThreshold(**row._mapping) if row else None


def value_before(conn: Connection, made: StoredThreshold) -> float | None:
    """What stood before a change; None where the settings spoke."""
    query = select(ThresholdRow.value).where(ThresholdRow.name == made.name, ThresholdRow.threshold_id < made.threshold_id)
    return conn.execute(query.order_by(ThresholdRow.threshold_id.desc()).limit(1)).scalar_one_or_none()


# ------------------------------------------------------------------------------------------------------------------ runs


def note_run(conn: Connection, run_id: int, settings: Settings) -> None:
    """Keep with a run the thresholds it is judged by."""
    values = {name: getattr(settings, name) for name in THRESHOLDS}
    conn.execute(update(EtlRun).where(EtlRun.run_id == run_id).values(thresholds=values))


def thresholds_of_run(conn: Connection, run_id: int) -> Mapping[str, float]:
    """The thresholds a run was judged by when it was last at work; empty for a run from before they were kept, or none at all."""
    found = conn.execute(select(EtlRun.thresholds).where(EtlRun.run_id == run_id)).scalar_one_or_none()
    return {name: float(value) for name, value in (found or {}).items()}


def records_between(conn: Connection, run_id: int, cuts: Sequence[float]) -> list[int]:
    """Records of a run by quality score: below the first cut, between each two, at or above the last. Rejected ones are left out."""
    rows = conn.execute(
        text("""
            SELECT width_bucket(quality_score, cast(:cuts AS float[])) AS part, count(*) AS n FROM staging.records
            WHERE file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND state <> 'rejected' AND quality_score IS NOT NULL
            GROUP BY 1
        """),
        {"run_id": run_id, "cuts": list(cuts)},
    )
    counts = {row.part: row.n for row in rows}
    return [counts.get(part, 0) for part in range(len(cuts) + 1)]


def pairs_between(conn: Connection, run_id: int, cuts: Sequence[float]) -> list[PairCount]:
    """Pairs of a run by match score, below the first cut, between each two, at or above the last, with what people decided on such pairs in any
    run. Pairs that hard evidence tells apart are left out: no cut moves them."""
    rows = conn.execute(
        text("""
            WITH of_run AS (
                SELECT width_bucket(match_score, cast(:cuts AS float[])) AS part, count(*) AS pairs, count(*) FILTER (WHERE band = 'automatic') AS automatic
                FROM staging.match_results WHERE run_id = :run_id AND coalesce(hard_evidence, 'same_official_code') = 'same_official_code' GROUP BY 1
            ), newest AS (
                SELECT DISTINCT ON (d.question_key) m.match_score, d.answer FROM staging.decisions d JOIN staging.match_results m USING (question_key)
                WHERE d.kind = 'duplicate' AND d.replaced_at IS NULL AND d.answer IN ('same', 'different', 'related')
                    AND coalesce(m.hard_evidence, 'same_official_code') = 'same_official_code'
                ORDER BY d.question_key, m.match_id DESC
            ), judged AS (
                SELECT width_bucket(match_score, cast(:cuts AS float[])) AS part, count(*) AS decided, count(*) FILTER (WHERE answer = 'same') AS same
                FROM newest GROUP BY 1
            )
            SELECT part, coalesce(pairs, 0) AS pairs, coalesce(automatic, 0) AS automatic, coalesce(decided, 0) AS decided, coalesce(same, 0) AS same
            FROM of_run FULL JOIN judged USING (part)
        """),
        {"run_id": run_id, "cuts": list(cuts)},
    )
    found = {row.part: PairCount(**row._mapping) for row in rows}
    return [found.get(part, PairCount(part=part)) for part in range(len(cuts) + 1)]
