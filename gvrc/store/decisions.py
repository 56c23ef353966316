"""Answers, only ever added. The live answer to a question is the one that nothing replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.model.review import Answer, QuestionKind
from gvrc.store.tables import Claim, Correction, DecisionRow

_MANY = 200
"""Records whose answers are dearer to look up than it is to ask whether there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """An answer on its way into the database; personal values in `decided_values` are sealed already."""

    question_key: str
    kind: QuestionKind
    record_keys: Sequence[str]
    answer: Answer
    evidence_hash: str
    evidence: dict[str, Any]
    decided_by: str
    decided_values: dict[str, Any]
    relation: str | None = None
    issue_code: str | None = None
    field_name: str | None = None
    note: str | None = None
    run_id: int | None = None
    session_id: str | None = None
    seconds_taken: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A recorded answer."""

    decision_id: int
    question_key: str
    kind: str
    record_keys: list[str]
    answer: str
    relation: str | None
    issue_code: str | None
    field_name: str | None
    decided_values: dict[str, Any]
    note: str | None
    evidence_hash: str
    evidence: dict[str, Any]
    run_id: int | None
    decided_by: str
    decided_at: datetime
    replaced_at: datetime | None


def add_decision(conn: Connection, draft: DecisionDraft) -> int:
    """Add an answer to a question that is locked (`lock_question`); the one before it, if any, is replaced and stays on record."""
    replaced = conn.execute(
        update(DecisionRow).where(DecisionRow.question_key == draft.question_key, DecisionRow.replaced_at.is_(None))
        .values(replaced_at=func.clock_timestamp()).returning(DecisionRow.decision_id)
    ).scalar_one_or_none()
    values = {name: getattr(draft, name) for name in DecisionDraft.__slots__} | {"record_keys": list(draft.record_keys)}
    decision_id: int = conn.execute(insert(DecisionRow).values(**values).returning(DecisionRow.decision_id)).scalar_one()
    if replaced is not None:
        conn.execute(update(DecisionRow).where(DecisionRow.decision_id == replaced).values(replaced_by=decision_id))
    return decision_id


def lock_question(conn: Connection, question_key: str) -> None:
    """Two stewards who answer the same question at once come one after the other; held until the transaction ends."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7))"), {"key": question_key})


def live_decisions(conn: Connection, *, question_keys: Sequence[str] | None = None, record_keys: Sequence[str] | None = None) -> list[StoredDecision]:
    """Live answers to these questions, or that touch any of these source records; undone ones are left out."""
    query = select(*(getattr(DecisionRow, name) for name in StoredDecision.__slots__))
    query = query.where(DecisionRow.replaced_at.is_(None), DecisionRow.answer != Answer.UNDONE.value).order_by(DecisionRow.decision_id)
    if question_keys is not None:
        query = query.where(DecisionRow.question_key.in_(question_keys))
    if record_keys is not None:
        query = query.where(DecisionRow.record_keys.overlap(list(record_keys)))
    return [StoredDecision(**row._mapping) for row in conn.execute(query)]


def load_decision(conn: Connection, decision_id: int) -> StoredDecision | None:
    """One answer by its id."""
    query = select(*(getattr(DecisionRow, name) for name in StoredDecision.__slots__)).where(DecisionRow.decision_id == decision_id)
    row = conn.execute(query).one_or_none()
    return StoredDecision(**row._mapping) if row else None


def standing(conn: Connection, question_key: str) -> tuple[StoredDecision | None, str | None]:
    """The newest entry about a question, an undo included (None when nobody said anything yet), and who has it open now, if anybody."""
    asked = select(literal(question_key).label("asked")).subquery()
    said = (DecisionRow.question_key == asked.c.asked) & DecisionRow.replaced_at.is_(None)
    held = (Claim.question_key == asked.c.asked) & (Claim.expires_at > func.clock_timestamp())
    columns = [getattr(DecisionRow, name) for name in StoredDecision.__slots__]
    row = conn.execute(select(*columns, Claim.claimed_by).select_from(asked).outerjoin(DecisionRow, said).outerjoin(Claim, held)).one()
    told = dict(row._mapping)
    holder = told.pop("claimed_by")
    return StoredDecision(**told) if row.decision_id is not None else None, holder


def batch_of(conn: Connection, batch: str) -> list[StoredDecision]:
    """The answers of a batch that still stand, in the order they were given."""
    query = select(*(getattr(DecisionRow, name) for name in StoredDecision.__slots__)).order_by(DecisionRow.decision_id)
    query = query.where(DecisionRow.evidence.has_key("batch"), DecisionRow.evidence["batch"].astext == batch, DecisionRow.replaced_at.is_(None), DecisionRow.answer != Answer.UNDONE.value)
    return [StoredDecision(**row._mapping) for row in conn.execute(query)]


def live_answers_about(conn: Connection, record_keys: Sequence[str]) -> list[StoredDecision]:
    """Live answers that touch any of these records. A first run, in which nobody ever answered anything, is spared the look-up of many."""
    if len(record_keys) > _MANY and not any_decisions(conn):
        return []
    return live_decisions(conn, record_keys=record_keys)


def any_decisions(conn: Connection) -> bool:
    """Whether anybody ever answered anything; spares a first run the look-ups."""
    return bool(conn.execute(select(select(DecisionRow.decision_id).exists())).scalar())


def claim(conn: Connection, question_key: str, username: str, minutes: int) -> str | None:
    """Claim a question, or renew one's claim. Returns None, or the name of who holds it."""
    until = func.clock_timestamp() + text("make_interval(mins => :minutes)").bindparams(minutes=minutes)
    statement = upsert(Claim).values(question_key=question_key, claimed_by=username, expires_at=until)
    statement = statement.on_conflict_do_update(
        index_elements=["question_key"], set_={"claimed_by": username, "claimed_at": func.clock_timestamp(), "expires_at": until},
        where=(Claim.claimed_by == username) | (Claim.expires_at < func.clock_timestamp()),
    )
    if conn.execute(statement.returning(Claim.question_key)).scalar_one_or_none() is not None:
        return None
    return conn.execute(select(Claim.claimed_by).where(Claim.question_key == question_key)).scalar_one_or_none()


def release(conn: Connection, question_key: str, username: str) -> None:
    """Give a claimed question back."""
    conn.execute(Claim.__table__.delete().where(Claim.question_key == question_key, Claim.claimed_by == username))  # type: ignore[attr-defined]


def load_corrections(conn: Connection) -> list[tuple[str, str, str, str]]:
    """Known corrections: source (empty: every source), field, bad value, right value."""
    query = select(Correction.source, Correction.field_name, Correction.bad_value, Correction.right_value).where(Correction.retired_at.is_(None))
    return [(row.source, row.field_name, row.bad_value, row.right_value) for row in conn.execute(query)]


# ------------------------------------------------------------------------------------------------------------------ known corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrection:
    """A known bad value and its right value. `source` empty: every source. `retired_at` None: it holds."""

    correction_id: int
    source: str
    field_name: str
    bad_value: str
    right_value: str
    created_by: str
    created_at: datetime
    retired_at: datetime | None
    retired_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A value as it stands in source rows, and in how many of them."""

    source: str
    value: str
    rows: int


def list_corrections(conn: Connection, *, live_only: bool = True) -> list[StoredCorrection]:
    """Known corrections, newest first; with the retired ones when asked."""
    query = select(*(getattr(Correction, name) for name in StoredCorrection.__slots__)).order_by(Correction.correction_id.desc())
    query = query.where(Correction.retired_at.is_(None)) if live_only else query
    return [StoredCorrection(**row._mapping) for row in conn.execute(query)]


def lock_corrections(conn: Connection) -> None:
    """One at a time adds corrections; held until the transaction ends."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('corrections', 0))"))


def add_correction(conn: Connection, *, source: str, field_name: str, bad_value: str, right_value: str, created_by: str) -> int:
    """Remember a correction; its id."""
    values = {"source": source, "field_name": field_name, "bad_value": bad_value, "right_value": right_value, "created_by": created_by}
    correction_id: int = conn.execute(insert(Correction).values(**values).returning(Correction.correction_id)).scalar_one()
    return correction_id


def retire_correction(conn: Connection, correction_id: int, retired_by: str) -> bool:
    """Let a correction hold no longer; False when there is none, or it was retired already."""
    is_live = (Correction.correction_id == correction_id) & Correction.retired_at.is_(None)
    values = {"retired_at": func.clock_timestamp(), "retired_by": retired_by}
    return conn.execute(update(Correction).where(is_live).values(**values)).rowcount == 1


def spellings_like(conn: Connection, field_name: str, value: str, source: str = "") -> list[Spelling]:
    """Values of a canonical field that share the letters and digits of `value`, whatever their case and what stands between, per source (empty:
    every source), most frequent first."""
    rows = conn.execute(
        text(r"""
            SELECT source, row_values ->> :field_name AS value, count(*) AS rows FROM staging.raw_data
            WHERE jsonb_typeof(row_values -> :field_name) IN ('string', 'number') AND (:source = '' OR source = :source)
                AND lower(regexp_replace(row_values ->> :field_name, '[^A-Za-z0-9]', '', 'g')) = lower(regexp_replace(:value, '[^A-Za-z0-9]', '', 'g'))
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
        """),
        {"field_name": field_name, "value": value, "source": source},
    )
    return [Spelling(**row._mapping) for row in rows]


def delivered_sources(conn: Connection) -> list[str]:
    """The sources that ever delivered a list, by name."""
    return list(conn.execute(text("SELECT DISTINCT source FROM staging.source_files ORDER BY source")).scalars())
