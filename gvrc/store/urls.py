"""Which database, as which role."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gvrc.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """One database as the application's role and as the owner's role (migrations). The texts hold passwords and stay out of `repr`."""

    app: str = field(repr=False)
    owner: str = field(repr=False)

    @property
    def app_role(self) -> str:
        """The role that receives the grants."""
        return role_of(self.app)

    @property
    def has_two_roles(self) -> bool:
        return role_of(self.app) != role_of(self.owner)


def given_urls(app: str, owner: str | None) -> DatabaseUrls:
    """The URLs of a server that somebody else runs. Without an owner's URL the application's role does both. Raises ConfigError."""
    return DatabaseUrls(app=_checked(app, "GVRC_DATABASE_URL"), owner=_checked(owner or app, "GVRC_DATABASE_OWNER_URL"))


def socket_url(socket_dir: Path, role: str, password: str, database: str) -> str:
    """The URL of a database of the embedded server."""
    url = URL.create("postgresql+psycopg", username=role, password=password, database=database, query={"host": str(socket_dir)})
    return url.render_as_string(hide_password=False)


def for_database(url: str, database: str) -> str:
    """The same server and role, another database."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def role_of(url: str) -> str:
    """The role a URL signs in as."""
    return make_url(url).username or ""


def shown(url: str) -> str:
    """The URL as it may appear in a message: without the password."""
    return make_url(url).render_as_string(hide_password=True)


def _checked(text: str, setting: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError(f"{setting} is not a database URL.", "It looks like postgresql://user:password@host:5432/database.") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigError(f"{setting} names another kind of database.", "Only PostgreSQL 16 or later works: postgresql://user:password@host:5432/database.")
    if not url.username or not url.database:
        raise ConfigError(f"{setting} names no user or no database.", "It looks like postgresql://user:password@host:5432/database.")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
