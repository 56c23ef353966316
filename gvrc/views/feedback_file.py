"""What is to be mended in a file, as a file in the uploader's own shape: the same tree with the failing records only, or the same columns.

Each record says under `gvrc` where it stands in the file (JSON pointer) and what to mend, in plain words, with the suggested value.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import orjson

from gvrc.errors import PipelineError
from gvrc.model.access import Actor
from gvrc.model.source import SourceKind
from gvrc.sources.called_lines import CALLED_LINES
from gvrc.sources.labelled import LABEL_MARK
from gvrc.store import files
from gvrc.store.session import Database
from gvrc.views.export_files import neutral
from gvrc.views.feedback import FeedbackRow, feedback_pack

NOTE = "gvrc"
"""The key under which a record says what to mend."""
AT, AT_LINE, MEND = "Row below the headings", "Line", "What to mend"


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
        at = AT_LINE if stored.mapping.get("dialect") == CALLED_LINES else AT
        stream.write(codecs.BOM_UTF8 + as_csv(rows, _columns_of(stored.detection), at=at).encode())
        return FeedbackFile(name=name, media_type="text/csv", records=len(rows))
    if stored.mapping.get("dialect") == "jsonl":
        stream.writelines(orjson.dumps(told(row)) + b"\n" for row in rows)
        return FeedbackFile(name=name, media_type="application/jsonl", records=len(rows))
    documents = as_documents(rows)
    stream.write(orjson.dumps(documents[0], option=orjson.OPT_INDENT_2) if len(documents) == 1 else b"\n".join(map(orjson.dumps, documents)))
    return FeedbackFile(name=name, media_type="application/json", records=len(rows))


def _columns_of(detection: dict[str, Any]) -> list[str]:
    """The columns of a table in their order, as they were found when it came; a database keeps rows without it."""
    paths = (field["path"].partition(LABEL_MARK)[0] for field in detection.get("fields", ()))
    return list(dict.fromkeys(path for path in paths if not path.startswith("^")))


def feedback_name(file_name: str) -> str:
    """How the feedback on a file is called: as the file, so that its sender knows it again."""
    stem, dot, suffix = file_name.rpartition(".")
    return f"{stem or suffix}-to-mend{dot if stem else ''}{suffix if stem else ''}"


def told(row: FeedbackRow, document: str = "") -> dict[str, Any]:
    """A record as it came, with what to mend. Who may not see its contacts gets its name only."""
    data = dict(row.row) if isinstance(row.row, dict) else {"name": row.name}
    remarks = [{"field": r.field_name, "what": r.what, "suggestion": r.suggestion} for r in row.remarks]
    return {**data, NOTE: {"at": document + row.pointer, "to_mend": remarks}}


def as_documents(rows: Sequence[FeedbackRow]) -> list[Any]:
    """The records in the trees of their file, which may hold one document after the other (`/(2)/0`); one tree where nothing is to be mended."""
    documents: dict[str, list[FeedbackRow]] = {}
    for row in rows:
        found = _DOCUMENT.match(row.pointer)
        documents.setdefault(found[0] if found else "", []).append(row)
    trees = [as_tree([replace(row, pointer=row.pointer[len(number) :]) for row in inside], number) for number, inside in documents.items()]
    return trees or [{}]


_DOCUMENT = re.compile(r"/\(\d+\)(?=/|$)")


def as_tree(rows: Iterable[FeedbackRow], document: str = "") -> Any:
    """The records in the tree of their file: the same keys, lists with the failing records only. `document` stands before where each says that it is."""
    tree: dict[str, Any] = {}
    for row in rows:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in row.pointer.split("/")[1:]]
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        if not steps:
            return told(row, document)
        node[steps[-1]] = _Leaf(told(row, document))
    return _lists(tree)


class _Leaf(dict[str, Any]):
    """A record in the tree: its own keys are no steps."""


def _lists(node: dict[str, Any]) -> Any:
    """Objects whose keys are all numbers of elements were lists."""
    if isinstance(node, _Leaf):
        return dict(node)
    inner = {key: _lists(value) for key, value in node.items()}
    return list(inner.values()) if inner and all(key.isdecimal() for key in inner) else inner


def as_csv(rows: Sequence[FeedbackRow], columns: Sequence[str] = (), *, at: str = AT) -> str:
    """The columns of the file with the failing rows only, where each stands, and what to mend. No cell begins like a formula. `columns` come first, in their
    order, then what else rows hold; who may see no row gets names only."""
    told_of = [key for row in rows for key in (row.row if isinstance(row.row, dict) else {"name": row.name})]
    columns = list(dict.fromkeys((*(columns if any(isinstance(row.row, dict) for row in rows) else ()), *told_of)))
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([at, MEND, *map(neutral, columns)])
    for row in rows:
        data = row.row if isinstance(row.row, dict) else {"name": row.name}
        writer.writerow([_row_of(row.pointer), neutral("\n".join(map(_in_words, row.remarks))), *(neutral(data.get(column)) for column in columns)])
    return stream.getvalue()


def _row_of(pointer: str) -> str:
    """The number of a row, also of a place that is one of several in it (`/rows/3/POLICE STATION`); a place that is a column of the file, or a line above its
    headings, says so."""
    steps = pointer.split("/")
    number = steps[2] if len(steps) > 2 else steps[-1]
    return {"columns": f"column {number} behind the headings", "above": f"line {number} above the headings"}.get(steps[1] if len(steps) > 1 else "", number)


def _in_words(remark: Any) -> str:
    suggestion = f" Suggested: {remark.suggestion}" if remark.suggestion else ""
    return f"{remark.field_name}: {remark.what}{suggestion}"
