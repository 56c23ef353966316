"""The work of a run, from queued to review-ready. Every chunk is one transaction with its checkpoint, so that a run can be killed at any
moment and goes on where it was."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from gvrc import tracing
from gvrc.errors import GvrcError, PipelineError, RunBusy, RunStopped, StageFailed
from gvrc.heap import rare_sweeps
from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.pipeline.chunks import STEP, CheckpointMoved
from gvrc.pipeline.extraction import extract_file
from gvrc.pipeline.foresight import Foreseen, Foresight
from gvrc.pipeline.heartbeat import HINT_OVERDUE, Heartbeat, Overdue
from gvrc.pipeline.lanes import LaneLost, Lanes, ProcessLane, further_processes, open_lanes
from gvrc.pipeline.reading import Reading
from gvrc.pipeline.statistics import Shapes
from gvrc.pipeline.summary import RunSummary, summarise
from gvrc.pipeline.whole_run import find_duplicates, records_together, score_run
from gvrc.security.crypto import KeyRing
from gvrc.settings import Settings
from gvrc.stages.standardise import ROW_STAGES
from gvrc.staging import Workshop, open_workshop
from gvrc.store import files as file_store
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
        with further_processes(db, settings, run_id) as others:
            run = _begin(db, run_id)
            known = structlog.contextvars.bound_contextvars(run_id=run_id, user=run.started_by)
            with known, Heartbeat(db, settings, run_id, partial(_fail, db, run_id)) as heartbeat:
                return _work(db, settings, run, heartbeat, on_progress or (lambda _run_id: None), others)


def _begin(db: Database, run_id: int) -> StoredRun:
    with db.unit_of_work(run_id=run_id, reason="run") as conn:
        run = run_store.load_run(conn, run_id)
        if run is None:
            raise PipelineError(f"There is no run {run_id}.", "List the runs to see which there are.")
        if run.status is RunStatus.STOPPED:
            raise RunStopped(f"Run {run_id} was stopped before it began.", "Resume it to go on.")
        run_store.mark_running(conn, run_id, f"{socket.gethostname()}:{os.getpid()}")
    return run


def _work(
    db: Database, settings: Settings, run: StoredRun, heartbeat: Heartbeat, on_progress: Progress, others: Sequence[ProcessLane]
) -> RunSummary:
    try:
        with db.unit_of_work(run_id=run.run_id, reason="run") as conn:
            workshop = open_workshop(conn, settings, KeyRing.load(settings), datetime.now(UTC).date())
            threshold_store.note_run(conn, run.run_id, workshop.settings)
        context = RunContext(
            db=db, settings=settings, run=run, workshop=workshop, heartbeat=heartbeat, on_progress=on_progress, foresight=Foresight(settings)
        )
        log.info("run started", stop_after=run.stop_after)
        with rare_sweeps():
            _stages(context, others)
        return _end(context, RunStatus.DONE)
    except RunStopped:
        log.info("run stopped")
        return _end(context, RunStatus.STOPPED)
    except KeyboardInterrupt:
        _stop_at_once(db, run.run_id)
        raise
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


def _stages(context: RunContext, others: Sequence[ProcessLane]) -> None:
    with context.db.read() as conn:
        files = file_store.load_files(conn, run_id=context.run_id)
    stages = [stage for stage in ROW_STAGES if context.wants(stage)]
    with open_lanes(context, others, stages) as lanes, context.heartbeat.watching(lanes.memory_holders):
        _restart_stages(context, [Stage.EXTRACT])
        with _reading(context, files) as reading:
            if not lanes.are_several:
                reading.wait()
            if stages:
                with _known_as(context, "validate to enrich"):
                    _standardise(context, files, lanes, stages, reading)
            reading.wait()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="shapes") as pool:
        wants_shapes = context.wants(Stage.SCORE) and context.settings.anomaly_detection
        shapes = Shapes(pool, context, {file.source for file in files} if wants_shapes else ())
        for stage, step in ((Stage.DEDUPE, find_duplicates), (Stage.SCORE, partial(score_run, shapes=shapes))):
            if context.wants(stage):
                with _known_as(context, stage.value):
                    _whole_run_stage(context, stage, step)


@contextmanager
def _known_as(context: RunContext, stage: str) -> Iterator[None]:
    """What is traced and logged meanwhile names the stage."""
    with tracing.span("stage", stage=stage, run_id=context.run_id), structlog.contextvars.bound_contextvars(stage=stage):
        yield


@contextmanager
def _reading(context: RunContext, files: Sequence[StoredFile]) -> Iterator[Reading]:
    """While the block lasts the files are read, beside whatever it does. The readers are gone at its end; when it breaks off they break off too."""
    reading = Reading()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="files") as pool:
        pool.submit(copy_context().run, _extract, context, files, reading)
        try:
            yield reading
        except BaseException:
            reading.give_up()
            raise


def _extract(context: RunContext, files: Sequence[StoredFile], reading: Reading) -> None:
    """Read all files, some side by side. Whatever breaks it is told by the reading."""
    try:
        with _known_as(context, Stage.EXTRACT.value), ThreadPoolExecutor(max_workers=context.settings.concurrent_files, thread_name_prefix="extract") as pool:
            for _done in pool.map(lambda known, file: known.run(extract_file, context, file, reading), [copy_context() for _ in files], files):
                context.moved()
            _finish(context, [Stage.EXTRACT])
    except BaseException as error:
        reading.end(error)
    else:
        reading.end()


def _standardise(context: RunContext, files: Sequence[StoredFile], lanes: Lanes, stages: Sequence[Stage], reading: Reading) -> None:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        _forget_shorter_pass(conn, context.run_id, stages)
        for stage in stages:
            run_store.begin_stage(conn, context.run_id, stage)
    for file in files:
        _standardise_file(context, file, lanes, reading)
    if not context.foresight.is_given_up:
        lanes.gather()
    _finish(context, stages)


def _forget_shorter_pass(conn: Any, run_id: int, stages: Sequence[Stage]) -> None:
    """Rows that an earlier pass took only as far as a nearer stage are taken from the start again, with fresh counts."""
    reports = run_store.load_stages(conn, run_id)
    if any(reports[stage]["status"] == "done" for stage in stages) and reports[stages[-1]]["status"] != "done":
        run_store.forget_checkpoints(conn, run_id, "standardise")
        for stage in stages:
            run_store.reset_stage(conn, run_id, stage)


def _standardise_file(context: RunContext, file: StoredFile, lanes: Lanes, reading: Reading) -> None:
    """Take a file through the row stages from its checkpoint on; again, from where it then stands, when a process of the run was lost, or one of an
    earlier attempt saved a chunk before it died."""
    after = -1
    while True:
        before = after
        with context.db.read() as conn:
            after, is_complete = run_store.load_checkpoint(conn, context.run_id, file.file_id, STEP)
        if is_complete:
            return
        try:
            for seen in lanes.work_through(file, after, reading):
                _take_in(context, seen)
        except LaneLost:
            lanes.go_on_alone()
        except CheckpointMoved:
            if after == before:  # nobody moved it: this would go on for ever
                raise
            log.warning("a chunk was saved by another process", after=after)
        else:
            return
        lanes.start_over()


def _take_in(context: RunContext, seen: Foreseen) -> None:
    """Remember what was just saved, as long as the memory allows it."""
    if context.heartbeat.chunk_size < context.settings.chunk_size:
        context.foresight.drop_rows()
    context.foresight.add(seen)
    context.moved()


def _whole_run_stage(context: RunContext, stage: Stage, step: Callable[[RunContext], tuple[int, Counter[str]]]) -> None:
    _restart_stages(context, [stage])
    started = time.perf_counter()
    with context.heartbeat.allowed(records_together(context)):
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


def _stop_at_once(db: Database, run_id: int) -> None:
    """The run was broken off at the keyboard: it can be resumed at once, not only when its silence is noticed."""
    log.info("run broken off")
    with suppress(GvrcError), db.unit_of_work(run_id=run_id, reason="run") as conn:
        run_store.end_run(conn, run_id, RunStatus.STOPPED)


def _fail(db: Database, run_id: int, detail: str, hint: str) -> None:
    log.error("run failed", why=detail)
    with db.unit_of_work(run_id=run_id, reason="run") as conn:
        run_store.end_run(conn, run_id, RunStatus.FAILED, error=detail, hint=hint)
