"""When each source is pulled, and how it went last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    """A row of ops.schedules. `last_outcome` is running, done, failed or busy (another process was at it)."""

    source: str
    cron: str
    is_enabled: bool
    next_run_at: datetime | None
    last_started_at: datetime | None
    last_ended_at: datetime | None
    last_outcome: str | None
    last_detail: str | None
    last_run_id: int | None
    updated_by: str
    updated_at: datetime


_COLUMNS = ", ".join(StoredSchedule.__slots__)


def schedule_rows(conn: Connection) -> list[StoredSchedule]:
    """Every schedule, by source."""
    return [StoredSchedule(**row._mapping) for row in conn.execute(text(f"SELECT {_COLUMNS} FROM ops.schedules ORDER BY source"))]  # noqa: S608


def add_missing(conn: Connection, next_runs: Mapping[str, datetime], cron: str) -> None:
    """Gives sources without a schedule this one."""
    for source, next_run_at in next_runs.items():
        conn.execute(
            text("""INSERT INTO ops.schedules (source, cron, next_run_at, updated_by) VALUES (:source, :cron, :next, 'scheduler') ON CONFLICT (source) DO NOTHING"""),
            {"source": source, "cron": cron, "next": next_run_at},
        )


def set_schedule(conn: Connection, source: str, *, cron: str, is_enabled: bool, next_run_at: datetime | None, updated_by: str) -> bool:
    """Changes a schedule; False when there is none of this source."""
    query = text("""
        UPDATE ops.schedules SET cron = :cron, is_enabled = :on, next_run_at = :next, updated_by = :by, updated_at = now() WHERE source = :source""")
    return conn.execute(query, {"source": source, "cron": cron, "on": is_enabled, "next": next_run_at, "by": updated_by}).rowcount == 1


def claim_due(conn: Connection, now: datetime, next_of: Callable[[str], datetime | None]) -> list[str]:
    """The sources that are due, claimed: their next run is moved beyond `now` in this transaction, so that no other scheduler finds them due, and
    however many runs were missed, one catches up."""
    due = conn.execute(
        text("SELECT source, cron FROM ops.schedules WHERE is_enabled AND next_run_at <= :now ORDER BY next_run_at FOR UPDATE SKIP LOCKED"), {"now": now}
    ).all()
    for row in due:
        conn.execute(
            text("""
                UPDATE ops.schedules SET next_run_at = :next, last_started_at = :now, last_ended_at = NULL, last_outcome = 'running', last_detail = NULL,
                    last_run_id = NULL WHERE source = :source"""),
            {"source": row.source, "next": next_of(row.cron), "now": now},
        )
    return [row.source for row in due]


def note_end(conn: Connection, source: str, *, outcome: str, detail: str, run_id: int | None) -> None:
    """How it went."""
    conn.execute(
        text("UPDATE ops.schedules SET last_ended_at = clock_timestamp(), last_outcome = :outcome, last_detail = :detail, last_run_id = :run WHERE source = :source"),
        {"source": source, "outcome": outcome, "detail": detail, "run": run_id},
    )
