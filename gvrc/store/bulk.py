"""Many rows at once: COPY into a temporary table, then one statement. A few rows go into the statement itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from gvrc.store.copy_text import values_of
from gvrc.store.jsonb import dump_json
from gvrc.store.session import copy_lines, copy_rows, driver_of

FEW = 100
"""So many rows are quicker read from one value of the statement than from a table that must be made, filled and measured before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Rows on their way in, for one or more statements: `source` stands after FROM, `values` go with the statement."""

    source: str
    values: Mapping[str, Any]


def incoming_rows(conn: Connection, like: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str = "incoming") -> Incoming:
    """Rows shaped like the table `like`, of which they have the `columns`: a few as JSON in the statement, many in a temporary table called `name`, whose
    size PostgreSQL is told."""
    some = iter(rows)
    first = list(islice(some, FEW + 1))
    if len(first) <= FEW:
        return _in_statement(like, columns, first, name)
    stage_rows(conn, like, columns, chain(first, some), name)
    return _measured(conn, name)


def incoming_lines(conn: Connection, like: str, columns: Sequence[str], lines: Sequence[str], is_json: Collection[str], name: str) -> Incoming:
    """The same for rows that are lines of cells already (gvrc.store.copy_text); `is_json` are the columns that hold JSON."""
    if len(lines) <= FEW:
        return _in_statement(like, columns, [values_of(line, [column in is_json for column in columns]) for line in lines], name)
    _make(conn, like, columns, name)
    copy_lines(conn, name, columns, lines)
    return _measured(conn, name)


def _in_statement(like: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> Incoming:
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    return Incoming(source=f"jsonb_populate_recordset(NULL::{like}, CAST(:{name} AS jsonb))", values={name: dump_json(told).decode()})


def _measured(conn: Connection, name: str) -> Incoming:
    driver_of(conn).execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
    return Incoming(source=name, values={})


def stage_rows(conn: Connection, like: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str = "incoming") -> str:
    """COPY rows into a fresh temporary table shaped like `like` (only `columns`), dropped with the transaction. Returns its name."""
    _make(conn, like, columns, name)
    copy_rows(conn, name, columns, rows)
    return name


def _make(conn: Connection, like: str, columns: Sequence[str], name: str) -> None:
    picked = sql.SQL(", ").join(map(sql.Identifier, columns))
    make = sql.SQL("DROP TABLE IF EXISTS pg_temp.{0}; CREATE TEMPORARY TABLE {0} ON COMMIT DROP AS SELECT {1} FROM {2} WITH NO DATA")
    driver_of(conn).execute(make.format(sql.Identifier(name), picked, _name(like)))


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
