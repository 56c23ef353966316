"""The SQL of the compliance report: how much is kept of whom, and who looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True, slots=True, kw_only=True)
class LookQuery:
    """Which entries of the access log: `words` stand in the name, the act or what was looked at; `refused_only` leaves out what was allowed."""

    words: str = ""
    refused_only: bool = False
    offset: int = 0
    limit: int = 100


_WANTED = """from ops.access_log where (not :refused_only or result <> 'allowed')
    and (:pattern = '' or username ilike :pattern or action ilike :pattern or resource ilike :pattern)"""


def held(conn: Connection) -> dict[str, int]:
    """How much there is of each kind of personal data."""
    query = text("""
        select (select count(*) from vault where erased_at is null) as contacts, (select count(*) from vault where erased_at is not null) as erased,
            (select count(*) from staging.raw_data) as raw_rows, (select count(distinct file_id) from staging.raw_data) as files,
            (select count(*) from users) as accounts, (select count(*) from ops.access_log) as looks
    """)
    return {name: int(number) for name, number in conn.execute(query).one()._mapping.items()}


def looks(conn: Connection, query: LookQuery) -> tuple[int, list[Row[Any]]]:
    """How many entries of the access log the query finds, and one page of them, the latest first."""
    values = {"refused_only": query.refused_only, "pattern": _pattern(query.words), "offset": query.offset, "limit": query.limit}
    total = conn.execute(text(f"select count(*) {_WANTED}"), values).scalar_one()
    page = text(f"select username, action, resource, result, happened_at {_WANTED} order by access_id desc offset :offset limit :limit")
    return int(total), list(conn.execute(page, values))


def _pattern(words: str) -> str:
    """The words anywhere in a text, taken letter by letter; empty for none."""
    plain = words.strip().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{plain}%" if plain else ""
