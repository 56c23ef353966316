"""Breaches are told once per cool-down, by a real SMTP server and a real HTTP server, through restarts and by two schedulers at once."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from gvrc.errors import NotAllowedError, ReviewError
from gvrc.model.access import Role
from gvrc.operations import alerts
from gvrc.operations.alerts import Watchman
from gvrc.settings import Settings
from gvrc.store.session import Database


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


class Chat(ThreadingHTTPServer):
    """A chat's webhook; refuses while it is told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refuses = False
        super().__init__(("127.0.0.1", 0), Hook)


class Hook(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.server.refuses:
            self.server.told.append(json.loads(body))
        self.send_response(503 if self.server.refuses else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def chat() -> Iterator[Chat]:
    server = Chat()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def alerting(settings: Settings, mailbox: tuple[Mailbox, int], chat: Chat) -> Settings:
    channels = f"mailto://127.0.0.1:{mailbox[1]}?from=gvrc@example.org&to=ops@example.org&mode=insecure json://127.0.0.1:{chat.server_port}/hook"
    return settings.model_copy(update={"alert_channels": channels})


def fail_a_run(db: Database) -> int:
    with db.unit_of_work() as conn:
        return int(conn.execute(text("""
            INSERT INTO ops.etl_runs (status, started_by, started_at, ended_at, error) VALUES ('failed', 'tests', now(), now(), 'The disk was full.') RETURNING run_id
        """)).scalar_one())


def test_a_failed_run_is_told_by_mail_and_chat_once(database: Database, alerting: Settings, mailbox: tuple[Mailbox, int], chat: Chat) -> None:
    run_id = fail_a_run(database)
    assert Watchman(database, alerting).look() == 1
    assert Watchman(database, alerting).look() == 0, "a restart repeated it"
    (mail,), (said,) = mailbox[0].mails, chat.told
    assert f"Run {run_id} failed. The disk was full." in mail.get_body(("plain", "html")).get_content()
    assert "ops@example.org" in str(mail["to"])
    assert f"Run {run_id} failed" in said["message"]
    with database.unit_of_work() as conn:
        conn.execute(text("UPDATE ops.alerts SET created_at = created_at - interval '5 hours'"))
    assert Watchman(database, alerting).look() == 1, "after the cool-down it is told again"
    assert len(chat.told) == 2


def test_two_schedulers_tell_it_once(database: Database, alerting: Settings, chat: Chat) -> None:
    fail_a_run(database)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: Watchman(database, alerting).look(), range(4)))
    assert sum(counts) == 1
    Watchman(database, alerting).look()
    assert len(chat.told) == 1


def test_what_was_not_delivered_is_tried_again_where_it_failed_only(database: Database, alerting: Settings, mailbox: tuple[Mailbox, int], chat: Chat, actor_of: Any) -> None:
    fail_a_run(database)
    chat.refuses = True
    Watchman(database, alerting).look()
    admin = actor_of(Role.ADMIN)
    (kept,) = alerts.alert_list(database, admin)
    assert (kept.delivered_at, [kept.delivery[name]["ok"] for name in ("1 mailto", "2 json")]) == (None, [True, False])
    assert str(chat.server_port) not in str(kept.delivery)
    chat.refuses = False
    Watchman(database, alerting).look()
    (kept,) = alerts.alert_list(database, admin)
    assert kept.delivered_at is not None
    assert (len(mailbox[0].mails), len(chat.told)) == (1, 1)


def test_every_rule_finds_its_breach(database: Database, settings: Settings, actor_of: Any) -> None:
    with database.unit_of_work() as conn:
        conn.execute(text("""INSERT INTO ops.etl_runs (status, started_by, ended_at, summary) VALUES ('done', 't', now(), '{"records_in": 100, "dead_letters": 9}')"""))
        conn.execute(text("""INSERT INTO ops.quality_snapshots (run_id, scope, scope_key, dimensions, records) VALUES (1, 'source', 'list', '{"total": 41.5}', 9)"""))
        conn.execute(text("INSERT INTO ops.backups (path, created_by, created_at) VALUES ('x', 't', now() - interval '60 hours')"))
        conn.execute(text("INSERT INTO ops.observations (name, status, detail, hint) VALUES ('audit chain', 'failed', 'Row 5 was changed.', '')"))
        conn.execute(text("INSERT INTO ops.access_log (username, action, resource, result) SELECT 'mallory', 'look', 'x', 'refused' FROM generate_series(1, 25)"))
    fail_a_run(database)
    Watchman(database, settings).look()
    found = {alert.rule: alert for alert in alerts.alert_list(database, actor_of(Role.ADMIN))}
    assert set(found) == {"error_rate", "quality_below", "run_failed", "backup_too_old", "audit_chain_broken", "unusual_access"}
    assert "9 of 100" in found["error_rate"].message
    assert found["unusual_access"].subject == "mallory"
    assert all(alert.delivered_at is not None for alert in found.values()), "without a channel they are shown, not sent"


def test_a_rule_that_is_off_is_silent(database: Database, settings: Settings) -> None:
    fail_a_run(database)
    off = {name: rule.model_copy(update={"is_enabled": name != "run_failed"}) for name, rule in settings.alert_rules.items()}
    assert Watchman(database, settings.model_copy(update={"alert_rules": off})).look() == 0


def test_a_database_that_is_away_is_told_once_and_written_down_when_it_is_back(database: Database, alerting: Settings, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import contextmanager

    from gvrc.errors import DatabaseUnavailable

    watchman = Watchman(database, alerting)

    @contextmanager
    def away(*_: Any) -> Iterator[bool]:
        raise DatabaseUnavailable("The database cannot be reached.", "Start it.")
        yield False

    with monkeypatch.context() as patched:
        patched.setattr(database, "hold_lock", away)
        assert [watchman.look(), watchman.look()] == [0, 0]
    assert len(chat.told) == 1
    watchman.look()
    with database.read() as conn:
        assert conn.execute(text("SELECT rule, delivered_at IS NOT NULL FROM ops.alerts")).all() == [("breaker_open", True)]
    assert len(chat.told) == 1


def test_an_alert_is_acknowledged_once_by_who_runs_the_machine(database: Database, settings: Settings, actor_of: Any) -> None:
    fail_a_run(database)
    Watchman(database, settings).look()
    engineer = actor_of(Role.DATA_ENGINEER)
    (alert,) = alerts.alert_list(database, engineer)
    alerts.acknowledge(database, engineer, alert.alert_id)
    with pytest.raises(ReviewError):
        alerts.acknowledge(database, engineer, alert.alert_id)
    with pytest.raises(NotAllowedError):
        alerts.alert_list(database, actor_of(Role.VIEWER))
