"""How this installation is doing: each check says how things stand and how to mend them.

`doctor` looks at everything, however long it takes; `Watch` answers `/health` at once from what was seen a few seconds ago, and takes the costly
checks (the audit chain) from what the scheduler or the doctor saw last.
"""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil
import structlog

from gvrc.errors import GvrcError
from gvrc.model.access import Actor
from gvrc.operations.watched import Watched
from gvrc.security.crypto import KeyRing
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import audit, health, machine, vault
from gvrc.store.embedded_place import left_behind, place_of
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.machine import Observation
from gvrc.store.reference import EXPECTED_COUNTS, reference_counts
from gvrc.store.session import Database

_LOG = structlog.get_logger(__name__)
_DISK_WARNING_MB, _DISK_FAILURE_MB = 2048, 256
_CLOCK_WARNING_SECONDS = 5.0
_LISTED = 5
"""Left databases that are named; of more only the number is told."""
_AUDIT_OLD = timedelta(days=2)
_OLDEST_RELEASE = datetime(2025, 1, 1).astimezone().timestamp()
"""A clock before this program existed is wrong."""


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding: what was looked at, how it stands, in words, and how to mend it (empty when all is well)."""

    name: str
    status: CheckStatus
    detail: str
    hint: str = ""


def doctor(settings: Settings) -> list[Check]:
    """Every check, in an order in which to mend them. Starts the embedded database when it is not running, as every command does; raises
    nothing: what is broken is a finding."""
    checks = [_guarded("configuration", lambda: _configuration(settings)), _guarded("disk", lambda: _disk(settings)), _guarded("memory", lambda: _memory(settings))]
    checks += [_guarded("keys", lambda: _keys(settings)), _guarded("left databases", _left_databases)]
    try:
        db = Database.open(settings, application_name="gvrc doctor")
    except GvrcError as error:
        return [*checks, _failed("database", error)]
    with db:
        return [*checks, *check_database(db)]


def check_database(db: Database) -> list[Check]:
    """The checks of a database that is open: the database itself, server, migrations, reference data, vault, audit chain, clock, pipeline, backup age."""
    return [_guarded(name, lambda check=check: check(db)) for name, check in _DATABASE_CHECKS.items()]  # type: ignore[misc]


def overall(checks: list[Check]) -> CheckStatus:
    """The worst of them."""
    found = {check.status for check in checks}
    return next((status for status in (CheckStatus.FAILED, CheckStatus.WARNING) if status in found), CheckStatus.OK)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    """A check that breaks is a finding, and the others go on."""
    try:
        return look()
    except GvrcError as error:
        return _failed(name, error)
    except OSError as error:
        return Check(name=name, status=CheckStatus.FAILED, detail=f"It could not be looked at: {error.strerror or error}.", hint="Check the data home and its permissions.")
    except Exception as error:
        _LOG.exception("a check broke", check=name)
        detail = f"It could not be looked at ({type(error).__name__}); the log names the cause."
        return Check(name=name, status=CheckStatus.FAILED, detail=detail, hint="Run `gvrc upgrade`, then `gvrc doctor` again.")


def _failed(name: str, error: GvrcError) -> Check:
    return Check(name=name, status=CheckStatus.FAILED, detail=error.detail, hint=error.hint)


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, detail=detail)


def _warning(name: str, detail: str, hint: str) -> Check:
    return Check(name=name, status=CheckStatus.WARNING, detail=detail, hint=hint)


# ------------------------------------------------------------------------------------------------------------------ the machine


def _configuration(settings: Settings) -> Check:
    name, server = "configuration", "a server of your own" if settings.database_url else "the embedded database"
    if settings.review_threshold > settings.match_threshold or settings.match_threshold > settings.automatic_threshold:
        return _warning(name, "The match thresholds are not in order.", "Set review_threshold ≤ match_threshold ≤ automatic_threshold.")
    if settings.quality_threshold > settings.final_threshold:
        return _warning(name, "The quality thresholds are not in order.", "Set quality_threshold ≤ final_threshold.")
    return _ok(name, f"Data home {settings.home}, {server}, environment {settings.environment}.")


def _disk(settings: Settings) -> Check:
    places = [settings.home] if settings.database_url else [settings.home, place_of(settings).base]
    free_mb, place = min((_free_mb(place), place) for place in places)
    detail = f"{free_mb:,} MB free at {place}."
    if free_mb < _DISK_FAILURE_MB:
        return Check(name="disk", status=CheckStatus.FAILED, detail=detail, hint="Make room: the database stops when the disk is full.")
    return _warning("disk", detail, "Make room soon.") if free_mb < _DISK_WARNING_MB else _ok("disk", detail)


def _free_mb(place: Path) -> int:
    """Room on the disk of a folder that may not be there yet, in MB."""
    return shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists())).free // 2**20


def _left_databases() -> Check:
    """Databases whose data homes were removed stay where they lie: nothing but a person can tell a removed home from a disk that is not mounted."""
    left = left_behind()
    if not left:
        return _ok("left databases", "Every database outside its data home has that home.")
    listed = ", ".join(f"{each.base} of {each.home}" for each in left[:_LISTED]) + (f", and {len(left) - _LISTED} more" if len(left) > _LISTED else "")
    detail = f"{len(left)} databases take {sum(each.size_mb() for each in left):,} MB and their data homes are gone: {listed}."
    return _warning("left databases", detail, "Where the home is on a disk that is not mounted, mount it. Where it was removed for good, remove the database's folder too.")


def _memory(settings: Settings) -> Check:
    free_mb = psutil.virtual_memory().available // 2**20
    detail = f"{free_mb:,} MB available; a run may take {settings.memory_limit_mb} MB."
    return _warning("memory", detail, "Close other programs, or lower memory_limit_mb.") if free_mb < settings.memory_limit_mb else _ok("memory", detail)


def _keys(settings: Settings) -> Check:
    path = settings.home / "keys" / "master.key"
    if settings.encryption_key:
        return _ok("keys", f"Master key {KeyRing.load(settings).key_id} from the environment.")
    if not path.exists():
        return _warning("keys", "There is no master key yet.", "`gvrc init` makes one. If personal values were sealed before, bring the old key file back first.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check(name="keys", status=CheckStatus.FAILED, detail=f"Others may read the master key {path}.", hint=f"chmod 600 '{path}'")
    return _ok("keys", f"Master key {KeyRing.load(settings).key_id} in {path}; keep a copy apart from the backups.")


# ------------------------------------------------------------------------------------------------------------------ the database


def _connection(db: Database) -> Check:
    started = time.perf_counter()
    with db.read() as connection:
        health.ping(connection)
    return _ok("database", f"Answers in {(time.perf_counter() - started) * 1000:.0f} ms.")


def _server(db: Database) -> Check:
    version = db.server_version()
    detail = f"PostgreSQL {version // 10_000}.{version % 10_000}, {'embedded' if db.is_embedded else 'your own server'}."
    if not db.urls.has_two_roles:
        return _warning("server version", f"{detail} One role owns the tables and does the work.", "Give the application a role of its own and set GVRC_DATABASE_OWNER_URL.")
    return _ok("server version", detail)


def _migrations(db: Database) -> Check:
    db.check_schema()
    return _ok("migrations", "The tables are those of this program.")


def _reference(db: Database) -> Check:
    with db.read() as connection:
        found = reference_counts(connection)
    detail = ", ".join(f"{count} {name}" for name, count in found.items()) + "."
    if found != EXPECTED_COUNTS:
        return Check(name="reference data", status=CheckStatus.FAILED, detail=detail, hint="Run `gvrc upgrade`.")
    return _ok("reference data", detail)


def _vault(db: Database) -> Check:
    keyring = KeyRing.load(db.settings)
    with db.read() as connection:
        values = vault.count_values(connection)
        opened = vault.sample_opens(connection, keyring)
    if not opened:
        return Check(name="vault", status=CheckStatus.FAILED, detail="Personal values do not open.", hint="Bring back the master key they were sealed with.")
    return _ok("vault", f"{values:,} personal values.")


def _audit(db: Database) -> Check:
    path = audit.head_file(db.settings)
    with db.read(timeout_seconds=0) as connection:
        verdict = audit.verify(connection, path)
        if verdict.is_intact:
            audit.write_head(connection, path)
    if verdict.findings:
        hint = "Keep the database as it is, compare it with the last backup, and find out who had the owner's password."
        return _noted(db, Check(name="audit chain", status=CheckStatus.FAILED, detail=verdict.findings[0].sentence, hint=hint))
    return _noted(db, _ok("audit chain", f"{verdict.rows:,} rows in {verdict.links:,} links, unbroken."))


def _noted(db: Database, check: Check) -> Check:
    """Keeps what a costly check saw, for `/health` and for alerts."""
    with suppress(Exception), db.unit_of_work(reason="health") as connection:
        machine.keep_observation(connection, check.name, check.status.value, check.detail, check.hint)
    return check


def verify_audit(db: Database) -> Check:
    """Verifies the whole chain, writes its head to the file, and keeps what it saw. For the scheduler."""
    return _guarded("audit chain", lambda: _audit(db))


def _audit_seen(db: Database) -> Check:
    """What was seen of the audit chain last: verifying it takes too long for `/health`."""
    with db.read() as connection:
        seen = machine.observation(connection, "audit chain")
    if seen is None:
        return _warning("audit chain", "The audit chain has not been verified yet.", "Run `gvrc doctor`, or keep `gvrc scheduler` running: it verifies the chain every day.")
    return _of_age(seen)


def _of_age(seen: Observation) -> Check:
    age = datetime.now(UTC) - seen.observed_at
    if seen.status == CheckStatus.OK and age > _AUDIT_OLD:
        return _warning("audit chain", f"{seen.detail} That was {age.days} days ago.", "Run `gvrc doctor`, or keep `gvrc scheduler` running.")
    return Check(name="audit chain", status=CheckStatus(seen.status), detail=f"{seen.detail} Verified {seen.observed_at.astimezone():%d %B, %H:%M}.", hint=seen.hint)


def _pipeline(db: Database) -> Check:
    run = _last_run(db)
    if run is None:
        return _ok("pipeline", "No run yet.")
    if run.status in ("failed", "interrupted"):
        return _warning("pipeline", f"Run {run.run_id} {'failed' if run.status == 'failed' else 'was interrupted'}. {run.error or ''}".strip(), f"Open it on the page Runs, or `gvrc run --resume {run.run_id}`.")
    if run.is_silent:
        return _warning("pipeline", f"Run {run.run_id} says it goes on and has been silent since {run.at.astimezone():%H:%M}.", f"Its process is gone: `gvrc run --resume {run.run_id}`.")
    return _ok("pipeline", f"Run {run.run_id} is {run.status}.")


def _backup(db: Database) -> Check:
    with db.read() as connection:
        made_at, is_needed = machine.last_backup(connection)
    if made_at is None:
        if not is_needed:
            return _ok("backup age", "No backup yet; nothing is committed yet either.")
        return _warning("backup age", "No backup yet.", "Back up the database and the data home, and keep the master key in another place.")
    hours = (datetime.now(UTC) - made_at).total_seconds() / 3600
    detail = f"The last backup is {hours:.0f} hours old."
    if hours > db.settings.alert_rules["backup_too_old"].threshold:
        return _warning("backup age", detail, "Make a backup, and find out why the scheduled one did not run.")
    return _ok("backup age", detail)


def _clock(db: Database) -> Check:
    with db.read() as connection:
        apart_seconds = abs(health.clock(connection).timestamp() - time.time())
    if time.time() < _OLDEST_RELEASE:
        return _warning("clock", "This machine's clock is years behind.", "Set the clock: times in the audit come from it.")
    if apart_seconds > _CLOCK_WARNING_SECONDS:
        return _warning("clock", f"This machine and the database are {apart_seconds:.0f} seconds apart.", "Let both follow a time server.")
    return _ok("clock", "This machine and the database agree.")


_DATABASE_CHECKS: dict[str, Callable[[Database], Check]] = {
    "database": _connection,
    "server version": _server,
    "migrations": _migrations,
    "reference data": _reference,
    "vault": _vault,
    "audit chain": _audit,
    "clock": _clock,
    "pipeline": _pipeline,
    "backup age": _backup,
}
_QUICK_CHECKS = {name: check for name, check in _DATABASE_CHECKS.items() if name not in ("vault", "server version")} | {"audit chain": _audit_seen}
"""What `/health` asks of the database every few seconds."""


# ------------------------------------------------------------------------------------------------------------------ /health

HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"
_VITAL = frozenset({"database", "disk", "keys", "migrations", "reference data"})
"""Without these the service cannot do its work. A failed run, an old backup, a broken audit chain want a person; the service goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What `/health` tells. `status` is healthy, degraded (a person should look) or unhealthy (it cannot do its work)."""

    status: str
    db_connected: bool
    last_etl_run: datetime | None
    etl_status: str
    checks: tuple[Check, ...]
    timestamp: datetime


class Watch(Watched[Health]):
    """The health of this process and its database, looked at in the background while anybody asks."""

    def __init__(self, settings: Settings, keeper: DatabaseKeeper, *, renew_seconds: float = 5.0, old_seconds: float = 15.0) -> None:
        super().__init__(lambda: look(settings, keeper), renew_seconds=renew_seconds, old_seconds=old_seconds)


def look(settings: Settings, keeper: DatabaseKeeper) -> Health:
    """The quick checks, now. Raises nothing: what is broken is told."""
    checks = [_guarded("disk", lambda: _disk(settings)), _guarded("memory", lambda: _memory(settings)), _guarded("keys", lambda: _keys(settings))]
    last, etl_status = None, "unknown"
    try:
        db = keeper.database()
        checks += [_guarded(name, lambda check=check: check(db)) for name, check in _QUICK_CHECKS.items()]  # type: ignore[misc]
        run = _last_run(db)
        last, etl_status = (run.at, "interrupted" if run.is_silent else run.status) if run is not None else (None, "no run yet")
    except GvrcError as error:
        checks = [*(check for check in checks if check.name != "database"), _failed("database", error)]
    broken = {check.name for check in checks if check.status is CheckStatus.FAILED}
    if "database" in broken:
        keeper.look_again_quietly()
    return Health(
        status=UNHEALTHY if broken & _VITAL else HEALTHY if overall(checks) is CheckStatus.OK else DEGRADED, db_connected="database" not in broken,
        last_etl_run=last, etl_status=etl_status, checks=tuple(checks), timestamp=datetime.now(UTC),
    )


def health_of(settings: Settings, keeper: DatabaseKeeper, actor: Actor) -> Health:
    """The same for the page. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    return look(settings, keeper)


def last_seen(db: Database, actor: Actor) -> dict[str, Observation]:
    """What the doctor and the scheduler saw last: `audit chain` and `scheduler`, where they have looked. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    with db.read() as connection:
        found = {name: machine.observation(connection, name) for name in ("audit chain", "scheduler")}
    return {name: seen for name, seen in found.items() if seen is not None}


def _last_run(db: Database) -> Any:
    with db.read() as connection:
        return machine.last_run(connection, db.settings.interrupted_after_seconds)

