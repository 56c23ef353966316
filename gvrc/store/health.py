"""The few questions that health checks ask the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text


def ping(connection: Connection) -> None:
    """Asks for nothing and expects an answer."""
    connection.execute(text("select 1"))


def clock(connection: Connection) -> datetime:
    """The server's time."""
    found: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return found
