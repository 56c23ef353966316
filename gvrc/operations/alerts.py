"""Alerts: rules over what the database knows, told once per cool-down by e-mail and chat.

One scheduler at a time looks and delivers (a lock that falls with its connection). Every alert is a row before it is sent, so that a restart neither
forgets nor repeats it; what could not be delivered is tried again at every look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from apprise import Apprise, NotifyType

from gvrc.errors import ReviewError, StoreError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.settings import AlertRule, Settings
from gvrc.store import alerts as store
from gvrc.store import machine
from gvrc.store import runs as run_store
from gvrc.store.alerts import StoredAlert
from gvrc.store.session import Connection, Database

_LOG = structlog.get_logger(__name__)
_LOCK = "alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that is broken now: what of it (a run, a source, a person), how far, and a sentence for whoever is woken by it."""

    subject: str
    value: float
    message: str


class Channels:
    """Where alerts go. The addresses hold secrets: only their kind and number are ever told."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = [address for address in re.split(r"[\s]+", (settings.alert_channels or "").strip()) if address]
        self._environment = settings.environment

    @property
    def names(self) -> tuple[str, ...]:
        """The channels as they are called on screens and in the database: `1 mailto`."""
        return tuple(f"{number} {address.partition(':')[0]}" for number, address in enumerate(self._addresses, start=1))

    def send(self, alert: StoredAlert, earlier: dict[str, Any]) -> dict[str, Any]:
        """Tells those channels that `earlier` tries did not reach; how it went, per channel."""
        told = dict(earlier)
        for name, address in zip(self.names, self._addresses, strict=True):
            if told.get(name, {}).get("ok") is not True:
                told[name] = {"ok": self._reaches(address, alert), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        return told

    def _reaches(self, address: str, alert: StoredAlert) -> bool:
        notifier = Apprise()
        if not notifier.add(address):
            return False
        kind = NotifyType.FAILURE if alert.severity == "critical" else NotifyType.WARNING
        return bool(notifier.notify(body=alert.message, title=f"GVRC ({self._environment}): {alert.rule.replace('_', ' ')}", notify_type=kind))


class Watchman:
    """Looks for breaches and tells them; one per scheduler."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings, self._channels = db, settings, Channels(settings)
        self._told_away: datetime | None = None

    def look(self) -> int:
        """One look: new alerts are written down and everything undelivered is sent; how many alerts were new. Raises nothing."""
        try:
            with self._db.hold_lock(_LOCK) as is_ours:
                return self._look() if is_ours else 0
        except StoreError as error:
            self._tell_away(error)
            return 0

    def _look(self) -> int:
        with self._db.unit_of_work(reason="look for interrupted runs") as conn:
            run_store.mark_interrupted(conn, self._settings.interrupted_after_seconds)  # nobody else may be there to notice
        raised = [alert_id for name, rule in self._settings.alert_rules.items() if rule.is_enabled for alert_id in self._raised(name, rule)]
        self._recover()
        self._deliver()
        return len(raised)

    def _raised(self, name: str, rule: AlertRule) -> Iterator[int]:
        look = _RULES.get(name)
        if look is None:
            return
        with self._db.unit_of_work(reason="alerts") as conn:
            for breach in look(conn, rule):
                found = store.raise_alert(
                    conn, rule=name, subject=breach.subject, severity=rule.severity, message=breach.message, value=breach.value, cooldown_minutes=rule.cooldown_minutes,
                )
                if found is not None:
                    _LOG.warning("alert", rule=name, severity=rule.severity, value=breach.value)
                    yield found

    def _deliver(self) -> None:
        with self._db.read() as conn:
            waiting = store.undelivered(conn)
        for alert in waiting:
            told = self._channels.send(alert, alert.delivery)
            is_delivered = all(told[name]["ok"] for name in self._channels.names)  # without a channel it is only shown
            with self._db.unit_of_work(reason="alerts") as conn:
                store.note_delivery(conn, alert.alert_id, told, is_delivered=is_delivered)
            if not is_delivered:
                _LOG.error("alert not delivered", rule=alert.rule, channels=[name for name in told if not told[name]["ok"]])

    # ------------------------------------------------------------------------------------------------------------ the database away

    def _tell_away(self, error: StoreError) -> None:
        """The one alert that cannot be a row first: it is sent at once, and written down when the database is back."""
        rule = self._settings.alert_rules["breaker_open"]
        now = datetime.now(UTC)
        if not rule.is_enabled or (self._told_away is not None and (now - self._told_away).total_seconds() < rule.cooldown_minutes * 60):
            return
        self._told_away = now
        alert = StoredAlert(
            alert_id=0, rule="breaker_open", subject="", severity=rule.severity, message=f"{error.detail} {error.hint}", value=1.0, created_at=now, delivery={},
            tries=0, delivered_at=None, acknowledged_at=None, acknowledged_by=None,
        )
        self._away = (alert, self._channels.send(alert, {}))

    _away: tuple[StoredAlert, dict[str, Any]] | None = None

    def _recover(self) -> None:
        if self._away is None:
            return
        alert, told = self._away
        with self._db.unit_of_work(reason="alerts") as conn:
            found = store.raise_alert(
                conn, rule=alert.rule, subject="", severity=alert.severity, message=alert.message, value=1.0,
                cooldown_minutes=self._settings.alert_rules["breaker_open"].cooldown_minutes,
            )
            if found is not None:
                store.note_delivery(conn, found, told, is_delivered=all(channel["ok"] for channel in told.values()))
        self._away = None


# ------------------------------------------------------------------------------------------------------------------ the rules


def _run_failed(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    found = store.failed_runs(conn, rule.window_minutes)
    for run in found if len(found) >= rule.threshold else ():
        yield Breach(subject=f"run {run.run_id}", value=1.0, message=f"Run {run.run_id} {'failed' if run.status == 'failed' else 'was interrupted'}. {run.error or ''}".strip())


def _error_rate(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    dead, records = store.set_aside_share(conn, rule.window_minutes)
    if records and dead / records >= rule.threshold:
        yield Breach(subject="", value=dead / records, message=f"{dead:,} of {records:,} records were set aside ({dead / records:.1%}); the target is below {rule.threshold:.1%}.")


def _quality_below(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    for source in store.poor_sources(conn, rule.window_minutes, rule.threshold):
        yield Breach(subject=source.source, value=source.score, message=f"The list {source.source} came out at quality {source.score:.0f}; the target is {rule.threshold:.0f}.")


def _backup_too_old(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    made_at, is_needed = machine.last_backup(conn)
    if made_at is None:
        if is_needed:
            yield Breach(subject="", value=0.0, message="The registry holds places and there is no backup yet.")
        return
    hours = (datetime.now(UTC) - made_at).total_seconds() / 3600
    if hours >= rule.threshold:
        yield Breach(subject="", value=hours, message=f"The last backup is {hours:.0f} hours old.")


def _audit_chain_broken(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    seen = machine.observation(conn, "audit chain")
    if seen is not None and seen.status == "failed":
        yield Breach(subject="", value=1.0, message=f"The audit chain is broken. {seen.detail} {seen.hint}")


def _unusual_access(conn: Connection, rule: AlertRule) -> Iterator[Breach]:
    for who in store.refusals(conn, rule.window_minutes, rule.threshold):
        yield Breach(subject=who.username, value=float(who.refused), message=f"{who.refused} attempts of {who.username} were refused within {rule.window_minutes} minutes.")


_RULES: dict[str, Callable[[Connection, AlertRule], Iterator[Breach]]] = {
    "error_rate": _error_rate, "quality_below": _quality_below, "run_failed": _run_failed, "backup_too_old": _backup_too_old,
    "audit_chain_broken": _audit_chain_broken, "unusual_access": _unusual_access,
}


# ------------------------------------------------------------------------------------------------------------------ for the page


def alert_list(db: Database, actor: Actor, *, limit: int = 100) -> list[StoredAlert]:
    """The alerts, those nobody has acknowledged first. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    with db.read() as conn:
        return store.alert_rows(conn, limit=limit)


def acknowledge(db: Database, actor: Actor, alert_id: int) -> None:
    """The actor has seen it. Raises NotAllowedError, ReviewError when somebody had before."""
    require(actor, Permission.SEE_OPERATIONS)
    with db.unit_of_work(actor, reason="alert acknowledged") as conn:
        if not store.acknowledge(conn, alert_id, actor.username):
            raise ReviewError("Somebody has acknowledged this alert already.", "Nothing more is to be done here.")


__all__ = ["Channels", "Watchman", "acknowledge", "alert_list"]
