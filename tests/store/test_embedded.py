"""The embedded server, for real: started twice at once, killed, fooled, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from gvrc.errors import ConfigError, DatabaseUnavailable
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.embedded_place import SOCKET_NAME, SOCKET_PATH_BYTES, place_of
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database

_START = "import sys; from pathlib import Path; from gvrc.settings import Settings; from gvrc.store import embedded; "
_START += "print(embedded.ensure_running(Settings(home=Path(sys.argv[1]), _env_file=None)).pid)"


def modes(folder: Path) -> dict[Path, int]:
    return {step: stat.S_IMODE(step.stat().st_mode) for step in (folder, *folder.parents)}


@pytest.fixture(scope="module")
def began() -> Iterator[dict[str, object]]:
    """A cluster under a long path with spaces, made by two processes that start at the same moment."""
    root = Path(tempfile.mkdtemp(prefix="gvrc embedded "))
    above = root / "a private folder's own folder"
    above.mkdir(mode=0o750)
    home = above / "-".join(["a long name"] * 12) / "data home"
    before = modes(above)
    command = [sys.executable, "-c", _START, str(home)]
    racers = [subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [racer.communicate(timeout=120) for racer in racers]
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg]
    sockets = embedded.ensure_running(settings).socket_dir
    yield {"settings": settings, "said": said, "before": before, "above": above}
    embedded.stop(settings)
    for folder in (sockets, place_of(settings).base, root):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(began: dict[str, object]) -> Settings:
    found = began["settings"]
    assert isinstance(found, Settings)
    return found


def kill(pid: int) -> None:
    """kill -9, and wait until it is dead (a zombie is)."""
    os.kill(pid, signal.SIGKILL)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.001)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        answer = connection.execute(query)
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def test_two_processes_that_start_at_once_share_one_server_that_outlives_them(began: dict[str, object], home: Settings) -> None:
    said = began["said"]
    assert isinstance(said, list)
    pids = {int(out) for out, _ in said}
    assert pids == {embedded.ensure_running(home).pid}


def test_no_folder_that_was_there_changes_its_permissions(began: dict[str, object]) -> None:
    above = began["above"]
    assert isinstance(above, Path)
    assert modes(above) == began["before"]


def test_the_socket_fits_and_lies_in_a_private_folder(home: Settings) -> None:
    server = embedded.ensure_running(home)
    assert len(os.fsencode(server.socket_dir / SOCKET_NAME)) <= SOCKET_PATH_BYTES
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700


def test_the_server_does_not_run_as_root_and_writes_durably(home: Settings) -> None:
    server = embedded.ensure_running(home)
    assert psutil.Process(server.pid).uids().effective != 0
    wanted = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "", "data_checksums": "on", "server_encoding": "UTF8"}
    assert {name: ask(server.urls.app, f"show {name}") for name in wanted} == wanted


def test_nobody_comes_in_without_the_password(home: Settings) -> None:
    server = embedded.ensure_running(home)
    for role in ("postgres", "gvrc_owner", "gvrc_app"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(server.socket_dir), user=role, password="wrong", dbname="gvrc")
    assert "trust" not in {line.split()[-1] for line in (server.place.data_dir / "pg_hba.conf").read_text().splitlines() if line and not line.startswith("#")}


def test_secrets_lie_in_a_file_for_one_reader_and_never_in_a_text(home: Settings) -> None:
    server = embedded.ensure_running(home)
    assert stat.S_IMODE(server.place.secrets_file.stat().st_mode) == 0o600
    assert ":" not in repr(server.urls)
    password = server.urls.app.split(":")[2].split("@")[0]
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]  # of those that end meanwhile there is none
    assert any("postgres" in line for line in lines)
    assert all(password not in line for line in lines)


def test_the_owner_owns_and_the_application_role_may_not_make_tables(home: Settings) -> None:
    server = embedded.ensure_running(home)
    assert ask(server.urls.app, "select pg_get_userbyid(datdba) from pg_database where datname = 'gvrc'") == "gvrc_owner"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(server.urls.app, "create table public.mine (x int)")


def test_what_was_committed_survives_kill_9_of_the_server(home: Settings) -> None:
    server = embedded.ensure_running(home)
    ask(server.urls.owner, "create table if not exists kept as select 42 as number")
    kill(server.pid)
    again = embedded.ensure_running(home)
    assert again.pid != server.pid
    assert ask(again.urls.owner, "select number from kept") == 42


@pytest.mark.parametrize("whose", ["a living program", "a zombie", "nobody", "no number"])
def test_a_stale_postmaster_pid_fools_nobody(home: Settings, whose: str) -> None:
    embedded.stop(home)
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet buried
    number = {"a living program": str(os.getpid()), "a zombie": str(zombie.pid), "nobody": "4194303", "no number": "?"}[whose]
    data_dir = place_of(home).data_dir
    stale = data_dir / "postmaster.pid"
    stale.write_text(f"{number}\n{data_dir}\n1700000000\n5432\n/nowhere\n\n  1234567  1\nready   \n", encoding="utf-8")
    os.chown(stale, data_dir.stat().st_uid, data_dir.stat().st_gid)
    try:
        assert ask(embedded.ensure_running(home).urls.app, "select 1") == 1
    finally:
        zombie.wait()


def test_a_server_stopped_on_purpose_is_brought_back_by_a_start_and_not_by_a_survivor(home: Settings) -> None:
    embedded.ensure_running(home)
    assert embedded.stop(home)
    assert not embedded.is_running(home)
    assert not embedded.stop(home)
    for survivor in (lambda: embedded.revive(home), DatabaseKeeper(settings=home).look_again):
        with pytest.raises(DatabaseUnavailable, match="stopped"):
            survivor()
    embedded.ensure_running(home)
    assert embedded.revive(home).pid == embedded.ensure_running(home).pid


def test_a_survivor_never_makes_an_empty_database_where_the_folder_is_away_for_a_moment(home: Settings) -> None:
    embedded.stop(home)
    base = place_of(home).base
    away = base.rename(base.with_name("away"))
    try:
        with pytest.raises(DatabaseUnavailable, match="not there"):
            embedded.revive(home)
        assert not (base / "data").exists()
    finally:
        shutil.rmtree(base, ignore_errors=True)
        away.rename(base)
    embedded.ensure_running(home)


def test_data_of_another_major_version_are_refused_in_words(home: Settings) -> None:
    embedded.stop(home)
    version = place_of(home).data_dir / "PG_VERSION"
    kept = version.read_text(encoding="ascii")
    version.write_text("15\n", encoding="ascii")
    try:
        with pytest.raises(ConfigError, match="15"):
            embedded.ensure_running(home)
    finally:
        version.write_text(kept, encoding="ascii")


def test_lost_secrets_are_told_and_not_made_anew(home: Settings) -> None:
    embedded.stop(home)
    secrets = place_of(home).secrets_file
    aside = secrets.rename(secrets.with_suffix(".aside"))
    try:
        with pytest.raises(ConfigError, match="passwords"):
            embedded.ensure_running(home)
    finally:
        aside.rename(secrets)


def test_a_data_home_that_cannot_be_made_is_told() -> None:
    with pytest.raises(ConfigError):
        embedded.ensure_running(Settings(home=Path("/proc/no such place/home"), _env_file=None))  # type: ignore[call-arg]


def test_an_application_gets_its_database_back_after_kill_9_and_not_after_a_stop(home: Settings) -> None:
    with Database.open(home) as db:
        kill(embedded.ensure_running(home).pid)
        with db.unit_of_work() as connection:
            assert connection.exec_driver_sql("select 1").scalar_one() == 1
        embedded.stop(home)
        with pytest.raises(DatabaseUnavailable), db.read():
            pass
        assert not embedded.is_running(home)
