"""Runs as people watch them: where they stand, and the receipt that adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.model.run import Stage
from gvrc.security.permissions import Permission, require
from gvrc.staging import COMPARED_FIELDS
from gvrc.store import reads, reads_runs, runs
from gvrc.store.reads import RunCounts
from gvrc.store.session import Database
from gvrc.views.remembered import remembered
from gvrc.views.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage of a run: rows in and out, seconds, issues by code."""

    stage: str
    status: str
    rows_in: int
    rows_out: int
    seconds: float
    issues: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file of a run. `records` None: not read to its end yet; `damage` says in words where it broke off."""

    file_id: int
    name: str
    source: str
    records: int | None
    damage: str | None
    was_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came in and where it stands: `records_in = ready + to_review + held + dead_letters` once every stage has run.

    `ready` counts committed records, `held` rejected ones, `waiting` those that no stage has judged yet. `issues` counts records per open issue.
    """

    records_in: int = 0
    ready: int = 0
    to_review: int = 0
    held: int = 0
    dead_letters: int = 0
    waiting: int = 0
    committed: int = 0
    rejected: int = 0
    clean: int = 0
    suspected_duplicates: int = 0
    candidate_pairs: int = 0
    issues: Mapping[str, int]
    quality: Mapping[str, float]
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run."""

    run_id: int
    status: str
    stage: str | None
    started_by: str
    created_at: datetime
    seconds: float | None
    error: str | None
    hint: str | None
    stages: tuple[StageView, ...]
    files: tuple[FileView, ...]
    receipt: Receipt
    peak_memory_mb: float | None = None


def run_view(db: Database, actor: Actor, run_id: int) -> RunView:
    """One run with its stages, files and receipt. Raises NotAllowedError, PipelineError when there is no such run."""
    require(actor, Permission.READ)
    with db.read(actor) as conn:
        rows = reads.run_rows(conn, run_id=run_id, limit=1)
        if not rows:
            raise PipelineError(f"There is no run {run_id}.", "Take the number from the list of runs.")
        scope = Sight(actor=actor).scope
        counts = remembered(conn, db, actor, run_id, ("run", scope), lambda own: reads.run_counts(own, scope, run_id))
        counts = replace(counts, dead_letters=reads.dead_letters_known(conn, scope, run_id))
        files = _files(reads.file_rows(conn, run_id), counts, sees_every_row=scope.sees_trace)
        stages = tuple(_stage(stage.value, report, counts) for stage, report in runs.load_stages(conn, run_id).items())
    return _view(rows[0], stages, files, _receipt(files, counts, is_scored=any(stage.stage == Stage.SCORE and stage.status == "done" for stage in stages)))


def run_list(db: Database, actor: Actor, limit: int = 50, offset: int = 0) -> tuple[RunView, ...]:
    """Runs, newest first, each with its files and receipt but without its stages. Raises NotAllowedError."""
    require(actor, Permission.READ)
    scope = Sight(actor=actor).scope
    found = []
    with db.read(actor) as conn:
        for row in reads.run_rows(conn, limit=limit, offset=offset):
            records = reads.known_records(conn, scope, row.run_id)
            found.append(_view(row, (), (), Receipt(records_in=records, issues={}, quality={})))
    return tuple(found)


def run_count(db: Database, actor: Actor) -> int:
    """How many runs there are. Raises NotAllowedError."""
    require(actor, Permission.READ)
    with db.read(actor) as conn:
        return reads.run_total(conn)


def corrected_since_duplicates(db: Database, actor: Actor, run_id: int) -> int:
    """How many records were corrected, in a field by which duplicates are found, after the run had looked for them. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    with db.read(actor) as conn:
        return reads_runs.corrected_since_duplicates(conn, run_id, COMPARED_FIELDS)


def _view(row: Any, stages: tuple[StageView, ...], files: tuple[FileView, ...], receipt: Receipt) -> RunView:
    return RunView(
        run_id=row.run_id, status=row.status, stage=row.stage, started_by=row.started_by, created_at=row.created_at, seconds=_seconds(row),
        error=row.error, hint=row.hint, stages=stages, files=files, receipt=receipt, peak_memory_mb=row.peak_memory_mb,
    )


def _seconds(row: Any) -> float | None:
    """Seconds of work; of a live run, since it began."""
    if row.duration_seconds is not None:
        return float(row.duration_seconds)
    ended: datetime = row.ended_at or datetime.now(UTC)
    return round((ended - row.started_at).total_seconds(), 3) if isinstance(row.started_at, datetime) else None


def _files(rows: list[Any], counts: RunCounts, *, sees_every_row: bool) -> tuple[FileView, ...]:
    """The files with the number of rows in them that the reader may know of: who may not see every row must not count them either."""

    def known(row: Any) -> int | None:
        if row.records is None:
            return None
        return int(row.records) - counts.hidden.get(row.file_id, 0) if sees_every_row else counts.visible.get(row.file_id, 0)

    return tuple(
        FileView(
            file_id=row.file_id, name=row.name, source=row.source, damage=(row.damage or {}).get("detail"), was_known=row.was_known,
            records=known(row),
        )
        for row in rows
    )


def _stage(stage: str, report: Mapping[str, Any], counts: RunCounts) -> StageView:
    """A stage without the rows that the reader may know nothing of; then also without its issues, which would count them."""
    hidden = sum(counts.hidden.values())
    return StageView(
        stage=stage, status=report["status"], rows_in=max(0, report["rows_in"] - hidden), rows_out=max(0, report["rows_out"] - hidden),
        seconds=round(report["seconds"], 3), issues={} if hidden else report["issues"],
    )


def _receipt(files: tuple[FileView, ...], counts: RunCounts, *, is_scored: bool) -> Receipt:
    """What became of the rows. Until a run is scored its records wait, whatever each is by itself."""
    states = dict(counts.states)
    if not is_scored:
        states["new"] = sum(states.pop(state, 0) for state in ("new", "ready", "to_review", "held"))
    read = sum(states.values()) + counts.dead_letters
    records_in = sum(file.records or 0 for file in files) if all(file.records is not None for file in files) else read
    ready, held = states.get("ready", 0) + states.get("committed", 0), states.get("held", 0) + states.get("rejected", 0)
    to_review = states.get("to_review", 0)
    summary = f"{records_in:,} records in: {ready:,} ready, {to_review:,} to review, {held:,} held, {counts.dead_letters:,} set aside."
    return Receipt(
        records_in=records_in, ready=ready, to_review=to_review, held=held, dead_letters=counts.dead_letters, waiting=states.get("new", 0),
        committed=states.get("committed", 0), rejected=states.get("rejected", 0), clean=ready, suspected_duplicates=counts.open_pairs,
        candidate_pairs=counts.pairs, issues=counts.issues, quality=counts.quality, summary=summary,
    )
