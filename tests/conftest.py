"""A real PostgreSQL for every test that wants one: the embedded server, once per session, in a home of its own that goes away again.

`database` is a new, migrated database of the test's own (a copy of a template, so it takes a fraction of a second); `settings` points at it,
also for processes that a test starts.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psutil
import psycopg
import pytest
from psycopg import sql

from gvrc import logs, setup
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store import accounts, embedded
from gvrc.store.embedded_place import place_of
from gvrc.store.session import Database
from gvrc.store.urls import DatabaseUrls, for_database

# How long an example takes depends on what else the machine does. GVRC_EXAMPLES: how many examples are made (10,000 before a release): then by chance,
# while the suite makes the same ones every time, so that what it says of a change is about the change.
EXAMPLES = int(os.environ.get("GVRC_EXAMPLES", "100"))
if EXAMPLES > 100:
    os.environ.setdefault("PYTEST_TIMEOUT", str(300 + EXAMPLES))  # pytest's own limit is for the usual number; add -o faulthandler_timeout=0 on a slow machine
# Without explanations of failures: they trace every call of every example, and cost more than all else.
_PHASES = [phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.explain]
_SLOW = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
hypothesis.settings.register_profile("gvrc", deadline=None, max_examples=EXAMPLES, derandomize=EXAMPLES <= 100, phases=_PHASES, suppress_health_check=_SLOW if EXAMPLES > 100 else [])
hypothesis.settings.load_profile("gvrc")

logs.configure_terminal()

_PREFIX = "gvrc-tests-"
_MEMORY, _ROOM_BYTES = Path("/dev/shm"), 4 << 30
_TEMPLATE = "gvrc_template"


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.EmbeddedServer]:
    """The embedded server of this test session."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_quick_folder()))
    home.chmod(0o711)  # the user a server runs as that root starts gets through, and the database lies here
    try:
        running = embedded.ensure_running(_settings(home))
        _hurry(running)
        yield running
    finally:
        _remove(home)


@pytest.fixture(scope="session")
def template(server: embedded.EmbeddedServer) -> str:
    """The name of a migrated database with its reference data, to be copied."""
    make_database(server, _TEMPLATE)
    home = server.place.log_dir.parent
    settings = settings_for_database(server, _TEMPLATE, Path(tempfile.mkdtemp(prefix="template-", dir=home)))
    with Database.open(settings) as db:
        setup.prepare(db, "tester")
        with db.owner_unit_of_work() as connection:
            connection.exec_driver_sql("delete from vault_keys")  # each test has keys of its own
    return _TEMPLATE


@pytest.fixture
def new_settings(server: embedded.EmbeddedServer, template: str, tmp_path: Path) -> Iterator[Callable[[], Settings]]:
    """Makes settings for one more fresh database, for tests that want several."""
    names: list[str] = []

    def make() -> Settings:
        names.append(f"t_{uuid.uuid4().hex[:12]}")
        make_database(server, names[-1], template)
        return settings_for_database(server, names[-1], tmp_path / f"home-{len(names)}")

    yield make
    for name in names:
        drop_database(server, name)


@pytest.fixture
def settings(new_settings: Callable[[], Settings]) -> Settings:
    """Settings of a fresh, migrated database and an empty data home."""
    return new_settings()


@pytest.fixture
def empty_settings(server: embedded.EmbeddedServer, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a database in which nothing was ever made."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    make_database(server, name)
    yield settings_for_database(server, name, tmp_path / "home")
    drop_database(server, name)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The database of `settings`, open."""
    with Database.open(settings) as opened:
        yield opened


@pytest.fixture
def admin(database: Database) -> Actor:
    """An administrator who is in the database."""
    return make_actor(database, Role.ADMIN, "admin")


@pytest.fixture
def actor_of(database: Database) -> Callable[[Role], Actor]:
    """Makes a user of a role and acts as them."""
    return lambda role: make_actor(database, role, f"{role.value}-{uuid.uuid4().hex[:6]}")


def make_actor(db: Database, role: Role, username: str) -> Actor:
    values = {"username": username, "display_name": username.title(), "role": role.value, "created_by": "tests"}
    with db.unit_of_work() as connection:
        user_id = accounts.insert_user(connection, values)
    return Actor(user_id=user_id, username=username, role=role, display_name=username.title(), session_id=str(uuid.uuid4()))


def make_database(server: embedded.EmbeddedServer, name: str, template: str = "template1") -> None:
    with psycopg.connect(_libpq(server), autocommit=True) as connection:
        # FILE_COPY: the template is small and idle; copying files beats writing every block to the log.
        connection.execute(
            sql.SQL("create database {} owner gvrc_owner template {} strategy file_copy").format(sql.Identifier(name), sql.Identifier(template))
        )


def drop_database(server: embedded.EmbeddedServer, name: str) -> None:
    with psycopg.connect(_libpq(server), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _hurry(server: embedded.EmbeddedServer) -> None:
    """Nothing in this server outlives the tests: it need not wait for the disk. (Durability has tests of its own, on a server of its own.)"""
    with psycopg.connect(_libpq(server), autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(name)))
        connection.execute("alter system set max_wal_size = '256MB'")  # it may lie in memory
        connection.execute("select pg_reload_conf()")


def _libpq(server: embedded.EmbeddedServer) -> str:
    return server.superuser_url.replace("postgresql+psycopg:", "postgresql:")


def _settings(home: Path) -> Settings:
    return Settings(home=home, _env_file=None)  # type: ignore[call-arg]


def settings_for_database(server: embedded.EmbeddedServer, name: str, home: Path) -> Settings:
    urls = DatabaseUrls(app=for_database(server.urls.app, name), owner=for_database(server.urls.owner, name))
    return Settings(home=home, database_url=urls.app, database_owner_url=urls.owner, pool_size=2, pool_max=8, _env_file=None)  # type: ignore[call-arg]


def _remove(home: Path) -> None:
    """Ends the server at once (nothing of it is kept) and takes its folders away."""
    place = place_of(_settings(home))
    if embedded.is_running(_settings(home)):
        postmaster = psutil.Process(int((place.data_dir / "postmaster.pid").read_text().splitlines()[0]))
        postmaster.send_signal(signal.SIGQUIT)
        while embedded.is_running(_settings(home)):
            time.sleep(0.01)
    for folder in (place.base, home):
        shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> Path:
    """Where files lie in memory, if there is room enough: making a database is copying a thousand files, which a disk takes up to twenty times as long for."""
    usual = Path(tempfile.gettempdir())
    if not os.access(_MEMORY, os.W_OK) or psutil.virtual_memory().available < 2 * _ROOM_BYTES:
        return usual
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES else usual


def _sweep() -> None:
    """Takes away what a killed test session left behind."""
    for home in (home for folder in (Path(tempfile.gettempdir()), _MEMORY) for home in folder.glob(f"{_PREFIX}*")):
        pid = home.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)) and home.stat().st_uid == os.geteuid():
            _remove(home)
