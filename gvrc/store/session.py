"""Connections, transactions and what goes wrong with them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

import psycopg
import pybreaker
import stamina
from psycopg import sql as psql
from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gvrc.errors import ConfigError, DatabaseUnavailable, SchemaOutdatedError, StoreError
from gvrc.model.access import Actor
from gvrc.security.permissions import sight_of
from gvrc.settings import Settings
from gvrc.store import embedded, machine, migrate
from gvrc.store.copy_text import copy_blocks, line_blocks
from gvrc.store.jsonb import dump_json, load_json, storable_text
from gvrc.store.urls import DatabaseUrls, given_urls, shown

__all__ = [
    "POLITE",
    "Connection",  # the type, for use cases that hand one on: SQLAlchemy itself is imported in this room only
    "Database",
    "copy_lines",
    "copy_rows",
    "copy_typed_rows",
    "driver_of",
    "is_lost_connection",
    "is_transient",
    "try_lock",
]

Result = TypeVar("Result")

MINIMUM_SERVER_VERSION = 160_000
_BREAKER_FAILURES = 5
_BREAKER_SECONDS = 60
_CONNECT_TIMEOUT_SECONDS = 10
POLITE = 19
"""By how much (`nice`) what is worked out beside the pages stands back for them."""
_LOST_CONNECTION = re.compile(r"08...|57P0[1-5]|53300|28...|3D000")
"""SQLSTATEs of a server that cannot be reached or does not let us in (PostgreSQL, appendix A)."""
_TRANSIENT = re.compile(r"08...|57P0[1-5]|53300|40001|40P01|55P03")
"""SQLSTATEs after which the same transaction may succeed: lost connection, serialization failure, deadlock, lock not available."""


class Database:
    """One database for one process: `with db.unit_of_work(actor) as conn:` to write, `with db.read() as conn:` to read.

    The application's role does the work; `owner_engine` is for migrations and reference data only.
    """

    def __init__(self, settings: Settings, urls: DatabaseUrls, *, is_embedded: bool = False, application_name: str = "gvrc") -> None:
        self.settings = settings
        self.urls = urls
        self.is_embedded = is_embedded
        self.engine = _engine(urls.app, settings, application_name, **_BEGUN_BY_HAND)
        self._reading_engine = _engine(urls.app, settings, application_name, pool_reset_on_return=None, **_BEGUN_BY_HAND)
        self._beside_engine = _engine(urls.app, settings, f"{application_name} (beside)", **_BEGUN_BY_HAND)
        if is_embedded:
            event.listen(self._beside_engine, "connect", _stand_back)
        self._owner_engine: Engine | None = None
        self._application_name = application_name
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_BREAKER_FAILURES, reset_timeout=_BREAKER_SECONDS, exclude=[lambda error: not is_lost_connection(error)], name="database"
        )

    @classmethod
    def open(cls, settings: Settings, *, application_name: str = "gvrc") -> Database:
        """The database of these settings: the given server, or the embedded one, started when it is not running.

        Raises DatabaseUnavailable (no connection), ConfigError (URL, folders, a server older than PostgreSQL 16).
        """
        if settings.database_url:
            database = cls(settings, given_urls(settings.database_url, settings.database_owner_url), application_name=application_name)
        else:
            database = cls(settings, embedded.ensure_running(settings).urls, is_embedded=True, application_name=application_name)
        try:
            database._check_server()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Gives every connection back to the server. The embedded server goes on."""
        for engine in self._engines:
            engine.dispose()
        if self._owner_engine is not None:
            self._owner_engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _engines(self) -> tuple[Engine, ...]:
        return self.engine, self._reading_engine, self._beside_engine

    @property
    def owner_engine(self) -> Engine:
        """Connections as the owner's role, for migrations, grants and reference data."""
        if self._owner_engine is None:
            self._owner_engine = _engine(self.urls.owner, self.settings, f"{self._application_name} (owner)")
        return self._owner_engine

    @property
    def breaker_state(self) -> str:
        """`closed` when all is well, `open` after five lost connections in a row (for a minute), `half-open` while trying again."""
        return str(self._breaker.current_state)

    def pool_use(self) -> tuple[int, int]:
        """Connections of this process in use and idle."""
        pools = [engine.pool for engine in self._engines if isinstance(engine.pool, QueuePool)]
        return sum(pool.checkedout() for pool in pools), sum(pool.checkedin() for pool in pools)

    # ------------------------------------------------------------------------------------------------------------ transactions

    @contextmanager
    def unit_of_work(self, actor: Actor | None = None, *, run_id: int | None = None, reason: str | None = None) -> Iterator[Connection]:
        """One transaction: committed when the block succeeds, rolled back when it raises.

        The audit triggers read who acts, in which session and run, and why. Raises DatabaseUnavailable or StoreError in place of the
        driver's errors; constraint violations (IntegrityError) pass as they are.
        """
        opening = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_SAY_WHO_ACTS.text}"
        with self._connected(self.engine, opening, _who_acts(actor, run_id, reason)) as connection, connection.begin():
            yield connection

    @contextmanager
    def owner_unit_of_work(self, actor: Actor | None = None, *, reason: str | None = None) -> Iterator[Connection]:
        """The same as the owner's role: reference data and roles."""
        with self._connected(self.owner_engine) as connection, connection.begin():
            connection.execute(_SAY_WHO_ACTS, _who_acts(actor, None, reason))
            yield connection

    @contextmanager
    def read(self, actor: Actor | None = None, *, timeout_seconds: float | None = None, is_beside: bool = False) -> Iterator[Connection]:
        """One consistent, read-only view of the database, for this person: of sensitive places it holds what the role may see, whatever is
        asked. Without an actor the program reads for itself, whole. A statement may take `settings.query_timeout_seconds`, or
        `timeout_seconds` (0: as long as it takes). What is read beside the pages (`is_beside`) takes one processor of the server's and not all, and of an
        embedded one only what others leave."""
        limit = self.settings.query_timeout_seconds if timeout_seconds is None else timeout_seconds
        opening = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SAY_FOR_WHOM}{_ONE_PROCESSOR if is_beside else ''}"
        engine = self._beside_engine if is_beside else self.engine
        with self._connected(engine, opening, _sight(actor) | {"limit": f"{round(limit * 1000)}ms"}) as connection, connection.begin():
            yield connection

    def rows_at_once(self, actor: Actor | None, statement: str, values: Mapping[str, Any], *, keep_plan: bool) -> list[tuple[Any, ...]]:
        """The rows of one reading statement (`:name` stands for a value) in one round trip, for what is asked hundreds of times a second.

        For whom it reads is said in the same breath as in `read`, and holds for this statement alone: what PostgreSQL is sent before it is told to
        answer is one transaction. With `keep_plan` the server plans the statement once for all values: right only where one plan is good for each of
        them, and with every LIMIT written as a number. A connection that broke while it lay idle is replaced once.
        """
        try:
            return self._rows_at_once(actor, statement, values, keep_plan)
        except DatabaseUnavailable:
            self._reading_engine.dispose()
            return self._rows_at_once(actor, statement, values, keep_plan)

    def _rows_at_once(self, actor: Actor | None, statement: str, values: Mapping[str, Any], keep_plan: bool) -> list[tuple[Any, ...]]:
        told = _sight(actor) | {"limit": f"{round(self.settings.query_timeout_seconds * 1000)}ms"}
        with self._connected(self._reading_engine) as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            try:
                with driver.pipeline(), driver.cursor(binary=True) as reading:
                    driver.execute(_as_the_driver_writes(_SAY_FOR_WHOM_READ_ONLY), told)
                    reading.execute(_as_the_driver_writes(statement), values, prepare=None if keep_plan else False)
                    return reading.fetchall()
            except psycopg.Error as error:
                if driver.closed:
                    connection.invalidate()
                raise _as_sqlalchemy(error, "a reading statement") from error

    @contextmanager
    def hold_lock(self, name: str) -> Iterator[bool]:
        """Tries to take a lock of this name over all processes and holds it during the block: True when it is ours, at once False when
        another holds it. It falls with the connection, so a killed process never leaves it behind."""
        with self._connected(self.engine, _ARE_YOU_THERE) as connection:
            is_ours = bool(connection.execute(_TRY_SESSION_LOCK, {"name": name}).scalar_one())
            try:
                yield is_ours
            finally:
                if is_ours and not connection.invalidated:
                    _release_quietly(connection, name)

    def copy_rows(self, connection: Connection, table: str | Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Writes rows by COPY in the transaction of `connection`; returns how many. See `copy_rows` of this module."""
        return copy_rows(connection, table, columns, rows)

    def retrying(self, work: Callable[[], Result]) -> Result:
        """Calls `work` (whole units of work, safe to repeat) again after transient errors, `settings.retries` times, waiting longer each
        time. The last error is raised as it came."""
        retried = 0
        for attempt in stamina.retry_context(on=is_transient, attempts=self.settings.retries + 1, timeout=None, wait_initial=0.1, wait_max=10.0):
            retried = attempt.num - 1
            with attempt:
                found = work()
        if retried:
            self._count_retries(retried)
        return found

    def _count_retries(self, number: int) -> None:
        """For the measurements; what was done stays done when they cannot be kept."""
        with suppress(StoreError, DBAPIError), self.unit_of_work(reason="retries") as connection:
            machine.count_more(connection, machine.RETRIES, number)

    # ------------------------------------------------------------------------------------------------------------ checks

    def check_schema(self) -> None:
        """Raises SchemaOutdatedError when the database waits for migrations, or is newer than this program."""
        with self.read() as connection:
            found, wanted = migrate.current_revision(connection), migrate.head_revision()
        if found != wanted:
            raise SchemaOutdatedError("The database does not fit this program: its tables are of another version.", "Run `gvrc upgrade`.")

    def server_version(self) -> int:
        """The server's version as a number, 180006 for 18.6."""
        with self.read() as connection:
            return int(connection.execute(text("select current_setting('server_version_num')")).scalar_one())

    def _check_server(self) -> None:
        version = self.server_version()
        if version < MINIMUM_SERVER_VERSION:
            raise ConfigError(f"The PostgreSQL server is version {version // 10_000}.", "GVRC needs PostgreSQL 16 or later: upgrade the server or use another.")

    # ------------------------------------------------------------------------------------------------------------ connections

    @contextmanager
    def _connected(self, engine: Engine, opening: str | None = None, told: Mapping[str, str] | None = None) -> Iterator[Connection]:
        """A connection; with `opening`, statements whose `:name` are written in, one that has just answered to them."""
        try:
            with self._connect(engine) if opening is None else self._opened(engine, _as_the_driver_writes(opening), told) as connection:
                yield connection
        except DBAPIError as error:
            self._tell(error)

    def _opened(self, engine: Engine, opening: str, told: Mapping[str, str] | None) -> Connection:
        """No connection is asked whether it lives before it is used: the opening statements tell, for nothing has happened yet when they fail. Where one
        broke while it lay idle the others did so too: all are given up, and a new one is taken."""
        try:
            return self._open(engine, opening, told)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        engine.dispose()
        return self._open(engine, opening, told)

    def _open(self, engine: Engine, opening: str, told: Mapping[str, str] | None) -> Connection:
        """A connection of the pool on which these statements have passed, in one round trip. Raises DBAPIError."""
        connection = self._connect(engine)
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            with psycopg.ClientCursor(driver) as cursor:  # it writes the values into the text: with values beside it PostgreSQL takes but one statement
                cursor.execute(opening, told)
        except psycopg.Error as error:
            is_lost = driver.closed
            if is_lost:
                connection.invalidate()
            connection.close()
            raise _as_sqlalchemy(error, opening, is_lost=is_lost) from error
        return connection

    def _connect(self, engine: Engine) -> Connection:
        try:
            connection: Connection = self._breaker.call(self._connect_once, engine)
        except pybreaker.CircuitBreakerError as error:
            raise DatabaseUnavailable("The database could not be reached several times in a row.", f"It is tried again within {_BREAKER_SECONDS} seconds.") from error
        except PoolTimeout as error:
            raise DatabaseUnavailable("Every database connection is in use.", "Try again in a moment; a larger GVRC_POOL_MAX allows more at once.") from error
        except DBAPIError as error:
            self._tell(error)
        return connection

    def _connect_once(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except OperationalError:
            if not self.is_embedded:
                raise
        embedded.revive(self.settings)
        return engine.connect()

    def _tell(self, error: DBAPIError) -> NoReturn:
        """Says in words what the driver meant; what a caller may want to handle itself (constraints, wrong values) passes unchanged."""
        if is_lost_connection(error):
            raise DatabaseUnavailable("The database cannot be reached.", self._how_to_reach_it(error)) from error
        if isinstance(error, OperationalError):
            raise StoreError("The database could not finish this.", _HINTS.get(_sqlstate(error) or "", "Try again; the log names the cause.")) from error
        raise error

    def _how_to_reach_it(self, error: DBAPIError) -> str:
        if self.is_embedded:
            return "Start it with `gvrc init` or `make run`."
        if (_sqlstate(error) or "").startswith("28") or "authentication failed" in str(error.orig):
            return f"The server refused the user or the password of {shown(self.urls.app)}."
        return f"Start the server, or check GVRC_DATABASE_URL ({shown(self.urls.app)})."


_HINTS = {
    "57014": "It took longer than allowed. Ask for less at once.",
    "40P01": "Two writers waited for each other. Try again.",
    "40001": "Somebody else changed the same rows. Try again.",
    "55P03": "Somebody else is working on the same rows. Try again.",
    "53100": "The disk is full. Make room, then try again.",
    "53200": "The server ran out of memory.",
}

_BEGUN_BY_HAND: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": False}
"""Connections whose transactions begin with a statement of ours, which says in the same breath who is at work."""
_ARE_YOU_THERE = "select 1"
_SAY_FOR_WHOM = "select set_config('statement_timeout', :limit, true), set_config('gvrc.sight', :sight, true), set_config('gvrc.counties', :counties, true)"
_ONE_PROCESSOR = ", set_config('max_parallel_workers_per_gather', '0', true)"
_SAY_FOR_WHOM_READ_ONLY = f"{_SAY_FOR_WHOM}, set_config('transaction_read_only', 'on', true)"
_TRY_SESSION_LOCK = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_RELEASE_LOCK = text("select pg_advisory_unlock(hashtextextended(:name, 0))")
_TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_SAY_WHO_ACTS = text(
    "select set_config('gvrc.user', :username, true), set_config('gvrc.session', :session, true),"
    " set_config('gvrc.run', :run, true), set_config('gvrc.reason', :reason, true), set_config('gvrc.sight', 'whole', true)"
)


def try_lock(connection: Connection, name: str) -> bool:
    """Takes a lock of this name until the end of the transaction; False when another holds it."""
    return bool(connection.execute(_TRY_LOCK, {"name": name}).scalar_one())


def is_lost_connection(error: BaseException) -> bool:
    """Whether the server could not be reached (or went away), as opposed to having refused a statement."""
    if isinstance(error, DBAPIError):
        state = _sqlstate(error)
        if error.connection_invalidated:
            return True
        return isinstance(error, OperationalError) and (state is None or bool(_LOST_CONNECTION.fullmatch(state)))
    return isinstance(error, DatabaseUnavailable)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed when it is done again: a lost connection, a deadlock, a serialization failure."""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    if isinstance(cause, DBAPIError):
        return is_lost_connection(cause) or bool(_TRANSIENT.fullmatch(_sqlstate(cause) or ""))
    return isinstance(cause, PoolTimeout)


def copy_rows(connection: Connection, table: str | Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Writes rows by COPY in the transaction of `connection`, the fastest way in; returns how many.

    `table` is a table of this house, `"schema.name"`, or a temporary table's name. Dicts and lists go to JSONB columns as JSON; text that
    PostgreSQL cannot hold (zero bytes, halves of surrogate pairs) is mended with U+FFFD.
    """
    name = table if isinstance(table, str) else table.fullname
    json_positions = _json_columns(connection, name, columns)
    is_json = [index in json_positions for index in range(len(columns))]
    count = 0
    with _copying(connection, name, columns) as copy:
        for number, block in copy_blocks(driver_of(connection), rows, is_json):
            copy.write(block)
            count += number
    return count


def copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """The same for rows that are lines of cells already (gvrc.store.copy_text), for the tables that are written by the million."""
    with _copying(connection, table, columns) as copy:
        for block in line_blocks(lines):
            copy.write(block)


def copy_typed_rows(connection: Connection, table: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> int:
    """The same in PostgreSQL's binary form, twice as fast for bytes: `types` maps each column to its type, and values must be of just that type."""
    count = 0
    with _copying(connection, table, list(types), is_binary=True) as copy:
        copy.set_types(list(types.values()))
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


@contextmanager
def _copying(connection: Connection, name: str, columns: Sequence[str], *, is_binary: bool = False) -> Iterator[psycopg.Copy]:
    listed = psql.SQL(", ").join(map(psql.Identifier, columns))
    how = psql.SQL(" with (format binary)" if is_binary else "")
    command = psql.SQL("copy {} ({}) from stdin{}").format(psql.Identifier(*name.split(".")), listed, how)
    try:
        with driver_of(connection).cursor() as cursor, cursor.copy(command) as copy:
            yield copy
    except psycopg.Error as error:
        raise _as_sqlalchemy(error, f"COPY {name}") from error


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection behind a SQLAlchemy one, inside the same transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _json_columns(connection: Connection, name: str, columns: Sequence[str]) -> frozenset[int]:
    found = connection.execute(_JSON_COLUMNS, {"name": name}).scalars().all()
    return frozenset(index for index, column in enumerate(columns) if column in found)


_JSON_COLUMNS = text("select attname from pg_attribute where attrelid = to_regclass(:name) and attnum > 0 and atttypid in ('json'::regtype, 'jsonb'::regtype)")


def _as_sqlalchemy(error: psycopg.Error, name: str, *, is_lost: bool = False) -> BaseException:
    """The driver's error in the shape that every other statement raises; `is_lost`: its connection is gone."""
    return DBAPIError.instance(name, None, error, psycopg.Error, connection_invalidated=is_lost, dialect=_DIALECT)


@lru_cache(maxsize=500)
def _as_the_driver_writes(statement: str) -> str:
    """`:name` as psycopg writes it, by SQLAlchemy's own compiler."""
    return str(text(statement).compile(dialect=_DIALECT))


def _engine(url: str, settings: Settings, application_name: str, **options: Any) -> Engine:
    usual: dict[str, Any] = {"pool_pre_ping": True}
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=max(0, settings.pool_max - settings.pool_size),
        pool_recycle=1800,
        pool_timeout=30,
        json_serializer=lambda value: dump_json(value).decode(),
        json_deserializer=load_json,
        hide_parameters=True,  # parameters may be personal values; errors reach logs
        connect_args={"application_name": application_name, "connect_timeout": _CONNECT_TIMEOUT_SECONDS},
        **usual | options,
    )


def _stand_back(driver: psycopg.Connection[Any], _record: object) -> None:
    """Those who work on the pages share the processors with what is counted beside them: its process of the server, on this machine, gives way. Where the
    system does not allow it, or weighs whole sessions against each other (sched(7), autogroups: outside containers and units of systemd), it works as the
    others do."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, driver.info.backend_pid, POLITE)


_DIALECT = create_engine("postgresql+psycopg://").dialect


def _who_acts(actor: Actor | None, run_id: int | None, reason: str | None) -> dict[str, str]:
    """What the audit triggers are told."""
    return {
        "username": actor.username if actor else "",
        "session": (actor.session_id or "") if actor else "",
        "run": "" if run_id is None else str(run_id),
        "reason": storable_text(reason or ""),
    }


def _sight(actor: Actor | None) -> dict[str, str]:
    """What row-level security is told of who reads; see sight.sql."""
    if actor is None:
        return {"sight": "whole", "counties": ""}
    return {"sight": sight_of(actor), "counties": ",".join(sorted(actor.counties))}


def _release_quietly(connection: Connection, name: str) -> None:
    """A connection that broke during the block has already given its lock back."""
    try:
        connection.execute(_RELEASE_LOCK, {"name": name})
    except OperationalError:
        connection.invalidate()


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
