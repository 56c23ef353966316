"""What is to be mended in a file, as a file in the uploader's own shape: the same tree with the failing records only, or the same columns.

Each record says under `gvrc` where it stands in the file (JSON pointer) and what to mend, in plain words, with the suggested value.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.model.source import SourceKind
from gvrc.store import files
from gvrc.store.session import Database
from gvrc.views.export_files import neutral
from gvrc.views.feedback import FeedbackRow, feedback_pack

NOTE = "gvrc"
"""The key under which a record says what to mend."""
AT, MEND = "Row", "What to mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackFile:
    """How a feedback file is called, its media type, and how many records it names."""

    name: str
    media_type: str
    records: int


def feedback_file(db: Database, actor: Actor, stream: BinaryIO, run_id: int, file_id: int) -> FeedbackFile:
    """Write what is to be mended in one file of a run. Raises NotAllowedError, PipelineError."""
    rows = list(feedback_pack(db, actor, run_id, file_id))
    with db.read(actor) as conn:
        stored = next((file for file in files.load_files(conn, run_id=run_id) if file.file_id == file_id), None)
    if stored is None:
        raise PipelineError(f"Run {run_id} has no file {file_id}.", "Take the file from the list of the run.")
    name = feedback_name(stored.name)
    if stored.kind == SourceKind.CSV:
        stream.write(codecs.BOM_UTF8 + as_csv(rows).encode())
        return FeedbackFile(name=name, media_type="text/csv", records=len(rows))
    if stored.mapping.get("dialect") == "jsonl":
        stream.writelines(orjson.dumps(told(row)) + b"\n" for row in rows)
        return FeedbackFile(name=name, media_type="application/jsonl", records=len(rows))
    stream.write(orjson.dumps(as_tree(rows), option=orjson.OPT_INDENT_2))
    return FeedbackFile(name=name, media_type="application/json", records=len(rows))


def feedback_name(file_name: str) -> str:
    """How the feedback on a file is called: as the file, so that its sender knows it again."""
    stem, dot, suffix = file_name.rpartition(".")
    return f"{stem or suffix}-to-mend{dot if stem else ''}{suffix if stem else ''}"


def told(row: FeedbackRow) -> dict[str, Any]:
    """A record as it came, with what to mend. Who may not see its contacts gets its name only."""
    data = dict(row.row) if isinstance(row.row, dict) else {"name": row.name}
    remarks = [{"field": r.field_name, "what": r.what, "suggestion": r.suggestion} for r in row.remarks]
    return {**data, NOTE: {"at": row.pointer, "to_mend": remarks}}


def as_tree(rows: Iterable[FeedbackRow]) -> Any:
    """The records in the tree of their file: the same keys, lists with the failing records only."""
    tree: dict[str, Any] = {}
    for row in rows:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in row.pointer.split("/")[1:]]
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        if not steps:
            return told(row)
        node[steps[-1]] = _Leaf(told(row))
    return _lists(tree)


class _Leaf(dict[str, Any]):
    """A record in the tree: its own keys are no steps."""


def _lists(node: dict[str, Any]) -> Any:
    """Objects whose keys are all numbers of elements were lists."""
    if isinstance(node, _Leaf):
        return dict(node)
    inner = {key: _lists(value) for key, value in node.items()}
    return list(inner.values()) if inner and all(key.isdecimal() for key in inner) else inner


def as_csv(rows: Sequence[FeedbackRow]) -> str:
    """The columns of the file with the failing rows only, where each stands, and what to mend. No cell begins like a formula."""
    columns = list(dict.fromkeys(key for row in rows for key in (row.row if isinstance(row.row, dict) else {"name": row.name})))
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([AT, MEND, *map(neutral, columns)])
    for row in rows:
        data = row.row if isinstance(row.row, dict) else {"name": row.name}
        writer.writerow([_row_of(row.pointer), neutral("\n".join(map(_in_words, row.remarks))), *(neutral(data.get(column)) for column in columns)])
    return stream.getvalue()


def _row_of(pointer: str) -> str:
    """The number of a row, also of a place that is one of several in it (`/rows/3/POLICE STATION`)."""
    steps = pointer.split("/")
    return steps[2] if len(steps) > 2 else steps[-1]


def _in_words(remark: Any) -> str:
    suggestion = f" Suggested: {remark.suggestion}" if remark.suggestion else ""
    return f"{remark.field_name}: {remark.what}{suggestion}"
