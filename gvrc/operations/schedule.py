"""The schedule of sources, and the process that keeps it: `gvrc scheduler`.

What pulls a source is handed in, so that this room knows nothing of sources or runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from gvrc.errors import ConfigError, GvrcError
from gvrc.model.access import Actor
from gvrc.operations.alerts import Watchman
from gvrc.operations.health import verify_audit
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import machine
from gvrc.store import schedules as store
from gvrc.store.schedules import StoredSchedule
from gvrc.store.session import Database

DAILY = "0 2 * * *"
"""02:00 UTC, when nobody works."""
_AUDIT_EVERY = timedelta(hours=24)
_LOG = structlog.get_logger(__name__)

_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBERED_DAYS = re.compile(r"(?P<first>[0-7])(?:-(?P<last>[0-7])(?:/(?P<step>[0-9]{1,2}))?)?")

Pull = Callable[[], int]
"""Pulls a source and sets its run going; the run's id. Raises GvrcError."""


class Scheduler:
    """One per process; any number of them may run at once."""

    def __init__(self, db: Database, settings: Settings, sources: Callable[[], Mapping[str, Pull]]) -> None:
        self._db, self._settings, self._sources = db, settings, sources
        self._watchman = Watchman(db, settings)

    def run(self) -> None:
        """Until interrupted: alerts and due sources every few seconds, the audit chain once a day."""
        clock = BlockingScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        for job in (self._watchman.look, self.run_due, self.verify_audit_when_due):
            clock.add_job(job, "interval", seconds=self._settings.alert_seconds, next_run_time=datetime.now(UTC))
        clock.start()

    def run_due(self) -> list[str]:
        """Pulls what is due; the names of the sources it took on. What breaks is written into the schedule. Raises nothing."""
        try:
            pulls = self._sources()
            due = self._claim(pulls)
        except GvrcError as error:
            _LOG.warning("schedule not read", why=error.detail)
            return []
        for source in due:
            self._pull(source, pulls)
        return due

    def _claim(self, pulls: Mapping[str, Pull]) -> list[str]:
        now = datetime.now(UTC)
        with self._db.unit_of_work(reason="schedule") as conn:
            first = next_run(DAILY, now)
            store.add_missing(conn, dict.fromkeys(pulls, first) if first else {}, DAILY)
            machine.keep_observation(conn, "scheduler", "ok", "The scheduler looks for due sources and alerts.")
            return store.claim_due(conn, now, lambda cron: next_run(cron, now))

    def _pull(self, source: str, pulls: Mapping[str, Pull]) -> None:
        outcome, detail, run_id = "failed", "", None
        try:
            with self._db.hold_lock(f"source:{source}") as is_ours:
                if not is_ours:
                    outcome, detail = "busy", "Another process was pulling it."
                elif source not in pulls:
                    detail = "There is no such source any more. Take its schedule off, or set the source up again."
                else:
                    run_id = pulls[source]()
                    outcome, detail = "done", f"Run {run_id}."
        except GvrcError as error:
            detail = str(error)
        except Exception as error:
            _LOG.exception("scheduled source broke", source=source)
            detail = f"It broke off ({type(error).__name__}); the log names the cause."
        with self._db.unit_of_work(reason="schedule") as conn:
            store.note_end(conn, source, outcome=outcome, detail=detail, run_id=run_id)
        _LOG.info("scheduled source", source=source, outcome=outcome, run_id=run_id)

    def verify_audit_when_due(self) -> bool:
        """Verifies the audit chain and writes its head when that was not done for a day; whether it did. Raises nothing."""
        try:
            with self._db.hold_lock("verify audit") as is_ours:
                if not is_ours or not self._audit_is_due():
                    return False
                check = verify_audit(self._db)
        except GvrcError as error:
            _LOG.warning("audit not verified", why=error.detail)
            return False
        _LOG.info("audit verified", status=check.status.value)
        return True

    def _audit_is_due(self) -> bool:
        with self._db.read() as conn:
            seen = machine.observation(conn, "audit chain")
        return seen is None or datetime.now(UTC) - seen.observed_at > _AUDIT_EVERY


def next_run(cron: str, now: datetime) -> datetime | None:
    """When this cron expression (UTC) comes round next after `now`. Raises ConfigError when it is none."""
    try:
        found: datetime | None = CronTrigger.from_crontab(_with_weekday_names(cron), timezone=UTC).get_next_fire_time(None, now + timedelta(seconds=1))
    except ValueError as error:
        raise ConfigError("This is no cron expression.", "Five parts: minute, hour, day, month, weekday; 0 2 * * * is every day at 02:00 UTC.") from error
    return found


def _with_weekday_names(cron: str) -> str:
    """The expression with names for its weekdays: where cron counts from Sunday (0 or 7), the library counts from Monday, and knows no range
    across the week's end."""
    *others, days = cron.split()
    return " ".join([*others, ",".join(_weekdays(part) for part in days.split(","))])


def _weekdays(part: str) -> str:
    """One part of the weekdays: a number, or numbers `a-b` or `a-b/step`, as names; anything else as it is."""
    numbers = _NUMBERED_DAYS.fullmatch(part)
    if numbers is None:
        return part
    first, last, step = int(numbers["first"]), int(numbers["last"] or numbers["first"]), int(numbers["step"] or 1)
    if first > last or not step:
        raise ValueError(f"{part} is no range of weekdays")
    return ",".join(_DAY_NAMES[day % 7] for day in range(first, last + 1, step))


def schedules(db: Database, actor: Actor) -> list[StoredSchedule]:
    """Every schedule. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    with db.read() as conn:
        return store.schedule_rows(conn)


def change(db: Database, actor: Actor, source: str, *, cron: str, is_enabled: bool) -> None:
    """Another time for a source, or none. Raises NotAllowedError, ConfigError."""
    require(actor, Permission.MANAGE_SOURCES)
    cron = " ".join(cron.split())
    upcoming = next_run(cron, datetime.now(UTC)) if is_enabled else None
    if is_enabled and upcoming is None:
        raise ConfigError("This time never comes.", "Choose another cron expression.")
    with db.unit_of_work(actor, reason="schedule changed") as conn:
        if not store.set_schedule(conn, source, cron=cron, is_enabled=is_enabled, next_run_at=upcoming, updated_by=actor.username):
            raise ConfigError("There is no such schedule.", "The page Operations shows which there are.")
