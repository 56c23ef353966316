"""How long an alert takes from the breach to a real mail server and a real web hook, and how often it comes, with `gvrc scheduler` at its usual pace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import text

from benchmarks.services.places import BENCHER
from gvrc import pipeline
from gvrc.settings import DATA_DIR, PROJECT_DIR, Settings
from gvrc.store.session import Database

PATIENCE_SECONDS = 180
LOOKS_AFTERWARDS = 3
Told = list[tuple[str, str, float]]
"""Channel, words, moment (seconds since 1970)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Seconds from the breach to each delivery, by what broke; how many things were told a second time."""

    failed: list[float]
    killed: list[float]
    repeats: int


def measured(db: Database, settings: Settings, *, failures: int = 3) -> Alarms:
    """So many runs that fail and one that is killed, each told by mail and by web hook. Raises TimeoutError when one is not told."""
    told: Told = []
    with receivers(told) as channels, scheduler(settings, channels):
        wait_for(lambda: scheduler_looked(db), "the scheduler")
        broken = [a_run_fails(db, settings) for _ in range(failures)]
        failed = [seconds for run_id, at in broken for seconds in deliveries(told, run_id, at)]
        run_id, at = a_run_is_killed(db, settings)
        killed = deliveries(told, run_id, at)
        time.sleep(LOOKS_AFTERWARDS * settings.alert_seconds)  # the breach goes on, and nobody is told of it again
    return Alarms(failed=failed, killed=killed, repeats=len(told) - len({(channel, words) for channel, words, _ in told}))


def a_run_fails(db: Database, settings: Settings) -> tuple[int, float]:
    """A worker waits for a table that somebody else holds, for longer than it may: the run and when it failed."""
    run_id = queued(db, settings)
    with db.owner_unit_of_work() as conn:
        conn.execute(text("LOCK TABLE staging.records IN ACCESS EXCLUSIVE MODE"))
        worker(settings, run_id, GVRC_TIMEOUT_SECONDS="1", GVRC_HEARTBEAT_SECONDS="0.2").wait()
    with db.read() as conn:
        row = conn.execute(text("SELECT status, extract(epoch FROM ended_at)::float8 AS at FROM ops.etl_runs WHERE run_id = :run"), {"run": run_id}).one()
    assert row.status == "failed", row.status
    return run_id, row.at


def a_run_is_killed(db: Database, settings: Settings) -> tuple[int, float]:
    """A worker ends without a word in the middle of its run: the run and when that was."""
    run_id = queued(db, settings)
    with db.owner_unit_of_work() as conn:
        conn.execute(text("LOCK TABLE staging.records IN ACCESS EXCLUSIVE MODE"))
        process = worker(settings, run_id)
        wait_for(lambda: has_begun(db, run_id), "the run")
        process.send_signal(signal.SIGKILL)
        process.wait()
    return run_id, time.time()


def queued(db: Database, settings: Settings) -> int:
    """A run over a sample list."""
    received = pipeline.receive(db, settings, BENCHER, [sorted((DATA_DIR / "sources").glob("*.json"))[0]])
    return pipeline.start(db, settings, BENCHER, [file.file_id for file in received if file.file_id is not None])


def has_begun(db: Database, run_id: int) -> bool:
    """Whether a worker is at it."""
    with db.read() as conn:
        return bool(conn.execute(text("SELECT status = 'running' AND stage IS NOT NULL FROM ops.etl_runs WHERE run_id = :run"), {"run": run_id}).scalar_one())


def scheduler_looked(db: Database) -> bool:
    """Whether the scheduler has said that it is there."""
    with db.read() as conn:
        return bool(conn.execute(text("SELECT EXISTS (SELECT FROM ops.observations WHERE name = 'scheduler')")).scalar_one())


def deliveries(told: Told, run_id: int, breach: float) -> list[float]:
    """Seconds from the breach to the first word of this run in each channel, once both have come."""
    def found() -> dict[str, float]:
        return {channel: min(at for other, words, at in told if other == channel and f"Run {run_id} " in words) for channel, words, _ in told if f"Run {run_id} " in words}

    wait_for(lambda: len(found()) == 2, f"the alert of run {run_id}")
    return [at - breach for at in found().values()]


def wait_for(what: Callable[[], bool], name: str) -> None:
    """Until it is there. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} did not come within {PATIENCE_SECONDS} seconds")
        time.sleep(0.05)


def worker(settings: Settings, run_id: int, **more: str) -> subprocess.Popen[bytes]:
    """A process that works on a run."""
    environment = os.environ | {"GVRC_HOME": str(settings.home)} | more
    return subprocess.Popen([sys.executable, "-m", "gvrc.worker", str(run_id)], cwd=PROJECT_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def scheduler(settings: Settings, channels: str) -> Iterator[None]:
    """`gvrc scheduler`, with nothing changed but where it tells."""
    environment = os.environ | {"GVRC_HOME": str(settings.home), "GVRC_ALERT_CHANNELS": channels}
    log = Path(settings.home) / "scheduler.out"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "gvrc", "scheduler", "--as", BENCHER.username], cwd=PROJECT_DIR, env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def receivers(told: Told) -> Iterator[str]:
    """A mail server and a web hook that note what they are told; their addresses."""
    hook = Hook(told)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    mail = Controller(Mailbox(told), hostname="127.0.0.1", port=port)
    mail.start()
    try:
        yield f"mailto://127.0.0.1:{port}?from=gvrc@example.org&to=ops@example.org&mode=insecure json://127.0.0.1:{hook.server_port}/hook"
    finally:
        mail.stop()
        hook.shutdown()
        hook.server_close()


class Mailbox:
    """What the mail server took."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (the library's name)
        body = message_from_bytes(envelope.content, policy=policy.default).get_body(("plain", "html"))
        self._told.append(("mail", body.get_content() if body is not None else "", time.time()))
        return "250 kept"


class Hook(ThreadingHTTPServer):
    """A chat's web hook."""

    def __init__(self, told: Told) -> None:
        self.told = told
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    """Takes what it is told."""

    server: Hook

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.told.append(("hook", said["message"], time.time()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""
