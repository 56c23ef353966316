"""The official places and the vocabularies, loaded so that loading again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from gvrc.errors import ReferenceDataError
from gvrc.store.session import copy_rows
from gvrc.store.tables import Base, Constituency, County, WardRow

Row = Mapping[str, Any]
"""One row: column name to value."""

LOOKUP_TABLES = (
    "operational_statuses", "contact_types", "service_categories", "owner_types", "gbv_categories", "infrastructure_types", "condition_statuses", "facility_types",
)  # fmt: skip

EXPECTED_COUNTS = {"counties": 47, "constituencies": 290, "wards": 1450}
"""Kenya's counties, constituencies and wards since the delimitation of 2012."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRows:
    """Everything to load. Places name their parents by id; `lookups` maps a table of LOOKUP_TABLES to its rows."""

    counties: Sequence[Row]
    constituencies: Sequence[Row]
    wards: Sequence[Row]
    lookups: Mapping[str, Sequence[Row]]


def load_reference(connection: Connection, rows: ReferenceRows) -> int:
    """Writes what is new or different, as the owner's role; returns how many rows that were.

    What a file no longer names stays: facilities may refer to it. Raises ReferenceDataError when the places are not all there.
    """
    changed = _upsert(connection, "counties", "county_id", rows.counties)
    changed += _upsert(connection, "constituencies", "constituency_id", rows.constituencies)
    changed += _upsert(connection, "wards", "ward_id", rows.wards)
    changed += sum(_upsert(connection, table, "code", found) for table, found in rows.lookups.items())
    _check_counts(connection)
    return changed


def reference_counts(connection: Connection) -> dict[str, int]:
    """How many counties, constituencies and wards the database holds."""
    return {table.__tablename__: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (County, Constituency, WardRow)}


def _check_counts(connection: Connection) -> None:
    found = reference_counts(connection)
    if found != EXPECTED_COUNTS:
        told = ", ".join(f"{found[name]} of {wanted} {name}" for name, wanted in EXPECTED_COUNTS.items())
        raise ReferenceDataError(f"The official places are not complete: {told}.", "Install the requirements again; the places come with the package kenya-data.")


def _upsert(connection: Connection, table: str, key: str, rows: Sequence[Row]) -> int:
    """One set-based statement per table; rows that are as they should be are not touched (and leave no trace in the audit)."""
    if not rows:
        return 0
    columns = [column.name for column in Base.metadata.tables[table].columns if column.name in rows[0]]
    others = [column for column in columns if column != key]
    listed = ", ".join(columns)
    connection.execute(text(f"create temporary table loading on commit drop as select {listed} from {table} with no data"))  # noqa: S608
    copy_rows(connection, "loading", columns, ([row.get(column) for column in columns] for row in rows))
    # Names of tables and columns come from gvrc.store.tables, never from outside.
    done = connection.execute(
        text(
            f"insert into {table} ({listed}) select {listed} from loading on conflict ({key}) do update set "  # noqa: S608
            + ", ".join(f"{column} = excluded.{column}" for column in others)
            + f" where ({', '.join(f'{table}.{column}' for column in others)}) is distinct from ({', '.join(f'excluded.{column}' for column in others)})"
        )
    )
    connection.execute(text("drop table loading"))
    return done.rowcount
