"""The sign of life of a run: a thread that beats, hears a stop, and watches the memory."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil
import structlog

from gvrc.errors import GvrcError, PipelineError, RunStopped
from gvrc.model.run import RunStatus
from gvrc.settings import Settings
from gvrc.store import runs as run_store
from gvrc.store.session import Database

log = structlog.get_logger("gvrc.pipeline")

SMALLEST_CHUNK = 50
"""Rows below which a chunk does not shrink any more; a run that is still too large then stops, resumable."""


class Heartbeat:
    """Beats for a run while its block lasts.

    Above the memory limit the chunks are halved; when even the smallest chunk does not help for a whole minute of beats, `check` raises
    PipelineError, and the run can be resumed with a higher limit.
    """

    def __init__(self, db: Database, settings: Settings, run_id: int) -> None:
        self._db, self._settings, self._run_id = db, settings, run_id
        self._ended = threading.Event()
        self._stop_asked = threading.Event()
        self._process = psutil.Process()
        self._base_mb = self._memory_mb()
        self._beats_above = 0
        self.peak_memory_mb = self._base_mb
        self.chunk_size = settings.chunk_size
        self._thread = threading.Thread(target=self._beat_until_ended, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(timeout=10)

    def check(self) -> None:
        """Raise RunStopped when a person asked for it, PipelineError when the memory limit cannot be kept."""
        self._look_at_memory()
        if self._stop_asked.is_set():
            raise RunStopped(f"Run {self._run_id} was stopped.", "Resume it to go on.")
        if self._beats_above * self._settings.heartbeat_seconds > 60:
            raise PipelineError(
                f"Run {self._run_id} needs more memory than the limit of {self._settings.memory_limit_mb} MB. Every finished chunk is kept.",
                "Raise GVRC_MEMORY_LIMIT_MB or split the file, then resume the run.",
            )

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(self._settings.heartbeat_seconds):
            self._beat()

    def _beat(self) -> None:
        self._look_at_memory()
        if self._memory_mb() > self._settings.memory_limit_mb and self.chunk_size <= SMALLEST_CHUNK:
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
        self.peak_memory_mb = max(self.peak_memory_mb, used)
        if used <= self._settings.memory_limit_mb:
            self._beats_above = 0
        elif self.chunk_size > SMALLEST_CHUNK:
            self.chunk_size = max(SMALLEST_CHUNK, self.chunk_size // 2)
            log.warning("memory above the limit, smaller chunks", used_mb=round(used), chunk_size=self.chunk_size)

    def _memory_mb(self) -> float:
        return float(self._process.memory_info().rss) / 2**20
