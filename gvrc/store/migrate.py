"""Migrations, run from the program's own files: no alembic.ini, no network. Alembic itself is loaded only when something is to be migrated."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from gvrc.errors import ConfigError, DatabaseUnavailable, SchemaOutdatedError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

_FOLDER = Path(__file__).parent / "migrations"
_GRANTS = _FOLDER / "sql" / "grants.sql"
_SIGHT = _FOLDER / "sql" / "sight.sql"
_LOCK_KEY = 7_203_450_002
_UPGRADE_LOCK = text("select pg_advisory_lock(:key)")
_UPGRADE_UNLOCK = text("select pg_advisory_unlock(:key)")


def upgrade(owner_engine: Engine, app_role: str) -> bool:
    """Brings the database to this program's version and gives the application's role its rights; True when anything was migrated.

    Several processes may call it at once: one works, the others wait. Raises SchemaOutdatedError when the database is newer than the
    program, ConfigError when the owner's role may not make tables, DatabaseUnavailable without a connection.
    """
    try:
        with owner_engine.connect() as guard:
            guard.execute(_UPGRADE_LOCK, {"key": _LOCK_KEY})
            try:
                return _upgrade(owner_engine, app_role)
            finally:
                guard.execute(_UPGRADE_UNLOCK, {"key": _LOCK_KEY})
    except OperationalError as error:
        raise DatabaseUnavailable("The database cannot be reached as its owner.", "Start the server, or check GVRC_DATABASE_OWNER_URL.") from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        raise ConfigError(
            "The owner's role may not make the tables.", "Give it the right to create schemas in this database (GRANT CREATE), or make it the database's owner."
        ) from error


def current_revision(connection: Connection) -> str | None:
    """The version of the tables in this database; None for an empty one."""
    exists = connection.execute(text("select to_regclass('public.alembic_version')")).scalar_one()
    if exists is None:
        return None
    return connection.execute(text("select version_num from public.alembic_version")).scalar_one_or_none()


def head_revision() -> str:
    """The version of the tables that this program works with."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _upgrade(owner_engine: Engine, app_role: str) -> bool:
    with owner_engine.connect() as connection:
        found = current_revision(connection)
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaOutdatedError("The database was made by a newer version of this program.", "Install that version or a later one.")
    with owner_engine.begin() as connection:
        if found != head_revision():
            from alembic import command

            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        _lay_sight(connection)
        _grant(connection, app_role)
    return found != head_revision()


def _lay_sight(connection: Connection) -> None:
    """Row-level security is laid anew when its file changed: the view tells which file it was made from."""
    script = _SIGHT.read_text(encoding="utf-8")
    mark = f"made from sight.sql {hashlib.sha256(script.encode()).hexdigest()[:16]}"
    if connection.execute(text("select obj_description(to_regclass('public.facilities_in_sight'))")).scalar_one() != mark:
        run_script(connection, f"{script}\ncomment on view facilities_in_sight is '{mark}';\n")


def _grant(connection: Connection, app_role: str) -> None:
    """Rights are given anew at each upgrade: new tables get theirs, and the role's name is a setting."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(app_role)
    as_text = "'" + app_role.replace("'", "''") + "'"
    run_script(connection, _GRANTS.read_text(encoding="utf-8").replace(":app_role_text", as_text).replace(":app_role", quoted))


def run_script(connection: Connection, script: str) -> None:
    """Several statements at once, without parameters, as the migrations' SQL files are written."""
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        driver.execute(script)
    except Exception as error:
        raise DBAPIError.instance("(script)", None, error, Exception, dialect=connection.dialect) from error


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def migration_context(connection: Connection) -> MigrationContext:
    """For comparing a database with the tables of this program."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"compare_type": True, "include_schemas": True})
