"""One chunk of rows after another through the row stages: prepared by whoever is free, saved in their order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from gvrc.errors import GvrcError
from gvrc.model.run import Stage
from gvrc.pipeline.dead_letters import keep_apart
from gvrc.pipeline.foresight import Foreseen
from gvrc.pipeline.statistics import SourceGatherings
from gvrc.staging import PreparedRows, SavedRecord, Workshop, prepare_rows
from gvrc.store import raw as raw_store
from gvrc.store import runs as run_store
from gvrc.store.files import StoredFile
from gvrc.store.session import Database

STEP = "standardise"
"""The row stages, as checkpoints name them."""


class CheckpointMoved(GvrcError):
    """Somebody else saved the chunk: a process of an earlier attempt that was killed while it did. What is left begins behind it."""


class Span(NamedTuple):
    """The rows of a file after row number `after` up to `until`; the last of them `is_last`. With `foresees` they are scored at once; `is_kept` when what
    the whole run wants of them is kept at hand."""

    file: StoredFile
    after: int
    until: int
    is_last: bool
    foresees: bool
    is_kept: bool

    def __str__(self) -> str:
        return f"the chunk after row {self.after:,} of {self.file.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The rows of a span as the row stages made them, not yet saved."""

    rows: int
    prepared: PreparedRows
    seconds: Mapping[Stage, float]


class ChunkWork:
    """The row stages of a run as one thread or process does them. `prepare` only reads, so that others may prepare other spans meanwhile; `save`
    is called in the order of the spans, one at a time in the whole run."""

    def __init__(self, db: Database, workshop: Workshop, run_id: int, stages: Sequence[Stage]) -> None:
        self._db, self._workshop, self._run_id, self._stages = db, workshop, run_id, stages
        self._prepared: dict[tuple[int, int], Chunk] = {}
        self.gatherings = SourceGatherings(workshop.settings)
        """What the spans saved here told of their sources."""

    def prepare(self, span: Span) -> None:
        """Take the rows of a span through the stages and hold what they became."""
        self._prepared[span.file.file_id, span.after] = self._db.retrying(partial(self._chunk, span))

    def save(self, span: Span) -> Foreseen:
        """Save a prepared span in one transaction with its checkpoint. Returns what is known of the records that were scored at once. Raises
        CheckpointMoved when somebody else saved it."""
        chunk = self._prepared.pop((span.file.file_id, span.after))
        saved = self._db.retrying(partial(self._save, span, chunk))
        self.gatherings.add((item.record_id, item.record) for item in saved)
        return Foreseen.of(saved, is_kept=span.is_kept)

    def forget(self) -> None:
        """Drop what was prepared and will not be saved."""
        self._prepared.clear()

    def _chunk(self, span: Span) -> Chunk:
        watch, stages = Stopwatch(), self._stages
        with self._db.read(timeout_seconds=0) as conn:
            rows = raw_store.load_rows(conn, span.file.file_id, after=span.after, until=span.until)
            prepared = PreparedRows(stage=stages[-1])
            if rows:
                prepared = prepare_rows(conn, self._workshop, rows, up_to=stages[-1], watch=watch.running, foresees=span.foresees)
        return Chunk(rows=len(rows), prepared=prepared, seconds=watch.seconds)

    def _save(self, span: Span, chunk: Chunk) -> list[SavedRecord]:
        run_id, file, found = self._run_id, span.file, chunk.prepared.found
        with self._db.unit_of_work(run_id=run_id, reason="run") as conn:
            saved = keep_apart(conn, self._workshop, run_id, file, chunk.prepared) if chunk.rows else []
            for stage in self._stages:
                run_store.add_to_stage(
                    conn, run_id, stage, rows_in=chunk.rows, rows_out=len(chunk.prepared.drafts), seconds=chunk.seconds.get(stage, 0.0), issues=dict(found.get(stage, {})),
                )
            is_moved = run_store.move_checkpoint(
                conn, run_id, file.file_id, STEP, source=file.source, after=span.after, last=span.until, total=file.records, is_complete=span.is_last,
            )
            if not is_moved:
                raise CheckpointMoved(f"{span} was saved already.", "The run goes on behind it.")
        return saved


class Stopwatch:
    """Seconds per stage."""

    def __init__(self) -> None:
        self.seconds: Counter[Stage] = Counter()

    @contextmanager
    def running(self, stage: Stage) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started  # type: ignore[assignment]
