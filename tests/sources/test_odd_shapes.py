"""A small list in each shape that lists come in (benchmarks/intake/odd_shapes.py): its records are read with their names, and every reader has a shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.intake.mutations import readers_of, require_kept
from benchmarks.intake.odd_shapes import odd_texts, odd_trees
from gvrc.model.source import Detection, SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.sources.records import read_records
from gvrc.stages.extract import extract

SHAPES = {**{name: json.dumps(tree) for name, tree in odd_trees().items()}, **{f"text: {name}": text for name, text in odd_texts().items()}}
IN_A_TEXT = {"a list inside a text", "a table inside a text"}
READERS = {
    "JsonRecords", "TableRecords", "ColumnRecords", "UnfoldedRecords", "ReferencedRecords", "HeadedRecords", "DividedRecords", "JsonLinesRecords", "RowsByLine", "DelimitedRecords",
    "TransposedRecords", "CalledLines", "RowsAbove",
}  # fmt: skip


def read(tmp_path: Path, content: str) -> tuple[Path, Detection, list[SourceRow]]:
    path = tmp_path / "list"
    path.write_text(content, encoding="utf-8")
    found = detect(path, "list")
    items = extract(SourceFile(name="list", sha256="", size_bytes=1, path=path, kind=found.kind), found)
    return path, found, [item for item in items if isinstance(item, SourceRow)]


def every_reader(tmp_path: Path) -> Iterator[str]:
    for content in SHAPES.values():
        path, found, _ = read(tmp_path, content)
        yield from readers_of(read_records(path, found.kind, found.mapping))


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_every_shape_is_read_with_its_names(tmp_path: Path, content: str) -> None:
    _, _, rows = read(tmp_path, content)
    require_kept(rows)
    assert rows
    assert all("name" in row.values for row in rows)


def test_every_reader_has_a_shape(tmp_path: Path) -> None:
    assert set(every_reader(tmp_path)) == READERS


def stands_at(tree: Any, pointer: str) -> str:
    """What a JSON pointer leads to, with the keys on the way."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return f"{pointer} {json.dumps(tree)}"


@pytest.mark.parametrize("shape", [name for name in odd_trees() if name not in IN_A_TEXT])
def test_every_pointer_leads_to_its_record(tmp_path: Path, shape: str) -> None:
    tree = odd_trees()[shape]
    _, _, rows = read(tmp_path, json.dumps(tree))
    told = [(str(row.values["name"]), stands_at(tree, row.pointer)) for row in rows if row.values["name"] not in row.context.values()]
    assert [name for name, at in told if name.split(":")[0].split(" - ")[-1] not in at and not at.startswith("/0/offices/")] == []
