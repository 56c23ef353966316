"""The sign of life of a run: a thread that beats, hears a stop, and watches the memory and the time each chunk takes."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil
import structlog

from gvrc.errors import GvrcError, PipelineError, RunStopped
from gvrc.model.run import RunStatus
from gvrc.settings import Settings
from gvrc.store import runs as run_store
from gvrc.store.session import Database

log = structlog.get_logger("gvrc.pipeline")

STATUS_FILE = Path("/proc/self/status")
"""Where Linux notes the most memory that this process ever held."""
CLOSER_FROM = 1.05
"""How much more memory than at the last close look makes one worth its milliseconds."""
SMALLEST_CHUNK = 50
"""Rows below which a chunk does not shrink any more; a run that is still too large then stops, resumable."""
PATIENCE_SECONDS = 60.0
"""How long a run may stay above its memory limit with the smallest chunks."""
WHOLE_RUN_KB = 4.0
"""Memory that a record takes where all of a run are looked at together, beside the limit of a run (3.6 were seen at a million)."""
GRACE_SECONDS = 20.0
"""How long a chunk that took too long may take to break off; one that hangs outside Python (a file system that does not answer) never does."""
HINT_OVERDUE = "Look at these rows and at the server's load; raise GVRC_TIMEOUT_SECONDS if they only need longer, then resume the run."
HUNG = 3
"""Exit code of a process that was ended because a chunk hung."""


class Overdue(BaseException):
    """Raised in the thread whose chunk took too long. Stays inside this room: it ends as a PipelineError, or as the end of the run."""


@dataclass(slots=True)
class _Work:
    """What a thread is at, since when (monotonic seconds), how long it may take, when it was asked to break off, and whether it heard that."""

    what: str
    since: float
    limit_seconds: float
    asked_at: float | None = None
    is_told: bool = False


class Heartbeat:
    """Beats for a run while its block lasts.

    Above the memory limit the chunks are halved; when even the smallest chunk does not help for a whole minute of beats, `check` raises
    PipelineError, and the run can be resumed with a higher limit. What needs a whole run at once is `allowed` more.
    """

    def __init__(self, db: Database, settings: Settings, run_id: int, on_hang: Callable[[str, str], None] = lambda _detail, _hint: None) -> None:
        self._on_hang = on_hang
        self._at_work: dict[int, _Work] = {}
        self._lock = threading.Lock()
        self._db, self._settings, self._run_id = db, settings, run_id
        self._ended = threading.Event()
        self._stop_asked = threading.Event()
        self._process = psutil.Process()
        self._others: Callable[[], Sequence[int]] = tuple
        self._looked_closely_at_mb = 0.0
        self._beats_above = 0
        self._allowed_mb = float(settings.memory_limit_mb)
        self._peak_mb = 0.0
        self.chunk_size = settings.chunk_size
        self._thread = threading.Thread(target=copy_context().run, args=(self._beat_until_ended,), name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(timeout=10)

    @property
    def peak_memory_mb(self) -> float:
        """The most memory of all processes of the run together until now, what they share counted once; and the most that this one ever had, between two looks
        too."""
        self._peak_mb = max(self._peak_mb, sum(map(_own_share_mb, (os.getpid(), *self._others()))), _most_ever_mb())
        return self._peak_mb

    def check(self) -> None:
        """Raise RunStopped when a person asked for it, PipelineError when the memory limit cannot be kept."""
        self._look_at_memory()
        if self._stop_asked.is_set():
            raise RunStopped(f"Run {self._run_id} was stopped.", "Resume it to go on.")
        if self._beats_above * self._settings.heartbeat_seconds > PATIENCE_SECONDS:
            raise PipelineError(
                f"Run {self._run_id} needs more memory than the limit of {self._allowed_mb:,.0f} MB. Every finished chunk is kept.",
                "Raise GVRC_MEMORY_LIMIT_MB or split the file, then resume the run.",
            )

    @contextmanager
    def allowed(self, records: int) -> Iterator[None]:
        """In the block so many records are looked at together, for which the memory may grow beside the limit. Raises PipelineError at once when the
        machine has not as much to give."""
        more = records * WHOLE_RUN_KB / 1024
        free = psutil.virtual_memory().available / 2**20
        if more > free:
            raise PipelineError(
                f"Run {self._run_id} needs about {more:,.0f} MB of memory to look at {records:,} records together, and the machine has {free:,.0f} MB. Every finished chunk is kept.",
                "Close other programs, add memory or split the file, then resume the run.",
            )
        self._allowed_mb, self._beats_above = self._settings.memory_limit_mb + more, 0
        try:
            yield
        finally:
            self._allowed_mb = float(self._settings.memory_limit_mb)

    @contextmanager
    def watching(self, processes: Callable[[], Sequence[int]]) -> Iterator[None]:
        """In the block the memory of these processes (their numbers) counts among the highest memory of the run. The limit is for each alone: theirs does
        not grow with the list."""
        self._others = processes
        try:
            yield
        finally:
            self._others = tuple

    @contextmanager
    def time_limit(self, what: str, *, times: int = 1) -> Iterator[None]:
        """Bounds the time its block may take by `settings.timeout_seconds`, `times` over for more than one chunk's work. Raises PipelineError,
        naming `what`, when it takes longer.

        A block that hangs outside Python cannot be broken off: then the run is told to have failed and this process ends, so that it can be resumed.
        """
        thread, work = threading.get_ident(), _Work(what, time.monotonic(), float(self._settings.timeout_seconds * times))
        with self._lock:
            self._at_work[thread] = work
        try:
            yield
        except Overdue:
            work.is_told = True
            raise PipelineError(self._overdue(work), HINT_OVERDUE) from None
        finally:
            self._leave(thread, work)

    def _leave(self, thread: int, work: _Work) -> None:
        """No limit any more. Who was asked to break off at the very end has done the work: the request is received here and forgotten.

        It is not withdrawn: CPython 3.11 then goes on looking for it at every call, and never returns from a call that is traced.
        """
        try:
            with self._lock:
                self._at_work.pop(thread, None)
            until = time.monotonic() + 1
            while work.asked_at is not None and not work.is_told and time.monotonic() < until:
                time.sleep(0.001)
        except Overdue:
            log.info("chunk ended as its time was up", what=work.what)

    def _overdue(self, work: _Work) -> str:
        return f"Run {self._run_id} stopped: {work.what} took longer than {work.limit_seconds:,.0f} seconds. Every finished chunk is kept."

    def _look_at_time(self) -> None:
        now = time.monotonic()
        with self._lock:
            for thread, work in self._at_work.items():
                if work.asked_at is None and now - work.since > work.limit_seconds:
                    work.asked_at = now
                    log.warning("chunk takes too long", what=work.what, limit_seconds=work.limit_seconds)
                    _ask(thread, Overdue)
            hung = next((work for work in self._at_work.values() if work.asked_at is not None and now - work.asked_at > min(GRACE_SECONDS, self._settings.timeout_seconds)), None)
        if hung is not None:
            self._end_process(hung)

    def _end_process(self, hung: _Work) -> None:
        try:
            self._on_hang(self._overdue(hung), HINT_OVERDUE)
        except Exception:
            log.exception("the end of the run could not be told")  # it is seen as interrupted then, by its silence
        finally:
            os._exit(HUNG)

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(self._settings.heartbeat_seconds):
            self._look_at_time()
            self._beat()

    def _beat(self) -> None:
        self._look_at_memory()
        if self._memory_mb() > self._allowed_mb and self.chunk_size <= SMALLEST_CHUNK:
            self._beats_above += 1
        try:
            with self._db.unit_of_work(run_id=self._run_id, reason="heartbeat") as conn:
                status = run_store.beat(conn, self._run_id, self.peak_memory_mb)
        except GvrcError as error:
            log.warning("heartbeat missed", reason=error.detail)
            return
        if status is RunStatus.STOPPING:
            self._stop_asked.set()

    def _look_at_memory(self) -> None:
        used = self._memory_mb()
        together = used + sum(map(self._memory_mb, self._others()))
        if together > self._looked_closely_at_mb * CLOSER_FROM:
            self._looked_closely_at_mb = together
            self._peak_mb = self.peak_memory_mb
        if used <= self._allowed_mb:
            self._beats_above = 0
        elif self.chunk_size > SMALLEST_CHUNK:
            self.chunk_size = max(SMALLEST_CHUNK, self.chunk_size // 2)
            log.warning("memory above the limit, smaller chunks", used_mb=round(used), chunk_size=self.chunk_size)

    def _memory_mb(self, pid: int | None = None) -> float:
        """What a process (this one) holds, shared or not; nothing of one that is gone."""
        with suppress(psutil.Error):
            return float((self._process if pid is None else psutil.Process(pid)).memory_info().rss) / 2**20
        return 0.0


def _own_share_mb(pid: int) -> float:
    """Memory of a process, of what several share its part; where the system does not say that, all it holds. Takes some milliseconds."""
    with suppress(psutil.Error):
        held = psutil.Process(pid).memory_full_info()
        return float(getattr(held, "pss", held.rss)) / 2**20
    return 0.0


def _most_ever_mb() -> float:
    """The most memory that this process ever held, as the system noted it; 0 where it does not."""
    with suppress(OSError):
        for line in STATUS_FILE.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) / 1024
    return 0.0


def _ask(thread: int, kind: type[BaseException]) -> None:
    """Have an exception raised in another thread at its next step in Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
