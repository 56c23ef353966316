"""Alerts: what was breached, whom it reached, who has seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.jsonb import dump_json

MOST_TRIES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """A row of ops.alerts. `delivery` says per channel how it went; `subject` what of the rule it is about (a run, a source, a person)."""

    alert_id: int
    rule: str
    subject: str
    severity: str
    message: str
    value: float | None
    created_at: datetime
    delivery: dict[str, Any]
    tries: int
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


_COLUMNS = ", ".join(StoredAlert.__slots__)


def raise_alert(conn: Connection, *, rule: str, subject: str, severity: str, message: str, value: float, cooldown_minutes: int) -> int | None:
    """A new alert; None while the last one of this rule and subject is within its cool-down."""
    found: int | None = conn.execute(
        text("""
            INSERT INTO ops.alerts (rule, subject, severity, message, value)
            SELECT :rule, :subject, :severity, :message, :value WHERE NOT EXISTS (
                SELECT 1 FROM ops.alerts WHERE rule = :rule AND subject = :subject AND created_at > clock_timestamp() - make_interval(mins => :cooldown))
            RETURNING alert_id
        """),
        {"rule": rule, "subject": subject, "severity": severity, "message": message, "value": value, "cooldown": cooldown_minutes},
    ).scalar_one_or_none()
    return found


def undelivered(conn: Connection) -> list[StoredAlert]:
    """Alerts of the last day that have not reached every channel, the oldest first; after many tries one is left alone."""
    rows = conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM ops.alerts WHERE delivered_at IS NULL AND tries < :most AND created_at > now() - interval '1 day' ORDER BY alert_id
        """),  # noqa: S608 (fixed names)
        {"most": MOST_TRIES},
    )
    return [StoredAlert(**row._mapping) for row in rows]


def note_delivery(conn: Connection, alert_id: int, delivery: dict[str, Any], *, is_delivered: bool) -> None:
    """How a try went, per channel."""
    conn.execute(
        text("""
            UPDATE ops.alerts SET delivery = cast(:delivery AS jsonb), tries = tries + 1, delivered_at = CASE WHEN :done THEN clock_timestamp() END
            WHERE alert_id = :id
        """),
        {"id": alert_id, "delivery": dump_json(delivery).decode(), "done": is_delivered},
    )


def alert_rows(conn: Connection, *, limit: int, offset: int = 0) -> list[StoredAlert]:
    """Alerts, those nobody has acknowledged first, then the newest."""
    query = text(f"SELECT {_COLUMNS} FROM ops.alerts ORDER BY acknowledged_at IS NOT NULL, alert_id DESC LIMIT :limit OFFSET :offset")  # noqa: S608
    return [StoredAlert(**row._mapping) for row in conn.execute(query, {"limit": limit, "offset": offset})]


def acknowledge(conn: Connection, alert_id: int, username: str) -> bool:
    """Somebody has seen it. False when somebody had before."""
    query = text("UPDATE ops.alerts SET acknowledged_at = now(), acknowledged_by = :by WHERE alert_id = :id AND acknowledged_at IS NULL")
    return conn.execute(query, {"id": alert_id, "by": username}).rowcount == 1


def failed_runs(conn: Connection, window_minutes: int) -> Sequence[Row[Any]]:
    """Runs that failed or were interrupted within the window: run_id, status, error."""
    return conn.execute(
        text("""
            SELECT run_id, status, error FROM ops.etl_runs WHERE status IN ('failed', 'interrupted') AND ended_at > now() - make_interval(mins => :window)
            ORDER BY run_id
        """),
        {"window": window_minutes},
    ).all()


def set_aside_share(conn: Connection, window_minutes: int) -> tuple[int, int]:
    """Records set aside as dead letters, and all records, of the runs that ended within the window."""
    row = conn.execute(
        text("""
            SELECT coalesce(sum((summary ->> 'dead_letters')::bigint), 0)::bigint AS dead, coalesce(sum((summary ->> 'records_in')::bigint), 0)::bigint AS records
            FROM ops.etl_runs WHERE status = 'done' AND ended_at > now() - make_interval(mins => :window)
        """),
        {"window": window_minutes},
    ).one()
    return row.dead, row.records


def poor_sources(conn: Connection, window_minutes: int, target: float) -> Sequence[Row[Any]]:
    """Sources whose last run within the window came out below the target: source, score."""
    return conn.execute(
        text("""
            SELECT source, score FROM (
                SELECT DISTINCT ON (scope_key) scope_key AS source, (dimensions ->> 'total')::float8 AS score FROM ops.quality_snapshots
                WHERE scope = 'source' AND created_at > now() - make_interval(mins => :window) ORDER BY scope_key, run_id DESC
            ) newest WHERE score < :target ORDER BY source
        """),
        {"window": window_minutes, "target": target},
    ).all()


def refusals(conn: Connection, window_minutes: int, threshold: float) -> Sequence[Row[Any]]:
    """Who was refused this often or more within the window: username, refused."""
    return conn.execute(
        text("""
            SELECT username, count(*) AS refused FROM ops.access_log WHERE result = 'refused' AND happened_at > now() - make_interval(mins => :window)
            GROUP BY username HAVING count(*) >= :threshold ORDER BY username
        """),
        {"window": window_minutes, "threshold": threshold},
    ).all()
