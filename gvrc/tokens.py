"""API tokens: made by an administrator, shown once, kept as a hash; each carries a role and, when wanted, counties, and ends by itself."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gvrc.errors import ConfigError
from gvrc.model.access import Actor, Role
from gvrc.security.permissions import Permission, require
from gvrc.store import accounts as account_store
from gvrc.store import tokens as store
from gvrc.store.session import Database
from gvrc.store.tokens import StoredToken

PREFIX = "gvrc_"
"""By its beginning a token that strayed into a file or a log is found by scanners of secrets."""
DAYS = 90
LONGEST_DAYS = 366
_LONGEST_LABEL = 60
_SECRET_BYTES = 32
_TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token at the only moment it is known."""

    token_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token as the list shows it. `state` is live, expired or revoked."""

    token_id: int
    label: str
    role: Role
    counties: frozenset[str]
    state: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def add_token(db: Database, actor: Actor, *, label: str, role: Role, days: int = DAYS, counties: Iterable[str] = ()) -> NewToken:
    """Makes a token for a machine that reads the API as `role`, in these county codes (none: all), for `days` days (1 to 366).

    `label` says who uses it and ends up in the access log. Raises ConfigError when something is not accepted.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    name = " ".join(label.split())
    if not name or len(name) > _LONGEST_LABEL or not name.isprintable():
        raise ConfigError("The token needs a name.", f"Say who uses it, in at most {_LONGEST_LABEL} characters.")
    if not 1 <= days <= LONGEST_DAYS:
        raise ConfigError("A token lives from 1 to 366 days.", "Make a new one before it ends.")
    token = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    with db.unit_of_work(actor, reason="API token made") as connection:
        account_store.lock_accounts(connection)
        wanted = sorted({*counties})
        if unknown := sorted(set(wanted) - account_store.county_codes(connection)):
            raise ConfigError(f"There is no county {', '.join(unknown)}.", "Counties are named by their codes, KE001 to KE047.")
        if any(known.label == name and known.state == "live" for known in store.list_tokens(connection)):
            raise ConfigError("There is a live token of this name.", "Revoke it first, or choose another name.")
        token_id, expires_at = store.insert_token(
            connection, token_hash=_hash(token), label=name, role=role, counties=wanted, days=days, created_by=actor.username,
        )
    return NewToken(token_id=token_id, token=token, expires_at=expires_at)


def list_tokens(db: Database, actor: Actor) -> tuple[TokenView, ...]:
    """Every token, the newest first; none of them can be read again."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.read() as connection:
        return tuple(_view(token) for token in store.list_tokens(connection))


def revoke_token(db: Database, actor: Actor, token_id: int) -> None:
    """Ends a token at once. Raises ConfigError when there is none that lives."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with db.unit_of_work(actor, reason="API token revoked") as connection:
        if not store.revoke_token(connection, token_id):
            raise ConfigError(f"There is no live token {token_id}.", "`gvrc token list` shows them.")


def token_actor(db: Database, token: str | None) -> Actor | None:
    """Who a bearer token stands for: its role and counties, under the name `token:<label>`; None when it is unknown, revoked or expired.

    Notes its use at most once a minute, so that a request costs one read.
    """
    if not token or not token.startswith(PREFIX):
        return None
    with db.read() as connection:
        found = store.live_token(connection, _hash(token))
    if found is None:
        return None
    if found.idle_seconds is None or found.idle_seconds >= _TOUCH_SECONDS:
        with db.unit_of_work() as connection:
            store.touch_token(connection, found.token_id)
    name = f"token:{found.label}"
    return Actor(user_id=0, username=name, role=found.role, display_name=found.label, counties=found.counties, session_id=f"token {found.token_id}")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _view(token: StoredToken) -> TokenView:
    return TokenView(
        token_id=token.token_id, label=token.label, role=token.role, counties=token.counties, state=token.state, created_by=token.created_by,
        created_at=token.created_at, expires_at=token.expires_at, last_used_at=token.last_used_at,
    )
