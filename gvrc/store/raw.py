"""Source rows as they came. Written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from gvrc.model.source import SourceRow
from gvrc.store.bulk import stage_rows
from gvrc.store.session import copy_rows
from gvrc.store.tables import RawData

_COLUMNS = (
    "source_kind", "file_id", "row_number", "pointer", "source", "source_id", "record_key", "data", "context", "row_values", "content_hash",
)
_READ = tuple(getattr(RawData, name) for name in _COLUMNS if name not in ("source_kind", "file_id"))


def save_rows(conn: Connection, file_id: int, kind: str, rows: Sequence[SourceRow]) -> None:
    """Keep a chunk of rows; rows already kept stay as they are. They are almost always new, and then one COPY is all."""
    written = [_to_row(file_id, kind, row) for row in rows]
    with suppress(IntegrityError), conn.begin_nested():
        copy_rows(conn, "staging.raw_data", _COLUMNS, written)
        return
    stage_rows(conn, "staging.raw_data", _COLUMNS, written, name="incoming_raw")
    names = ", ".join(_COLUMNS)
    conn.execute(text(f"INSERT INTO staging.raw_data ({names}) SELECT {names} FROM incoming_raw ON CONFLICT DO NOTHING"))  # noqa: S608


def load_rows(conn: Connection, file_id: int, *, after: int = 0, until: int) -> list[SourceRow]:
    """The rows of a file after row number `after` up to `until`, in order."""
    query = select(*_READ).where(RawData.file_id == file_id, RawData.row_number > after, RawData.row_number <= until)
    return [_from_row(row) for row in conn.execute(query.order_by(RawData.row_number)).all()]


def load_rows_at(conn: Connection, file_id: int, pointers: Sequence[str]) -> list[SourceRow]:
    """Single rows of a file by their pointers."""
    query = select(*_READ).where(RawData.file_id == file_id, RawData.pointer.in_(pointers))
    return [_from_row(row) for row in conn.execute(query.order_by(RawData.row_number))]


def load_rows_around(conn: Connection, file_id: int, row_number: int, reach: int) -> list[SourceRow]:
    """A row of a file with up to `reach` rows before and after it, in order."""
    is_near = RawData.row_number.between(row_number - reach, row_number + reach)
    query = select(*_READ).where(RawData.file_id == file_id, is_near)
    return [_from_row(row) for row in conn.execute(query.order_by(RawData.row_number))]


def count_rows(conn: Connection, file_id: int) -> tuple[int, int]:
    """How many rows of a file are kept, and the last row number."""
    query = select(func.count(), func.coalesce(func.max(RawData.row_number), 0)).where(RawData.file_id == file_id)
    count, last = conn.execute(query).one()
    return count, last


def _to_row(file_id: int, kind: str, row: SourceRow) -> tuple[object, ...]:
    return (
        kind, file_id, row.number, row.pointer, row.source, row.source_id, row.record_key,
        row.data, row.context, row.values, row.content_hash,
    )


def _from_row(row: object) -> SourceRow:
    return SourceRow(
        source=row.source, pointer=row.pointer, number=row.row_number, data=row.data, context=row.context, values=row.row_values,  # type: ignore[attr-defined]
        record_key=row.record_key, content_hash=row.content_hash, source_id=row.source_id,  # type: ignore[attr-defined]
    )
