"""Runs: their row, their stages, their checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.store.jsonb import dump_json
from gvrc.store.tables import EtlCheckpoint, EtlRun, StageReport

INTERRUPTED = ("The process that worked on this run ended unexpectedly. Every finished chunk is kept.", "Resume the run; it goes on where it was.")
"""What is told of a run whose process fell silent, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A row of ops.etl_runs."""

    run_id: int
    status: RunStatus
    stop_after: Stage | None
    stage: str | None
    started_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: float | None
    records_processed: int
    error: str | None
    hint: str | None
    summary: dict[str, Any]
    peak_memory_mb: float | None


def create_run(conn: Connection, *, started_by: str, stop_after: Stage | None, settings_hash: str, versions: tuple[str, str]) -> int:
    """A queued run with its seven waiting stages."""
    code_version, reference_version = versions
    run_id: int = conn.execute(
        insert(EtlRun)
        .values(
            started_by=started_by, stop_after=stop_after, settings_hash=settings_hash, code_version=code_version, reference_version=reference_version,
        )
        .returning(EtlRun.run_id)
    ).scalar_one()
    conn.execute(insert(StageReport), [{"run_id": run_id, "stage": stage} for stage in STAGES])
    return run_id


def load_run(conn: Connection, run_id: int) -> StoredRun | None:
    """One run, or None."""
    row = conn.execute(select(*(getattr(EtlRun, name) for name in StoredRun.__slots__)).where(EtlRun.run_id == run_id)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    return StoredRun(**values | {"status": RunStatus(values["status"]), "stop_after": Stage(values["stop_after"]) if values["stop_after"] else None})


def queue_again(conn: Connection, run_id: int, stop_after: Stage | None) -> bool:
    """Put a run that is not live back into the queue. False when it is live."""
    live = [RunStatus.RUNNING, RunStatus.STOPPING, RunStatus.QUEUED]
    result = conn.execute(
        update(EtlRun).where(EtlRun.run_id == run_id, EtlRun.status.not_in(live))
        .values(status=RunStatus.QUEUED, stop_after=stop_after, error=None, hint=None, ended_at=None, heartbeat_at=func.now())
    )
    return result.rowcount == 1


def mark_running(conn: Connection, run_id: int, worker: str) -> None:
    """The run lives, in the process named `worker`."""
    conn.execute(
        update(EtlRun).where(EtlRun.run_id == run_id)
        .values(
            status=RunStatus.RUNNING, worker=worker, heartbeat_at=func.clock_timestamp(), ended_at=None, error=None, hint=None,
            started_at=func.coalesce(EtlRun.started_at, func.clock_timestamp()),
        )
    )


def beat(conn: Connection, run_id: int, peak_memory_mb: float) -> RunStatus:
    """Say that the run lives; returns its status, which a person may have set to STOPPING."""
    status = conn.execute(
        update(EtlRun).where(EtlRun.run_id == run_id)
        .values(heartbeat_at=func.clock_timestamp(), peak_memory_mb=func.greatest(func.coalesce(EtlRun.peak_memory_mb, 0), peak_memory_mb))
        .returning(EtlRun.status)
    ).scalar_one()
    return RunStatus(status)


def request_stop(conn: Connection, run_id: int) -> bool:
    """Ask a live run to stop after its chunk; one that only waits is stopped at once. False when it is not live."""
    queued = update(EtlRun).where(EtlRun.run_id == run_id, EtlRun.status == RunStatus.QUEUED).values(status=RunStatus.STOPPED, ended_at=func.now())
    running = update(EtlRun).where(EtlRun.run_id == run_id, EtlRun.status == RunStatus.RUNNING).values(status=RunStatus.STOPPING)
    return conn.execute(queued).rowcount == 1 or conn.execute(running).rowcount == 1


def end_run(conn: Connection, run_id: int, status: RunStatus, *, summary: dict[str, Any] | None = None, error: str | None = None, hint: str | None = None) -> None:
    """Close a run with its outcome; a closed run can be resumed."""
    values: dict[str, Any] = {"status": status, "ended_at": func.clock_timestamp(), "error": error, "hint": hint}
    if status is RunStatus.FAILED:
        values |= {"failed_at": func.clock_timestamp(), "failure": _in_one(error, hint)}
    if summary is not None:
        values |= {"summary": summary, "records_processed": summary.get("records_in", 0)}
    conn.execute(update(EtlRun).where(EtlRun.run_id == run_id).values(**values, duration_seconds=_seconds_of(run_id)))
    if status in (RunStatus.FAILED, RunStatus.STOPPED):
        _end_stages(conn, [run_id], status)


def mark_interrupted(conn: Connection, silent_seconds: float) -> list[int]:
    """Runs that say they live but have been silent for too long."""
    overdue = text("coalesce(heartbeat_at, created_at) < clock_timestamp() - make_interval(secs => :silent)").bindparams(silent=silent_seconds)
    error, hint = INTERRUPTED
    rows = conn.execute(
        update(EtlRun).where(EtlRun.status.in_([RunStatus.RUNNING, RunStatus.STOPPING, RunStatus.QUEUED]), overdue)
        .values(status=RunStatus.INTERRUPTED, ended_at=func.clock_timestamp(), error=error, hint=hint, duration_seconds=_seconds_of(EtlRun.run_id),
            failed_at=func.clock_timestamp(), failure=_in_one(error, hint))
        .returning(EtlRun.run_id)
    )
    found = list(rows.scalars())
    if found:
        _end_stages(conn, found, RunStatus.INTERRUPTED)
    return found


def _in_one(error: str | None, hint: str | None) -> str:
    return " ".join(part for part in (error, hint) if part)


def _seconds_of(run_id: Any) -> Any:
    """What the stages of a run took, as part of a statement."""
    return func.coalesce(select(func.sum(StageReport.seconds)).where(StageReport.run_id == run_id).scalar_subquery(), 0)


def _end_stages(conn: Connection, run_ids: list[int], status: RunStatus) -> None:
    """The stages at which these runs were ended with them."""
    conn.execute(update(StageReport).where(StageReport.run_id.in_(run_ids), StageReport.status == "running").values(status=status.value))


def begin_stage(conn: Connection, run_id: int, stage: Stage) -> None:
    """A stage starts (again)."""
    conn.execute(
        update(StageReport).where(StageReport.run_id == run_id, StageReport.stage == stage)
        .values(status="running", started_at=func.coalesce(StageReport.started_at, func.clock_timestamp()), ended_at=None)
    )
    conn.execute(update(EtlRun).where(EtlRun.run_id == run_id).values(stage=stage))


def reset_stage(conn: Connection, run_id: int, stage: Stage) -> None:
    """Forget the counts of a stage that is run again from its beginning."""
    conn.execute(
        update(StageReport).where(StageReport.run_id == run_id, StageReport.stage == stage)
        .values(status="waiting", rows_in=0, rows_out=0, seconds=0, issues={}, started_at=None, ended_at=None)
    )


def add_to_stage(conn: Connection, run_id: int, stage: Stage, *, rows_in: int, rows_out: int, seconds: float, issues: dict[str, int]) -> None:
    """Add a chunk's counts to a stage's report."""
    conn.execute(
        text("""
            UPDATE ops.stage_reports SET rows_in = rows_in + :rows_in, rows_out = rows_out + :rows_out, seconds = seconds + :seconds,
                issues = coalesce((
                    SELECT jsonb_object_agg(code, total) FROM (
                        SELECT code, sum(n::int) AS total FROM (
                            SELECT * FROM jsonb_each_text(issues) UNION ALL SELECT * FROM jsonb_each_text(cast(:issues AS jsonb))
                        ) AS counted(code, n) GROUP BY code
                    ) AS summed), '{}')
            WHERE run_id = :run_id AND stage = :stage
        """),
        {"run_id": run_id, "stage": stage.value, "rows_in": rows_in, "rows_out": rows_out, "seconds": seconds, "issues": dump_json(issues).decode()},
    )


def finish_stage(conn: Connection, run_id: int, stage: Stage) -> tuple[int, int, float]:
    """A stage has seen every row; rows that went in and came out, and seconds."""
    row = conn.execute(
        update(StageReport).where(StageReport.run_id == run_id, StageReport.stage == stage).values(status="done", ended_at=func.clock_timestamp())
        .returning(StageReport.rows_in, StageReport.rows_out, StageReport.seconds)
    ).one()
    return row.rows_in, row.rows_out, row.seconds


def load_stages(conn: Connection, run_id: int) -> dict[Stage, dict[str, Any]]:
    """The stage reports of a run, in order."""
    rows = {row.stage: dict(row._mapping) for row in conn.execute(select(*StageReport.__table__.columns).where(StageReport.run_id == run_id))}
    return {stage: rows[stage.value] for stage in STAGES if stage.value in rows}


def load_checkpoint(conn: Connection, run_id: int, file_id: int, step: str) -> tuple[int, bool]:
    """The last row number of a file that `step` has persisted, and whether it saw all."""
    query = select(EtlCheckpoint.last_processed_id, EtlCheckpoint.is_complete)
    row = conn.execute(
        query.where(EtlCheckpoint.run_id == run_id, EtlCheckpoint.file_id == file_id, EtlCheckpoint.step == step)
    ).one_or_none()
    return (row.last_processed_id, row.is_complete) if row else (0, False)


def save_checkpoint(conn: Connection, run_id: int, file_id: int, step: str, *, source: str, last: int, total: int | None, is_complete: bool) -> None:
    """Move a checkpoint, in the same transaction as the rows it speaks of."""
    values = {"last_processed_id": last, "last_processed_at": func.clock_timestamp(), "total": total, "is_complete": is_complete}
    statement = upsert(EtlCheckpoint).values(run_id=run_id, file_id=file_id, step=step, source=source, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["run_id", "file_id", "step"], set_=values))


def move_checkpoint(
    conn: Connection, run_id: int, file_id: int, step: str, *, source: str, after: int, last: int, total: int | None, is_complete: bool
) -> bool:
    """Move a checkpoint from row `after` to row `last`. False, and nothing is done, when it stands elsewhere, or saw all already."""
    values = {"last_processed_id": last, "last_processed_at": func.clock_timestamp(), "total": total, "is_complete": is_complete}
    stands = (EtlCheckpoint.last_processed_id == after) & ~EtlCheckpoint.is_complete
    if after:
        moved = update(EtlCheckpoint).where(EtlCheckpoint.run_id == run_id, EtlCheckpoint.file_id == file_id, EtlCheckpoint.step == step, stands)
        return conn.execute(moved.values(**values).returning(EtlCheckpoint.run_id)).first() is not None
    begun = upsert(EtlCheckpoint).values(run_id=run_id, file_id=file_id, step=step, source=source, **values)
    begun = begun.on_conflict_do_update(index_elements=["run_id", "file_id", "step"], set_=values, where=stands)
    return conn.execute(begun.returning(EtlCheckpoint.run_id)).first() is not None


def forget_checkpoints(conn: Connection, run_id: int, step: str) -> None:
    """Let `step` start from the first row again."""
    conn.execute(EtlCheckpoint.__table__.delete().where(EtlCheckpoint.run_id == run_id, EtlCheckpoint.step == step))  # type: ignore[attr-defined]

