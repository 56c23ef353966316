"""The row stages of a run on as many processors as there are. This process works on chunks itself; of a large list, further processes of its own do too,
each with a connection of its own, and begin while this one still reads. What a chunk became is saved where it was made, when all before it are saved.

Python runs one thread at a time, so only a process takes work off another. A copy of this process is at work at once and shares its memory; where it may not
be copied, a new one takes about a second and 190 MB, which small lists do not repay.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from multiprocessing import active_children, connection, get_context, parent_process
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from gvrc.errors import PipelineError
from gvrc.heap import rare_sweeps
from gvrc.logs import configure_logs
from gvrc.matching.forked import may_fork
from gvrc.model.run import Stage
from gvrc.pipeline.chunks import ChunkWork, Span
from gvrc.pipeline.foresight import Foreseen
from gvrc.pipeline.heartbeat import HINT_OVERDUE
from gvrc.pipeline.reading import Reading
from gvrc.pipeline.statistics import SourceGatherings
from gvrc.reference.corrections import Corrections
from gvrc.security.crypto import KeyRing
from gvrc.settings import Settings
from gvrc.stages.standardise import load_knowledge
from gvrc.staging import Workshop
from gvrc.store import files as file_store
from gvrc.store import runs as run_store
from gvrc.store.files import StoredFile
from gvrc.store.session import Database

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

log = structlog.get_logger("gvrc.pipeline")

LARGE_BYTES = 1_000_000
"""Size of the files of a run from which further processes repay their start."""
MOST_PROCESSES = 4
"""Processes that work on one run when the settings name no number."""
PROCESS_MB = 250
"""Memory that a process needs (190 MB were seen), told generously: the limit of a run allows as many."""
AHEAD = 2
"""Chunks of a lane that are prepared, or are to be, while one is saved."""
LEAST_ROWS = 200
"""Rows of a chunk below which it is not made smaller towards the end of a file."""


class LaneLost(Exception):
    """A process of the run ended, or never began; the others go on without it."""


class Lane(Protocol):
    """Who takes chunks through the row stages, one after another, beside others."""

    def prepare(self, span: Span) -> Future[None]:
        """Begin with a span as soon as those before it are prepared."""

    def save(self, span: Span) -> Future[Foreseen]:
        """Save a span that is prepared."""

    def take(self, future: Future[Any]) -> Any:
        """Wait for what was begun. Raises what it raised, PipelineError when it takes too long, LaneLost when it will never come."""

    def gathered(self) -> SourceGatherings:
        """What the saved spans told of their sources."""

    def forget(self) -> None:
        """Drop what was begun and will not be saved."""

    def close(self) -> None:
        """End."""


class OwnLane:
    """This process: while one chunk is saved in one thread, another is prepared in another."""

    def __init__(self, context: RunContext, work: ChunkWork) -> None:
        self._work, self._context = work, context
        self._preparing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare")
        self._saving = ThreadPoolExecutor(max_workers=1, thread_name_prefix="save")

    def prepare(self, span: Span) -> Future[None]:
        return self._begin(self._preparing, self._work.prepare, span)

    def save(self, span: Span) -> Future[Foreseen]:
        return self._begin(self._saving, self._work.save, span)

    def take(self, future: Future[Any]) -> Any:
        return future.result()

    def gathered(self) -> SourceGatherings:
        return self._work.gatherings

    def forget(self) -> None:
        self._preparing.submit(self._work.forget).result()

    def close(self) -> None:
        self._preparing.shutdown(cancel_futures=True)
        self._saving.shutdown(cancel_futures=True)

    def _begin(self, executor: Executor, work: Callable[[Span], Any], span: Span) -> Future[Any]:
        def in_time() -> Any:
            with self._context.heartbeat.time_limit(str(span)):
                return work(span)

        return executor.submit(copy_context().run, in_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a further process is told when it begins: the settings and the knowledge of the run as they are for this process."""

    settings: Settings
    in_force: Settings
    corrections: Corrections
    as_of: date
    run_id: int
    started_by: str
    stages: tuple[Stage, ...]


class ProcessLane:
    """A process that is started for the run and ends with it, or with the process that started it. It waits for its `order`."""

    def __init__(self, settings: Settings, run_id: int) -> None:
        self._limit_seconds = float(settings.timeout_seconds)
        self._run_id = run_id
        context = get_context("fork" if may_fork() else "spawn")
        self._executor = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_begin, initargs=(settings,))
        before = set(active_children())
        self._executor.submit(os.getpid)  # so that it begins at once
        self._processes = set(active_children()) - before

    def order(self, order: Order) -> None:
        """Tell the process what it works on, before anything else."""
        self._submit(_open, order)

    @property
    def pids(self) -> list[int]:
        """The numbers of what runs for this lane: one process, or none any more."""
        return [process.pid for process in self._processes if process.pid is not None and process.is_alive()]

    def prepare(self, span: Span) -> Future[None]:
        return self._submit(_prepare, span)

    def save(self, span: Span) -> Future[Foreseen]:
        return self._submit(_save, span)

    def take(self, future: Future[Any]) -> Any:
        try:
            return future.result(timeout=self._limit_seconds)
        except BrokenProcessPool as error:
            raise LaneLost from error
        except TimeoutError:
            if future.done():
                raise
            self.kill()
            detail = f"Run {self._run_id} stopped: a chunk took longer than {self._limit_seconds:,.0f} seconds. Every finished chunk is kept."
            raise PipelineError(detail, HINT_OVERDUE) from None

    def gathered(self) -> SourceGatherings:
        gatherings: SourceGatherings = self.take(self._submit(_gathered))
        return gatherings

    def forget(self) -> None:
        self.take(self._submit(_forget))

    def kill(self) -> None:
        """End at once, whatever is at work."""
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        self.kill()  # what it is at is wanted no more, and may hang
        self._executor.shutdown(cancel_futures=True)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        try:
            return self._executor.submit(work, *arguments)
        except BrokenProcessPool as error:
            raise LaneLost from error


class Lanes:
    """All who work on the row stages of a run."""

    def __init__(self, context: RunContext, own: OwnLane, others: Sequence[ProcessLane]) -> None:
        self._context = context
        self._own = own
        self._others = list(others)
        self._others_saved = False

    @property
    def are_several(self) -> bool:
        """Whether further processes work beside this one."""
        return bool(self._others)

    def begin(self, order: Order) -> None:
        """Tell the other processes what they work on."""
        try:
            for lane in self._others:
                lane.order(order)
        except LaneLost:
            self.go_on_alone()

    def work_through(self, file: StoredFile, after: int, reading: Reading) -> Iterator[Foreseen]:
        """Take the rows of a file after `after` through the stages, as far as they are read; what is foreseen of each chunk once it is saved. Raises
        LaneLost, CheckpointMoved, and what broke the reading: what is saved until then stands."""
        spans = _Spans(self._context, file, after, reading, len(self._all()))
        waiting: deque[tuple[Lane, Span, Future[None]]] = deque()
        while True:
            for lane in self._free(waiting, is_reading=not reading.is_over):
                if (span := spans.next(waits=not waiting)) is not None:
                    waiting.append((lane, span, lane.prepare(span)))
            if not waiting:
                return
            lane, span, prepared = waiting.popleft()
            lane.take(prepared)
            self._others_saved |= lane is not self._own
            yield lane.take(lane.save(span))

    def gather(self) -> None:
        """Bring together what each lane gathered of the sources."""
        try:
            for lane in self._all():
                self._context.foresight.gatherings.merge(lane.gathered())
        except LaneLost:
            self.go_on_alone()

    def start_over(self) -> None:
        """Drop what was begun and not saved."""
        try:
            for lane in self._all():
                lane.forget()
        except LaneLost:
            self.go_on_alone()
            self._own.forget()

    def go_on_alone(self) -> None:
        """Do without the other processes from now on. What those that saved something knew of the end of the run is lost with them, so it is read back then."""
        log.warning("a process of the run ended, the run goes on without it")
        if self._others_saved:
            self._context.foresight.give_up()
        self._end_others()

    def close(self) -> None:
        self._own.close()
        self._end_others()

    def memory_holders(self) -> list[int]:
        """The numbers of the processes besides this one."""
        return [pid for lane in self._others for pid in lane.pids]

    def _end_others(self) -> None:
        for lane in self._others:
            lane.close()
        self._others.clear()

    def _all(self) -> list[Lane]:
        return [self._own, *self._others]

    def _free(self, waiting: Sequence[tuple[Lane, Span, Future[None]]], *, is_reading: bool) -> list[Lane]:
        """Each lane that may begin with another chunk, beginning with the one whose turn it is. Chunks are saved in their order, so a lane that took several
        in a row would let the others wait until all of them are saved. While files are read, reading fills this process."""
        lanes: list[Lane] = [*self._others] if is_reading and self._others else self._all()
        if waiting and waiting[-1][0] in lanes:
            turn = lanes.index(waiting[-1][0]) + 1
            lanes = [*lanes[turn:], *lanes[:turn]]
        return [lane for lane in lanes if sum(lane is each for each, _span, _future in waiting) < AHEAD]


class _Spans:
    """The chunks of a file in their order, as large as the memory allows; a file without rows has one, so that its end is noted. For several lanes the last
    ones grow smaller, so that nobody has long to save when there is nothing left to prepare."""

    def __init__(self, context: RunContext, file: StoredFile, after: int, reading: Reading, lanes: int) -> None:
        self._context, self._file, self._after, self._reading = context, file, after, reading
        self._lanes = lanes
        self._is_over = False

    def next(self, *, waits: bool) -> Span | None:
        """The next chunk; None behind the last one, or when its rows are not read yet and the caller does not wait. Raises what broke the reading."""
        after, file_id = self._after, self._file.file_id
        if self._is_over or self._reading.kept(file_id, after, waits=waits) is None:
            return None
        size = self._reading.rows_at_once(file_id, self._context.heartbeat.chunk_size)
        kept = self._reading.kept(file_id, after + size - 1, waits=waits)
        if kept is None:
            return None
        if kept.is_all and self._lanes > 1:
            size = min(size, self._share(kept.last - after))
        foresees = self._context.wants(Stage.SCORE) and not self._context.foresight.is_given_up
        self._after = max(after, min(after + size, kept.last))
        self._is_over = kept.is_all and self._after >= kept.last
        return Span(self._file, after, self._after, self._is_over, foresees, foresees and self._context.foresight.keeps_rows)


    def _share(self, left: int) -> int:
        """How many of the rows that are left are the next chunk; a few that would stay alone at the end belong to it, for the rows of a chunk tell together how
        far its list can be trusted."""
        size = max(LEAST_ROWS, -(-left // (AHEAD * self._lanes)))
        return left if left - size < LEAST_ROWS else size


@contextmanager
def further_processes(db: Database, settings: Settings, run_id: int) -> Iterator[list[ProcessLane]]:
    """Processes for a run whose files repay them, gone at the end of the block. They begin before this process has further threads, so that they may be
    copies of it, with the reference data that it knows by then."""
    with db.read() as conn:
        run, files = run_store.load_run(conn, run_id), file_store.load_files(conn, run_id=run_id)
    number = _further_processes(settings, files) if run is not None and run.stop_after is not Stage.EXTRACT else 0
    if number:
        load_knowledge(Corrections())
    others = [ProcessLane(settings, run_id) for _ in range(number)]
    try:
        yield others
    finally:
        for lane in others:
            lane.close()


@contextmanager
def open_lanes(context: RunContext, others: Sequence[ProcessLane], stages: Sequence[Stage]) -> Iterator[Lanes]:
    """The lanes of a run, with these further processes; nobody works on it any more at the end of the block."""
    workshop = context.workshop
    order = Order(
        settings=context.settings, in_force=workshop.settings, corrections=workshop.knowledge.corrections, as_of=workshop.as_of, run_id=context.run_id,
        started_by=context.run.started_by, stages=tuple(stages),
    )
    lanes = Lanes(context, OwnLane(context, ChunkWork(context.db, workshop, context.run_id, stages)), others)
    try:
        lanes.begin(order)
        yield lanes
    finally:
        lanes.close()


def _further_processes(settings: Settings, files: Sequence[StoredFile]) -> int:
    """How many processes help this one with these files."""
    if sum(file.size_bytes for file in files) < LARGE_BYTES:
        return 0
    return (settings.run_processes or min(_processors(), MOST_PROCESSES, max(settings.memory_limit_mb // PROCESS_MB, 1))) - 1


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---------------------------------------------------------------------------------------------------------------- in the further process

_work: ChunkWork | None = None
_for_good = ExitStack()
"""What holds as long as this process lives."""


def _begin(settings: Settings) -> None:
    """Make this process one of its own, which may be a copy; it ends when the process that started it does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the one that began this one decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    structlog.contextvars.clear_contextvars()
    configure_logs(settings)


def _open(order: Order) -> None:
    """Make this process ready for its work; one that cannot be is lost."""
    global _work
    try:
        structlog.contextvars.bind_contextvars(run_id=order.run_id, user=order.started_by, stage="validate to enrich")
        db = Database.open(order.settings, application_name="gvrc run")
        workshop = Workshop(settings=order.in_force, keyring=KeyRing.load(order.settings), knowledge=load_knowledge(order.corrections), as_of=order.as_of)
        _work = ChunkWork(db, workshop, order.run_id, order.stages)
        _for_good.enter_context(rare_sweeps())
    except Exception:
        log.exception("a process of the run could not begin")
        os._exit(1)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _begun() -> ChunkWork:
    assert _work is not None
    return _work


def _prepare(span: Span) -> None:
    _begun().prepare(span)


def _save(span: Span) -> Foreseen:
    return _begun().save(span)


def _gathered() -> SourceGatherings:
    return _begun().gatherings


def _forget() -> None:
    _begun().forget()
