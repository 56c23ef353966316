"""`gvrc scheduler` in a process of its own: a due REST source is pulled and run, a failed run is told in the chat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import text

from gvrc import pipeline
from gvrc.model.access import Actor
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

PLACES = [{"name": f"Msambweni Clinic {n}", "county": "Kwale", "phone": f"+25470000{n:04d}", "type": "dispensary"} for n in range(5)]


class World(ThreadingHTTPServer):
    """A REST source and a chat in one."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    server: World

    def do_GET(self) -> None:
        body = json.dumps({"results": PLACES, "next": None}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def wait_for(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come")


def test_the_scheduler_pulls_what_is_due_and_tells_what_broke(settings: Settings, database: Database, admin: Actor, tmp_path: Path) -> None:
    world = World()
    threading.Thread(target=world.serve_forever, daemon=True).start()
    pipeline.set_up_source(database, admin, "ministry", f"http://127.0.0.1:{world.server_port}/facilities")
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_ALERT_CHANNELS": f"json://127.0.0.1:{world.server_port}/hook", "GVRC_ALERT_SECONDS": "0.5",
    }
    with (tmp_path / "scheduler.out").open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "gvrc", "scheduler", "--as", admin.username], cwd=PROJECT_DIR, env=environment, stdout=output, stderr=output)

    def one(query: str) -> Any:
        with database.read() as conn:
            return conn.execute(text(query)).scalar()

    try:
        wait_for(lambda: one("SELECT count(*) FROM ops.schedules WHERE source = 'ministry' AND cron = '0 2 * * *'"))
        with database.unit_of_work() as conn:
            conn.execute(text("UPDATE ops.schedules SET next_run_at = now() - interval '2 days'"))
            conn.execute(text("INSERT INTO ops.etl_runs (status, started_by, started_at, ended_at, error) VALUES ('failed', 't', now(), now(), 'The disk was full.')"))
        run_id = wait_for(lambda: one("SELECT last_run_id FROM ops.schedules WHERE last_outcome = 'done'"))
        wait_for(lambda: one(f"SELECT status = 'done' AND records_processed = {len(PLACES)} FROM ops.etl_runs WHERE run_id = {run_id}"))
        wait_for(lambda: world.told)
        wait_for(lambda: one("SELECT count(*) FROM ops.observations WHERE name = 'audit chain' AND status = 'ok'"))
        assert [said["message"] for said in world.told if "disk was full" in said["message"]] != []
        assert one("SELECT count(*) FROM ops.schedules WHERE next_run_at > now()") == 1
    finally:
        process.terminate()
        process.wait(timeout=30)
        world.shutdown()
        world.server_close()
    assert "Traceback" not in (tmp_path / "scheduler.out").read_text(encoding="utf-8", errors="replace")
