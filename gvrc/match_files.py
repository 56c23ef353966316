"""Match only: files in, pairs out, no database. The same rooms as a run: sources, the row stages, the matcher.

A record is needed only until its columns are made: what is kept of a list are arrays, so that a million records fit into the memory of a laptop. Long
lists are standardised on all cores.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

from gvrc.errors import SourceError
from gvrc.matching.arrays import IntArray, TextArray, texts
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MOST_PARTNERS, MatchOptions, MatchSet, match
from gvrc.matching.partitions import cluster
from gvrc.model.match import MatchResult
from gvrc.model.source import Damage, SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.settings import Settings
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.geomap import geomap
from gvrc.stages.standardise import Knowledge, load_knowledge
from gvrc.stages.transform import transform

CHUNK_ROWS = 1000
CHUNKS_ALONE = 5
"""Chunks of a list that are not worth other processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """Where a record of a pair stands."""

    file: str
    pointer: str
    source_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """Two records that the matcher takes for one place."""

    left: FileRecord
    right: FileRecord
    result: MatchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Standardised records as columns, and where each stands: its file (by number), its pointer and its source's own key."""

    columns: MatchColumns
    pointers: TextArray
    source_ids: TextArray

    @property
    def files(self) -> IntArray:
        return self.columns.list_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePairs:
    """The pairs found, best first; each is put into words when it is asked for."""

    found: MatchSet
    standing: Standing
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[FilePair]:
        sides = zip(self.found.left.tolist(), self.found.right.tolist(), strict=True)
        for (left, right), result in zip(sides, self.found.explained(), strict=True):
            yield FilePair(left=self._side(left), right=self._side(right), result=result)

    def _side(self, row: int) -> FileRecord:
        standing = self.standing
        return FileRecord(
            file=self.names[standing.files[row]], pointer=standing.pointers[row], source_id=standing.source_ids[row] or None,
            name=standing.columns.names[row] or None,
        )


def match_files(
    settings: Settings, paths: Sequence[Path], *, link: bool = False, threshold: float | None = None, note: Callable[[str], None] = lambda _text: None,
) -> FilePairs:
    """Pairs at or above the threshold, best first.

    `link`: each file is a clean list of distinct places, so only pairs across files, one partner each. A damaged file takes part with every
    whole record before the damage, and `note` is told. Raises SourceError, which names it, when a file cannot be read at all.
    """
    parts = [part for number, path in enumerate(paths) for part in _read(number, path, note)]
    standing = Standing(
        columns=MatchColumns.joined([part.columns for part in parts]), pointers=_joined([part.pointers for part in parts]),
        source_ids=_joined([part.source_ids for part in parts]),
    )
    parts.clear()
    with cluster(settings.dask_scheduler) as executor:
        found = match(standing.columns, _options(settings, link, threshold), executor=executor).matches
    if found.left_out:
        note(f"{found.left_out:,} weaker pairs are left out: some records resemble more than {MOST_PARTNERS} others.")
    return FilePairs(found=found, standing=standing, names=[path.name for path in paths])


def _options(settings: Settings, link: bool, threshold: float | None) -> MatchOptions:
    accepted = settings.match_threshold if threshold is None else threshold
    return MatchOptions(
        threshold=accepted, review_threshold=min(settings.review_threshold, accepted), automatic_threshold=settings.automatic_threshold,
        possible_threshold=min(0.02, accepted), link=link, workers=os.cpu_count() or 1,
    )


def _joined(parts: Sequence[TextArray]) -> TextArray:
    return texts([value for part in parts for value in part])


def _read(number: int, path: Path, note: Callable[[str], None]) -> list[Standing]:
    """The records of a file; what keeps it from being read is told with its name, for there are several."""
    try:
        return list(_standing(number, path, note))
    except SourceError as error:
        error.detail = f"{path.name}: {error.detail}"
        raise


def _standing(number: int, path: Path, note: Callable[[str], None]) -> Iterator[Standing]:
    """The records of a file, chunk by chunk in its order: the first ones here, those of a long list on all cores."""
    chunks = _chunks(path, note)
    for chunk in islice(chunks, CHUNKS_ALONE):
        yield _standardised(number, chunk)
    rest = next(chunks, None)
    if rest is None:
        return
    workers = _workers()
    if workers == 1:
        yield _standardised(number, rest)
        yield from (_standardised(number, chunk) for chunk in chunks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting: deque[Future[Standing]] = deque([pool.submit(_standardised, number, rest)])
        for chunk in chunks:
            waiting.append(pool.submit(_standardised, number, chunk))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _workers() -> int:
    """Processes that standardise: one where the reference data cannot be handed on by forking, or threads would be cut in two by it."""
    may_fork = "fork" in get_all_start_methods() and threading.active_count() == 1
    return max(os.cpu_count() or 1, 1) if may_fork else 1


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(Corrections())


def _standardised(number: int, rows: Sequence[SourceRow]) -> Standing:
    """The columns of a chunk. Of the row stages those that make a record; what validation and enrichment find plays no part in matching."""
    knowledge = _knowledge()
    records = geomap(transform(rows, knowledge.vocabularies, knowledge.corrections).records, knowledge.gazetteer).records
    return Standing(
        columns=MatchColumns.from_records(records, [number] * len(records)), pointers=texts([record.pointer for record in records]),
        source_ids=texts([record.source_id for record in records]),
    )


def _chunks(path: Path, note: Callable[[str], None]) -> Iterator[list[SourceRow]]:
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind, source=detection.source)
    chunk: list[SourceRow] = []
    for row in extract(file, detection):
        if isinstance(row, Damage):
            note(f"{path.name}: {row.detail} {row.hint}")
            break
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
