"""Many rows at once: COPY into a temporary table, then one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection

from gvrc.store.session import copy_rows


def driver(conn: Connection) -> PsycopgConnection[Any]:
    """The psycopg connection behind a SQLAlchemy one, inside the same transaction."""
    raw = conn.connection.driver_connection
    assert isinstance(raw, PsycopgConnection)
    return raw


def stage_rows(conn: Connection, like: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str = "incoming") -> str:
    """COPY rows into a fresh temporary table shaped like `like` (only `columns`), dropped with the transaction. Returns its name."""
    picked = sql.SQL(", ").join(map(sql.Identifier, columns))
    make = sql.SQL("DROP TABLE IF EXISTS pg_temp.{0}; CREATE TEMPORARY TABLE {0} ON COMMIT DROP AS SELECT {1} FROM {2} WITH NO DATA")
    driver(conn).execute(make.format(sql.Identifier(name), picked, _name(like)))
    copy_rows(conn, name, columns, rows)
    return name


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
