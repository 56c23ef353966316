"""The work of a run, from queued to review-ready. Every chunk is one transaction with its checkpoint, so that a run can be killed at any
moment and goes on where it was."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from gvrc import tracing
from gvrc.errors import GvrcError, PipelineError, RunBusy, RunStopped, StageFailed
from gvrc.heap import rare_sweeps
from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.pipeline.dead_letters import keep_apart
from gvrc.pipeline.extraction import extract_file
from gvrc.pipeline.foresight import Foresight
from gvrc.pipeline.heartbeat import HINT_OVERDUE, Heartbeat, Overdue
from gvrc.pipeline.summary import RunSummary, summarise
from gvrc.pipeline.whole_run import find_duplicates, score_run
from gvrc.security.crypto import KeyRing
from gvrc.settings import Settings
from gvrc.stages.standardise import ROW_STAGES
from gvrc.staging import PreparedRows, SavedRecord, Workshop, open_workshop, prepare_rows
from gvrc.store import files as file_store
from gvrc.store import raw as raw_store
from gvrc.store import runs as run_store
from gvrc.store import thresholds as threshold_store
from gvrc.store.files import StoredFile
from gvrc.store.runs import StoredRun
from gvrc.store.session import Database

log = structlog.get_logger("gvrc.pipeline")

Progress = Callable[[int], None]
"""Called with the run's id whenever its reports moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What every step of a run is handed."""

    db: Database
    settings: Settings
    run: StoredRun
    workshop: Workshop
    heartbeat: Heartbeat
    on_progress: Progress
    foresight: Foresight

    @property
    def run_id(self) -> int:
        return self.run.run_id

    @property
    def last_stage(self) -> Stage:
        return self.run.stop_after or STAGES[-1]

    def wants(self, stage: Stage) -> bool:
        """Whether the run goes as far as this stage."""
        return STAGES.index(stage) <= STAGES.index(self.last_stage)

    def moved(self) -> None:
        """Reports moved; raises RunStopped when a person asked the run to stop."""
        self.on_progress(self.run_id)
        self.heartbeat.check()


def execute(db: Database, settings: Settings, run_id: int, on_progress: Progress | None = None) -> RunSummary:
    """Do the work of a run. Raises RunBusy when another process is at it, StageFailed when it broke; what is finished is kept."""
    with db.hold_lock(f"run:{run_id}") as is_ours:
        if not is_ours:
            raise RunBusy(f"Another process is working on run {run_id}.", "Wait until it ends.")
        run = _begin(db, run_id)
        known = structlog.contextvars.bound_contextvars(run_id=run_id, user=run.started_by)
        with known, Heartbeat(db, settings, run_id, partial(_fail, db, run_id)) as heartbeat:
            return _work(db, settings, run, heartbeat, on_progress or (lambda _run_id: None))


def _begin(db: Database, run_id: int) -> StoredRun:
    with db.unit_of_work(run_id=run_id, reason="run") as conn:
        run = run_store.load_run(conn, run_id)
        if run is None:
            raise PipelineError(f"There is no run {run_id}.", "List the runs to see which there are.")
        if run.status is RunStatus.STOPPED:
            raise RunStopped(f"Run {run_id} was stopped before it began.", "Resume it to go on.")
        run_store.mark_running(conn, run_id, f"{socket.gethostname()}:{os.getpid()}")
    return run


def _work(db: Database, settings: Settings, run: StoredRun, heartbeat: Heartbeat, on_progress: Progress) -> RunSummary:
    try:
        with db.unit_of_work(run_id=run.run_id, reason="run") as conn:
            workshop = open_workshop(conn, settings, KeyRing.load(settings), datetime.now(UTC).date())
            threshold_store.note_run(conn, run.run_id, workshop.settings)
        context = RunContext(
            db=db, settings=settings, run=run, workshop=workshop, heartbeat=heartbeat, on_progress=on_progress, foresight=Foresight(settings)
        )
        log.info("run started", stop_after=run.stop_after)
        with rare_sweeps():
            _stages(context)
        return _end(context, RunStatus.DONE)
    except RunStopped:
        log.info("run stopped")
        return _end(context, RunStatus.STOPPED)
    except Overdue:
        detail = f"A chunk of run {run.run_id} took longer than {settings.timeout_seconds} seconds. Every finished chunk is kept."
        _fail(db, run.run_id, detail, HINT_OVERDUE)
        raise PipelineError(detail, HINT_OVERDUE) from None
    except GvrcError as error:
        _fail(db, run.run_id, error.detail, error.hint)
        raise
    except Exception as error:
        log.exception("run broke off")
        detail = f"Run {run.run_id} broke off ({type(error).__name__}). Every finished chunk is kept."
        hint = "The log of errors has the details. Resume the run; if it breaks again, report it with the log."
        _fail(db, run.run_id, detail, hint)
        raise StageFailed(detail, hint) from error


def _stages(context: RunContext) -> None:
    with context.db.read() as conn:
        files = file_store.load_files(conn, run_id=context.run_id)
    with _known_as(context, Stage.EXTRACT.value):
        _extract(context, files)
    if context.wants(Stage.VALIDATE):
        with _known_as(context, "validate to enrich"):
            _standardise(context, files)
    for stage, step in ((Stage.DEDUPE, find_duplicates), (Stage.SCORE, score_run)):
        if context.wants(stage):
            with _known_as(context, stage.value):
                _whole_run_stage(context, stage, step)


@contextmanager
def _known_as(context: RunContext, stage: str) -> Iterator[None]:
    """What is traced and logged meanwhile names the stage."""
    with tracing.span("stage", stage=stage, run_id=context.run_id), structlog.contextvars.bound_contextvars(stage=stage):
        yield


def _extract(context: RunContext, files: Sequence[StoredFile]) -> None:
    _restart_stages(context, [Stage.EXTRACT])
    with ThreadPoolExecutor(max_workers=context.settings.concurrent_files, thread_name_prefix="extract") as pool:
        for _done in pool.map(lambda known, file: known.run(extract_file, context, file), [copy_context() for _ in files], files):
            context.moved()
    _finish(context, [Stage.EXTRACT])


def _standardise(context: RunContext, files: Sequence[StoredFile]) -> None:
    stages = [stage for stage in ROW_STAGES if context.wants(stage)]
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        _forget_shorter_pass(conn, context.run_id, stages)
        for stage in stages:
            run_store.begin_stage(conn, context.run_id, stage)
    for file in files:
        _standardise_file(context, file, stages)
    _finish(context, stages)


def _forget_shorter_pass(conn: Any, run_id: int, stages: Sequence[Stage]) -> None:
    """Rows that an earlier pass took only as far as a nearer stage are taken from the start again, with fresh counts."""
    reports = run_store.load_stages(conn, run_id)
    if any(reports[stage]["status"] == "done" for stage in stages) and reports[stages[-1]]["status"] != "done":
        run_store.forget_checkpoints(conn, run_id, "standardise")
        for stage in stages:
            run_store.reset_stage(conn, run_id, stage)


def _standardise_file(context: RunContext, file: StoredFile, stages: Sequence[Stage]) -> None:
    """Take a file through the row stages. While a chunk is saved in a thread of its own the next one is standardised; the chunks are saved in their
    order, one at a time, each with its checkpoint."""
    with context.db.read() as conn:
        after, is_complete = run_store.load_checkpoint(conn, context.run_id, file.file_id, "standardise")
    saving: Future[list[SavedRecord]] | None = None
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="save") as saver:
        while not is_complete:
            with context.heartbeat.time_limit(_named(file, after)):
                chunk = context.db.retrying(partial(_standardise_chunk, context, file, after, stages))
            if saving is not None:
                _take_in(context, saving.result())
            saving = saver.submit(copy_context().run, _save_in_time, context, chunk)
            after, is_complete = chunk.last, chunk.is_complete
        if saving is not None:
            _take_in(context, saving.result())


def _take_in(context: RunContext, saved: Sequence[SavedRecord]) -> None:
    """Remember what was just saved, as long as the memory allows it."""
    if context.heartbeat.chunk_size < context.settings.chunk_size:
        context.foresight.give_up()
    context.foresight.add(saved)
    context.moved()


def _named(file: StoredFile, after: int) -> str:
    return f"the chunk after row {after:,} of {file.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The rows of a file after row number `after` up to `last`, as the row stages made them, not yet saved."""

    file: StoredFile
    stages: Sequence[Stage]
    after: int
    last: int
    rows: int
    is_complete: bool
    prepared: PreparedRows
    seconds: Mapping[Stage, float]


def _standardise_chunk(context: RunContext, file: StoredFile, after: int, stages: Sequence[Stage]) -> Chunk:
    """Take one chunk through the row stages; only read, so that it can be done while the one before is saved."""
    limit, watch = context.heartbeat.chunk_size, Stopwatch()
    with context.db.read(timeout_seconds=0) as conn:
        rows = raw_store.load_rows(conn, file.file_id, after=after, limit=limit)
        prepared = PreparedRows(stage=stages[-1])
        if rows:
            prepared = prepare_rows(conn, context.workshop, rows, up_to=stages[-1], watch=watch.running, foresees=context.wants(Stage.SCORE))
    return Chunk(
        file=file, stages=stages, after=after, last=rows[-1].number if rows else after, rows=len(rows), is_complete=len(rows) < limit,
        prepared=prepared, seconds=watch.seconds,
    )


def _save_in_time(context: RunContext, chunk: Chunk) -> list[SavedRecord]:
    with context.heartbeat.time_limit(_named(chunk.file, chunk.after)):
        return context.db.retrying(partial(_save_chunk, context, chunk))


def _save_chunk(context: RunContext, chunk: Chunk) -> list[SavedRecord]:
    """Save one chunk in one transaction with its checkpoint. Returns the records that were scored at once."""
    run_id, file, found = context.run_id, chunk.file, chunk.prepared.found
    with context.db.unit_of_work(run_id=run_id, reason="run") as conn:
        saved = keep_apart(conn, context, file, chunk.prepared) if chunk.rows else []
        for stage in chunk.stages:
            run_store.add_to_stage(
                conn, run_id, stage, rows_in=chunk.rows, rows_out=len(chunk.prepared.drafts), seconds=chunk.seconds[stage], issues=dict(found.get(stage, {})),
            )
        run_store.save_checkpoint(
            conn, run_id, file.file_id, "standardise", source=file.source, last=chunk.last, total=file.records, is_complete=chunk.is_complete,
        )
    return saved


def _whole_run_stage(context: RunContext, stage: Stage, step: Callable[[RunContext], tuple[int, Counter[str]]]) -> None:
    _restart_stages(context, [stage])
    started = time.perf_counter()
    rows, issues = context.db.retrying(partial(step, context))  # another run of the same file writes the same records, in an order of its own
    seconds = time.perf_counter() - started
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        run_store.add_to_stage(conn, context.run_id, stage, rows_in=rows, rows_out=rows, seconds=seconds, issues=dict(issues))
    _finish(context, [stage])
    context.moved()


def _restart_stages(context: RunContext, stages: Sequence[Stage]) -> None:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        for stage in stages:
            run_store.reset_stage(conn, context.run_id, stage)
            run_store.begin_stage(conn, context.run_id, stage)
    context.moved()


def _finish(context: RunContext, stages: Sequence[Stage]) -> None:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        ended = {stage: run_store.finish_stage(conn, context.run_id, stage) for stage in stages}
    for stage, (rows_in, rows_out, seconds) in ended.items():
        log.info("stage done", stage=stage.value, rows_in=rows_in, rows_out=rows_out, seconds=round(seconds, 3))


def _end(context: RunContext, status: RunStatus) -> RunSummary:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        summary = summarise(conn, context.run_id, context.heartbeat.peak_memory_mb)
        run_store.end_run(conn, context.run_id, status, summary=summary.to_row())
    log.info("run ended", status=status.value, records_in=summary.records_in)
    return summary


def _fail(db: Database, run_id: int, detail: str, hint: str) -> None:
    log.error("run failed", why=detail)
    with db.unit_of_work(run_id=run_id, reason="run") as conn:
        run_store.end_run(conn, run_id, RunStatus.FAILED, error=detail, hint=hint)


@dataclass(slots=True)
class Stopwatch:
    """Seconds per stage."""

    seconds: Counter[Stage] = field(default_factory=Counter)

    @contextmanager
    def running(self, stage: Stage) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started  # type: ignore[assignment]
