"""The records of a file, whatever its form, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gvrc.model.source import Detection, Mapping, SourceKind
from gvrc.sources.detect import JSON_LINES, delimited_records
from gvrc.sources.field_names import split_path
from gvrc.sources.headed import HEADED, HeadedRecords
from gvrc.sources.json_lines import JsonLinesRecords
from gvrc.sources.json_stream import KIND_OF_LIST, FoundRecord, JsonRecords, Trouble
from gvrc.sources.json_tables import DIALECTS, MIXED, names_in_texts, record_of_text, table_records
from gvrc.sources.json_tree import LONG_PREFIX_CHARACTERS, PREFIX_CHARACTERS, WHOLE_BYTES, find_groups, read_sample
from gvrc.sources.referenced import REFERENCED, ReferencedRecords
from gvrc.sources.text import open_text
from gvrc.sources.unfolded import ROWS_BY_LINE, UNFOLDED, RowsByLine, UnfoldedRecords
from gvrc.sources.wide import DividedRecords


class RecordReader(Protocol):
    """Yields the records of one file once; afterwards `trouble` tells what could not be read."""

    @property
    def trouble(self) -> Trouble: ...

    def __iter__(self) -> Iterator[FoundRecord]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCount:
    """How many records a file holds; for a large file an estimate from its beginning."""

    count: int
    is_exact: bool


def read_records(path: Path, kind: SourceKind, mapping: Mapping) -> RecordReader:
    """The reader for a file of this kind, along the record paths of its mapping; each place of a row is a record."""
    reader: RecordReader = _reader(path, kind, mapping)
    if kind is not SourceKind.CSV and any(f"^{name}" in mapping.fields for name in HEADED.values()):
        reader = HeadedRecords(reader)
    return DividedRecords(reader, mapping.places) if mapping.places else reader


def _reader(path: Path, kind: SourceKind, mapping: Mapping) -> RecordReader:
    if kind is SourceKind.CSV:
        return delimited_records(path, mapping.dialect)
    if mapping.dialect == JSON_LINES:
        return JsonLinesRecords(path)
    if mapping.dialect == ROWS_BY_LINE:
        return RowsByLine(path)
    if mapping.dialect in DIALECTS:
        return table_records(path, mapping.dialect, mapping.record_paths)
    wanted = frozenset(name[1:] for name in mapping.fields if name.startswith("^") and not name[1:].startswith("key") and name != f"^{KIND_OF_LIST}")
    names = frozenset(split_path(name)[0] for name in mapping.fields if not name.startswith("^"))
    if mapping.dialect == MIXED:
        return JsonRecords(path, mapping.record_paths, wanted, names, row_of=record_of_text)
    reader = UnfoldedRecords if mapping.dialect == UNFOLDED else ReferencedRecords if mapping.dialect == REFERENCED else JsonRecords
    return reader(path, mapping.record_paths, wanted, names)


def peek(path: Path, detection: Detection) -> RecordCount:
    """How many records a file holds, for the upload page: exact up to 8 MB, else estimated in well under a second."""
    size = path.stat().st_size
    if size <= WHOLE_BYTES:
        return RecordCount(count=sum(1 for _ in read_records(path, detection.kind, detection.mapping)), is_exact=True)
    beginning = LONG_PREFIX_CHARACTERS if detection.mapping.dialect == MIXED else PREFIX_CHARACTERS  # bare names stand closer than objects, on one side of them
    seen = _in_the_beginning(path, detection, beginning)
    return RecordCount(count=round(seen * max(1.0, size / beginning)), is_exact=False)


def _in_the_beginning(path: Path, detection: Detection, characters: int) -> int:
    """Records in the first characters of a file; in delimited text and JSON Lines, lines stand for them."""
    if detection.kind is SourceKind.CSV or detection.mapping.dialect in (JSON_LINES, ROWS_BY_LINE):
        with open_text(path) as stream:
            return stream.read(characters).count("\n")
    tree, paths = read_sample(path, characters).tree, detection.mapping.record_paths
    objects = sum(group.count for group in find_groups(tree) if group.path in paths)
    named = names_in_texts(tree) if detection.mapping.dialect == MIXED else {}
    return objects + sum(len(texts) for place, texts in named.items() if place in paths)
