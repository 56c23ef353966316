"""Read a delivered file row by row into the raw table, with a checkpoint per chunk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog

from gvrc.errors import GvrcError, PipelineError, SourceError
from gvrc.model.run import Stage
from gvrc.model.source import Damage, Detection, SourceFile, SourceKind, SourceRow
from gvrc.pipeline.dead_letters import save_raw_apart
from gvrc.pipeline.reading import WEIGHED_ROWS, Reading
from gvrc.pipeline.receive import raw_path
from gvrc.security.crypto import open_sealed
from gvrc.sources.mapping import mapping_from_json
from gvrc.stages.extract import extract
from gvrc.store import dead_letters as letters
from gvrc.store import files as file_store
from gvrc.store import raw as raw_store
from gvrc.store import runs as run_store
from gvrc.store.files import StoredFile

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

log = structlog.get_logger("gvrc.pipeline")

COPY_BLOCK_BYTES = 1 << 20
CHUNKS_AHEAD = 2
"""Chunks that are read while one is kept: with a single one, reading waits whenever the database is quicker, and the database whenever reading is."""


def extract_file(context: RunContext, file: StoredFile, reading: Reading) -> None:
    """Keep every whole row of a file, and tell how far that is. A file read completely before is only counted."""
    with context.db.read() as conn:
        kept, last = raw_store.count_rows(conn, file.file_id)
        reading.weigh(file.file_id, raw_store.load_rows(conn, file.file_id, until=WEIGHED_ROWS) if kept else ())
    if file.records is not None:
        _report(context, file, rows=kept, aside=file.records - kept, seconds=0.0, is_complete=True)
        reading.keep(file.file_id, last, is_all=True)
        return
    _report(context, file, rows=kept, seconds=0.0, is_complete=False)
    with plain_copy(context, file) as path:
        _read(context, file, path, kept, last, reading)


def _read(context: RunContext, file: StoredFile, path: Path, kept: int, last: int, reading: Reading) -> None:
    source_file = SourceFile(
        name=file.name, sha256=file.sha256, size_bytes=file.size_bytes, path=path, kind=SourceKind(file.kind), source=file.source, file_id=file.file_id,
    )
    rows = extract(source_file, _detection(file), start_after=last)
    known = copy_context()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read") as reader:
        read = partial(_chunk_in_time, context, rows, file, reading)
        ahead = deque(reader.submit(known.run, read) for _ in range(CHUNKS_AHEAD))
        while True:
            started = time.perf_counter()
            chunk, damage = ahead.popleft().result()
            is_last = damage is not None or not chunk
            if not is_last:  # while this chunk is kept, the next ones are read
                ahead.append(reader.submit(known.run, read))
            taken, aside = _keep(context, file, chunk, damage, kept)
            kept += taken
            last = chunk[-1].number if chunk else last
            _report(context, file, rows=taken, aside=aside, seconds=time.perf_counter() - started, is_complete=is_last)
            reading.keep(file.file_id, last, is_all=is_last)
            context.moved()
            if is_last:
                return


def _chunk_in_time(context: RunContext, rows: Iterator[SourceRow | Damage], file: StoredFile, reading: Reading) -> tuple[list[SourceRow], Damage | None]:
    with context.heartbeat.time_limit(f"reading {file.name}"):
        chunk, damage = _next_chunk(rows, reading.rows_at_once(file.file_id, context.heartbeat.chunk_size))
    reading.weigh(file.file_id, chunk)  # before they are told to be kept
    return chunk, damage


def _keep(context: RunContext, file: StoredFile, chunk: Sequence[SourceRow], damage: Damage | None, before: int) -> tuple[int, int]:
    """Keep a chunk and, of the last one (damaged, or empty), how the file ended. Returns how many rows were kept and how many elements set aside;
    `before` were kept until now."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        taken = save_raw_apart(conn, context, file, chunk)
        aside = len(chunk) - taken
        if damage is not None or not chunk:
            unread = damage.aside if damage is not None else ()
            letters.set_aside(conn, context.run_id, file.file_id, unread)
            aside += len(unread)
            file_store.finish_file(conn, file.file_id, before + taken + letters.count_unread(conn, file.file_id), _damage_json(damage))
    return taken, aside


def _next_chunk(rows: Iterator[SourceRow | Damage], size: int) -> tuple[list[SourceRow], Damage | None]:
    chunk: list[SourceRow] = []
    try:
        for row in islice(rows, size):
            if isinstance(row, Damage):
                return chunk, row
            chunk.append(row)
    except SourceError as error:
        return chunk, Damage(detail=error.detail, hint=error.hint)
    except (GvrcError, MemoryError, OSError):
        raise
    except Exception as error:
        log.exception("a reader broke")
        detail = f"Reading broke off ({type(error).__name__}). Every record before that was kept."
        return chunk, Damage(detail=detail, hint="This is a fault of the program: report it with the log of errors. The list in another form (CSV, JSON Lines) may be read.")
    return chunk, None


def _report(context: RunContext, file: StoredFile, *, rows: int, aside: int = 0, seconds: float, is_complete: bool) -> None:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        run_store.add_to_stage(conn, context.run_id, Stage.EXTRACT, rows_in=rows + aside, rows_out=rows, seconds=seconds, issues={})
        _kept, last = raw_store.count_rows(conn, file.file_id) if is_complete else (0, 0)
        if is_complete:
            run_store.save_checkpoint(
                conn, context.run_id, file.file_id, "extract", source=file.source, last=last, total=file.records, is_complete=True,
            )


def _detection(file: StoredFile) -> Detection:
    return Detection(
        source=file.source, kind=SourceKind(file.kind), confidence=file.detection.get("confidence", 0.0),
        reasons=tuple(file.detection.get("reasons", ())), mapping=mapping_from_json(file.mapping), is_known=bool(file.detection.get("is_known")),
    )


def _damage_json(damage: Damage | None) -> dict[str, Any] | None:
    if damage is None:
        return None
    return {"detail": damage.detail, "hint": damage.hint, "byte_offset": damage.byte_offset, "records_kept": damage.records_kept}


@contextmanager
def plain_copy(context: RunContext, file: StoredFile) -> Iterator[Path]:
    """The file's bytes, decrypted into a private folder that is gone afterwards."""
    work = context.settings.home / "work"
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix=f"run-{context.run_id}-", dir=work) as folder:
        path = Path(folder) / "content"
        try:
            with open_sealed(context.workshop.keyring, raw_path(context.settings, file.sha256)) as sealed, path.open("xb") as plain:
                while block := sealed.read(COPY_BLOCK_BYTES):
                    plain.write(block)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise PipelineError(
                f"{file.name} could not be laid out for reading: {reason}. Every finished chunk is kept.", f"See that {work} has as much free space as the file takes, then resume the run.",
            ) from error
        yield path
