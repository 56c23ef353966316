"""API tokens: rows in and out. The token itself is never here, only its SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from gvrc.model.access import Role
from gvrc.store.tables import ApiToken


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A row of `api_tokens`; `state` (live, expired, revoked) and `idle_seconds` (since its last use) by the database's clock."""

    token_id: int
    label: str
    role: Role
    counties: frozenset[str]
    state: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    idle_seconds: float | None


_STATE = case((ApiToken.revoked_at.is_not(None), "revoked"), (ApiToken.expires_at <= func.now(), "expired"), else_="live")
_COLUMNS = (
    ApiToken.token_id, ApiToken.label, ApiToken.role, ApiToken.counties, _STATE.label("state"), ApiToken.created_by, ApiToken.created_at,
    ApiToken.expires_at, ApiToken.last_used_at, func.extract("epoch", func.now() - ApiToken.last_used_at).label("idle_seconds"),
)  # fmt: skip


def insert_token(
    connection: Connection, *, token_hash: bytes, label: str, role: Role, counties: Sequence[str], days: int, created_by: str,
) -> tuple[int, datetime]:
    """Adds a token; its id and when it ends."""
    row = connection.execute(
        insert(ApiToken)
        .values(
            token_hash=token_hash, label=label, role=role.value, counties=list(counties), created_by=created_by,
            expires_at=func.now() + func.make_interval(0, 0, 0, days),
        )
        .returning(ApiToken.token_id, ApiToken.expires_at)
    ).one()
    return row.token_id, row.expires_at


def list_tokens(connection: Connection) -> list[StoredToken]:
    """Every token, the newest first."""
    return [_stored(row) for row in connection.execute(select(*_COLUMNS).order_by(ApiToken.token_id.desc()))]


def live_token(connection: Connection, token_hash: bytes) -> StoredToken | None:
    """The token of this hash, unless it was revoked or has expired."""
    query = select(*_COLUMNS).where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None), ApiToken.expires_at > func.now())
    row = connection.execute(query).one_or_none()
    return _stored(row) if row else None


def revoke_token(connection: Connection, token_id: int) -> bool:
    """Ends a token; False when there is none that was not ended before."""
    done = connection.execute(update(ApiToken).where(ApiToken.token_id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=func.now()))
    return bool(done.rowcount)


def touch_token(connection: Connection, token_id: int) -> None:
    """Note that it was used just now."""
    connection.execute(update(ApiToken).where(ApiToken.token_id == token_id).values(last_used_at=func.now()))


def _stored(row: Any) -> StoredToken:
    values = dict(row._mapping)
    return StoredToken(**values | {"role": Role(values["role"]), "counties": frozenset(values["counties"])})
