"""Delivered files: what they are, which run works on them, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.store.tables import EtlRun, RawData, RunFile, SourceFileRow, SourceMappingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A row of staging.source_files. `records`, with those set aside, is None until every row was read once."""

    file_id: int
    name: str
    source: str
    kind: str
    sha256: str
    size_bytes: int
    mapping: dict[str, Any]
    detection: dict[str, Any]
    damage: dict[str, Any] | None
    records: int | None
    received_by: str
    received_at: datetime


def save_file(conn: Connection, values: dict[str, Any]) -> tuple[int, bool]:
    """Remember a delivered file. Returns its id and whether the same bytes were known for this source already."""
    statement = upsert(SourceFileRow).values(**values).on_conflict_do_nothing().returning(SourceFileRow.file_id)
    file_id = conn.execute(statement).scalar_one_or_none()
    if file_id is not None:
        return file_id, False
    known = select(SourceFileRow.file_id).where(SourceFileRow.source == values["source"], SourceFileRow.sha256 == values["sha256"])
    file_id = conn.execute(known).scalar_one()
    conn.execute(
        update(SourceFileRow).where(SourceFileRow.file_id == file_id, SourceFileRow.records.is_(None))
        .values(mapping=values["mapping"], detection=values["detection"])
    )
    return file_id, True


def load_files(conn: Connection, *, run_id: int | None = None, file_ids: Sequence[int] | None = None) -> list[StoredFile]:
    """The files of a run, or those named, in the order they were received."""
    query = select(SourceFileRow.__table__).order_by(SourceFileRow.file_id)
    if run_id is not None:
        query = query.join(RunFile, RunFile.file_id == SourceFileRow.file_id).where(RunFile.run_id == run_id)
    if file_ids is not None:
        query = query.where(SourceFileRow.file_id.in_(file_ids))
    return [StoredFile(**row._mapping) for row in conn.execute(query)]


def finish_file(conn: Connection, file_id: int, records: int, damage: dict[str, Any] | None) -> None:
    """Every whole row of the file is kept; `records` counts them and what was set aside, `damage` says where it broke off, if it did."""
    conn.execute(update(SourceFileRow).where(SourceFileRow.file_id == file_id).values(records=records, damage=damage))


def add_run_files(conn: Connection, run_id: int, files: dict[int, bool]) -> None:
    """Attach files (id → known before) to a run."""
    if files:
        conn.execute(insert(RunFile), [{"run_id": run_id, "file_id": file_id, "was_known": known} for file_id, known in files.items()])


def last_run_of(conn: Connection, file_id: int) -> int | None:
    """The newest run that worked on this file."""
    query = select(RunFile.run_id).join(EtlRun, EtlRun.run_id == RunFile.run_id).where(RunFile.file_id == file_id)
    return conn.execute(query.order_by(RunFile.run_id.desc()).limit(1)).scalar_one_or_none()


def drop_unread(conn: Connection, file_id: int) -> None:
    """Forget a delivery of which no row was read and that no run works on; any other stays."""
    in_a_run = select(RunFile.file_id).where(RunFile.file_id == file_id).exists()
    unread = SourceFileRow.records.is_(None) & ~in_a_run
    conn.execute(delete(SourceFileRow).where(SourceFileRow.file_id == file_id, unread))


def read_anew(conn: Connection, file_id: int, *, mapping: dict[str, Any], detection: dict[str, Any]) -> bool:
    """Let a delivery be read with another mapping. False when rows of it are kept already: those never change."""
    rows = select(RawData.file_id).where(RawData.file_id == file_id).exists()
    anew = update(SourceFileRow).where(SourceFileRow.file_id == file_id, ~rows)
    return conn.execute(anew.values(mapping=mapping, detection=detection, records=None, damage=None)).rowcount == 1


def find_file(conn: Connection, source: str, sha256: str) -> StoredFile | None:
    """The delivery of these bytes for a source."""
    query = select(SourceFileRow.__table__).where(SourceFileRow.source == source, SourceFileRow.sha256 == sha256)
    row = conn.execute(query).one_or_none()
    return StoredFile(**row._mapping) if row is not None else None


def remember_mapping(conn: Connection, mapping: dict[str, Any], by: str) -> None:
    """Keep a field mapping for lists of its shape; the one kept before for exactly this shape stays on record, replaced."""
    signature = mapping["signature"]
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(signature, 0))))
    live = update(SourceMappingRow).where(SourceMappingRow.signature == signature, SourceMappingRow.replaced_at.is_(None))
    conn.execute(live.values(replaced_at=func.now()))
    conn.execute(insert(SourceMappingRow).values(source=mapping["source"], signature=signature, mapping=mapping, created_by=by))


def remembered_mappings(conn: Connection) -> list[dict[str, Any]]:
    """The field mappings that an engineer or an earlier file taught us, newest first."""
    query = select(SourceMappingRow.mapping).where(SourceMappingRow.replaced_at.is_(None))
    return list(conn.execute(query.order_by(SourceMappingRow.source_mapping_id.desc())).scalars())
