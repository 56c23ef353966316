"""Match only: files in, pairs out, no database. The same rooms as a run: sources, the row stages, the matcher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, MatchSet, match
from gvrc.model.match import MatchResult
from gvrc.model.record import Record
from gvrc.model.source import Damage, SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.settings import Settings
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.standardise import Knowledge, load_knowledge, standardise

CHUNK_ROWS = 1000


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


def match_files(
    settings: Settings, paths: Sequence[Path], *, link: bool = False, threshold: float | None = None, note: Callable[[str], None] = lambda _text: None,
) -> list[FilePair]:
    """Pairs at or above the threshold, best first.

    `link`: each file is a clean list of distinct places, so only pairs across files, one partner each. A damaged file takes part with every
    whole record before the damage, and `note` is told. Raises SourceError when a file cannot be read at all.
    """
    knowledge = load_knowledge(Corrections())
    records: list[Record] = []
    lists: list[int] = []
    for number, path in enumerate(paths):
        found = _read(path, knowledge, note)
        records += found
        lists += [number] * len(found)
    return _pairs(match(MatchColumns.from_records(records, lists), _options(settings, link, threshold)).matches, paths, records, lists)


def _options(settings: Settings, link: bool, threshold: float | None) -> MatchOptions:
    accepted = settings.match_threshold if threshold is None else threshold
    return MatchOptions(
        threshold=accepted, review_threshold=min(settings.review_threshold, accepted), automatic_threshold=settings.automatic_threshold,
        possible_threshold=min(0.02, accepted), link=link, workers=2,
    )


def _read(path: Path, knowledge: Knowledge, note: Callable[[str], None]) -> list[Record]:
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind, source=detection.source)
    records: list[Record] = []
    chunk: list[SourceRow] = []
    for row in extract(file, detection):
        if isinstance(row, Damage):
            note(f"{path.name}: {row.detail} {row.hint}")
            break
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            records += standardise(chunk, knowledge, {}).records
            chunk = []
    if chunk:
        records += standardise(chunk, knowledge, {}).records
    return records


def _pairs(found: MatchSet, paths: Sequence[Path], records: Sequence[Record], lists: Sequence[int]) -> list[FilePair]:
    def side(row: int) -> FileRecord:
        record = records[row]
        return FileRecord(file=paths[lists[row]].name, pointer=record.pointer, source_id=record.source_id, name=record.name)

    return [
        FilePair(left=side(int(found.left[i])), right=side(int(found.right[i])), result=found.explain(i)) for i in range(len(found))
    ]


