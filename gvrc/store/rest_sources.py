"""REST sources that an engineer set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from gvrc.model.source import SourceKind
from gvrc.store.tables import EtlCheckpoint, EtlRun, RestSourceRow, RunFile, SourceFileRow

PULL = "pull"
NO_RUN = 0
"""A pull happens before its run: its checkpoint stands under no run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSource:
    """Where a source is asked for its list, how fast, and under which header its secret goes."""

    source_id: int
    name: str
    url: str
    auth_header: str
    requests_per_second: float
    created_by: str
    created_at: datetime


def save(conn: Connection, *, name: str, url: str, auth_header: str, requests_per_second: float, by: str) -> None:
    """Set a source up, or change it; one that was removed comes back."""
    values = {"url": url, "auth_header": auth_header, "requests_per_second": requests_per_second, "created_by": by, "removed_at": None}
    statement = upsert(RestSourceRow).values(name=name, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def remove(conn: Connection, name: str) -> bool:
    """Take a source out of use. False when there is none of this name."""
    live = update(RestSourceRow).where(RestSourceRow.name == name, RestSourceRow.removed_at.is_(None))
    return conn.execute(live.values(removed_at=func.now())).rowcount == 1


def load_all(conn: Connection) -> list[RestSource]:
    """Every source in use, by name."""
    columns = [getattr(RestSourceRow, name) for name in RestSource.__slots__]
    query = select(*columns).where(RestSourceRow.removed_at.is_(None)).order_by(RestSourceRow.name)
    return [RestSource(**row._mapping) for row in conn.execute(query)]


def load(conn: Connection, name: str) -> RestSource | None:
    """A source in use by its name."""
    return next((source for source in load_all(conn) if source.name == name), None)


def last_runs(conn: Connection) -> dict[str, tuple[int, datetime, str]]:
    """Of every source that was pulled: its newest run, when that was queued, how it stands."""
    query = (
        select(SourceFileRow.source, EtlRun.run_id, EtlRun.created_at, EtlRun.status)
        .join(RunFile, RunFile.file_id == SourceFileRow.file_id).join(EtlRun, EtlRun.run_id == RunFile.run_id)
        .where(SourceFileRow.kind == SourceKind.API).ext(distinct_on(SourceFileRow.source)).order_by(SourceFileRow.source, EtlRun.run_id.desc())
    )
    return {row.source: (row.run_id, row.created_at, row.status) for row in conn.execute(query)}


def pages_read(conn: Connection, source: RestSource) -> tuple[int, bool]:
    """How many pages the last pull of a source has read, and whether that was all."""
    query = select(EtlCheckpoint.last_processed_id, EtlCheckpoint.is_complete)
    row = conn.execute(query.where(EtlCheckpoint.run_id == NO_RUN, EtlCheckpoint.file_id == source.source_id, EtlCheckpoint.step == PULL)).one_or_none()
    return (row.last_processed_id, row.is_complete) if row else (0, True)
