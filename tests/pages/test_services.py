"""Everything that keeps watch, together, on real servers: `gvrc scheduler`, `gvrc serve`, a paged REST source, a mail server, a chat, and the log page."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from gvrc import pipeline, tokens
from gvrc.model.access import Actor, Role
from gvrc.pipeline.heartbeat import HUNG
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from tests.operations.test_alerts import Chat, Mailbox
from tests.sources.test_rest import Answer, Server, good
from tests.test_tracing import Receiver

PAGES, PER_PAGE = 3, 5
SCRAPE = {"authorization": "Bearer scrape-me"}
SECRETS = ("Wanjiru", "700000963", "gvrc_guess", "scrape-me")
"""What callers say and show, and no log may keep."""


def clinics(_path: str, query: dict[str, list[str]], _n: int) -> Answer:
    """A page of the ministry's list, which names the next."""
    page = int(query.get("page", ["1"])[0])
    rows = [{"name": f"Msambweni Clinic {page * 100 + n}", "county": "Kwale", "phone": f"+2547001{page:02d}{n:03d}", "type": "dispensary"} for n in range(PER_PAGE)]
    return good({"next": f"/list?page={page + 1}" if page < PAGES else None, "results": rows})


@pytest.fixture
def world() -> Iterator[SimpleNamespace]:
    """`source`, `chat`, `mailbox`, the `channels` that lead to the last two, and a `collector` of traces."""
    source, chat, mailbox, collector = Server(clinics), Chat(), Mailbox(), Receiver()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    mail = Controller(mailbox, hostname="127.0.0.1", port=port)
    mail.start()
    for server in (source, chat, collector):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    channels = f"mailto://127.0.0.1:{port}?from=gvrc@example.org&to=ops@example.org&mode=insecure json://127.0.0.1:{chat.server_port}/hook"
    yield SimpleNamespace(source=source, chat=chat, mailbox=mailbox, channels=channels, collector=collector)
    mail.stop()
    for server in (source, chat, collector):
        server.shutdown()
        server.server_close()


def environment(settings: Settings, **more: str) -> dict[str, str]:
    return os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_METRICS_TOKEN": "scrape-me",
    } | more


@contextmanager
def running(output: Path, arguments: list[str], surroundings: dict[str, str]) -> Iterator[None]:
    """A command in a process of its own, which is still alive at the end and complained of nothing."""
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc", *arguments], cwd=PROJECT_DIR, env=surroundings, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert "Traceback" not in output.read_text(encoding="utf-8", errors="replace")


def wait_for(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 90
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return found


def test_what_is_due_is_pulled_what_breaks_is_told_and_all_of_it_is_measured_and_logged(
    world: SimpleNamespace, settings: Settings, database: Database, admin: Actor, tmp_path: Path, sign_in_as: Callable[[Role], Actor], open_page: Callable[..., AppTest],
    rows_of: Callable[[AppTest, str], list[dict[str, str]]],
) -> None:
    def one(query: str) -> Any:
        with database.read() as conn:
            return conn.execute(text(query)).scalar()

    pipeline.set_up_source(database, admin, "ministry", f"{world.source.url}/list", requests_per_second=100)
    with ExitStack() as services:
        surroundings = environment(settings, GVRC_ALERT_CHANNELS=world.channels, GVRC_ALERT_SECONDS="0.5", GVRC_API_PORT="0", GVRC_API_WORKERS="1", GVRC_OTLP_ENDPOINT=f"http://127.0.0.1:{world.collector.server_port}")
        services.enter_context(running(tmp_path / "scheduler.out", ["scheduler", "--as", admin.username], surroundings))
        services.enter_context(running(tmp_path / "api.out", ["serve"], surroundings))
        run_id = a_due_source_is_pulled_page_by_page(world, database, one)
        broken = a_run_breaks(database, settings, admin, tmp_path)
        it_is_told_once_by_mail_and_chat(world, one, broken)
        api = wait_for(lambda: re.search(r"http://\S+", (tmp_path / "api.out").read_text()))[0]
        engineer = tokens.add_token(database, admin, label="engineer", role=Role.DATA_ENGINEER).token
        the_api_tells_it_and_what_callers_say_stays_between_them(api, engineer, run_id, broken)
        it_is_measured(api)
        it_is_traced(world, engineer, run_id)
    lines = every_line_is_json_with_its_run_stage_user_and_request(settings, admin, run_id, broken)
    assert not [mark for mark in (*SECRETS, engineer) if mark in lines]
    sign_in_as(Role.DATA_ENGINEER)
    page = open_page("operations", watch="Logs", run=str(run_id))
    assert not page.exception
    lines_shown = rows_of(page, "log_lines")
    assert {"run started", "stage done", "run ended", "source pulled"} <= {line["What happened"] for line in lines_shown}
    assert {line["Run"] for line in lines_shown} == {str(run_id)}


def a_due_source_is_pulled_page_by_page(world: SimpleNamespace, database: Database, one: Callable[[str], Any]) -> int:
    wait_for(lambda: one("SELECT count(*) FROM ops.schedules WHERE source = 'ministry' AND cron = '0 2 * * *'"))
    with database.unit_of_work() as conn:
        conn.execute(text("UPDATE ops.schedules SET next_run_at = now() - interval '2 days'"))
    run_id = int(wait_for(lambda: one("SELECT last_run_id FROM ops.schedules WHERE last_outcome = 'done'")))
    wait_for(lambda: one(f"SELECT status = 'done' AND records_processed = {PAGES * PER_PAGE} FROM ops.etl_runs WHERE run_id = {run_id}"))
    assert world.source.asked == ["/list", "/list?page=2", "/list?page=3"]  # two missed days are caught up by one pull
    assert one("SELECT count(*) FROM ops.schedules WHERE next_run_at > now()") == 1
    wait_for(lambda: one("SELECT count(*) FROM ops.observations WHERE name = 'audit chain' AND status = 'ok'"))
    return run_id


def a_run_breaks(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> int:
    """Its worker waits for a table longer than it may."""
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{"name": "Kinango Dispensary", "county": "Kwale"}]))
    (received,) = pipeline.receive(database, settings, admin, [path])
    assert received.file_id is not None
    run_id = pipeline.start(database, settings, admin, [received.file_id])
    with database.owner_unit_of_work() as conn:
        conn.execute(text("LOCK TABLE staging.records IN ACCESS EXCLUSIVE MODE"))
        surroundings = environment(settings, GVRC_TIMEOUT_SECONDS="1", GVRC_HEARTBEAT_SECONDS="0.2")
        assert subprocess.run([sys.executable, "-m", "gvrc.worker", str(run_id)], cwd=PROJECT_DIR, env=surroundings, timeout=60, check=False).returncode == HUNG
    return run_id


def it_is_told_once_by_mail_and_chat(world: SimpleNamespace, one: Callable[[str], Any], broken: int) -> None:
    def told() -> tuple[int, int]:
        words = f"Run {broken} failed"
        mails = [mail.get_body(("plain", "html")).get_content() for mail in world.mailbox.mails]
        return sum(words in mail for mail in mails), sum(words in said["message"] for said in world.chat.told)

    wait_for(lambda: told() == (1, 1))
    for _ in range(3):  # the breach goes on, and the scheduler looks again
        seen = one("SELECT observed_at FROM ops.observations WHERE name = 'scheduler'")
        wait_for(lambda seen=seen: one("SELECT observed_at FROM ops.observations WHERE name = 'scheduler'") > seen)
    assert told() == (1, 1)
    assert one("SELECT count(*) FROM ops.alerts WHERE rule = 'run_failed' AND delivered_at IS NOT NULL AND tries = 1") == 1


def the_api_tells_it_and_what_callers_say_stays_between_them(api: str, token: str, run_id: int, broken: int) -> None:
    caller = httpx.Client(base_url=api, headers={"authorization": f"Bearer {token}"}, timeout=60)
    stats = caller.get("/stats", headers={"x-request-id": "ask-1"}).json()
    assert (stats["run_count"], stats["total_records_processed"]) == (2, PAGES * PER_PAGE)
    assert stats["last_failure_reason"].startswith(f"Run {broken} stopped: the chunk after row 0 of list.json took longer")
    assert stats["last_success"] < stats["last_failure"]
    assert caller.get("/data", params={"q": "Amina Wanjiru +254700000963"}, headers={"x-request-id": "ask-2"}).json()["total"] == 0
    assert caller.get("/reconcile/suggest/entity", params={"prefix": "Wanjiru"}, headers={"x-request-id": "ask-3"}).status_code == 200
    assert httpx.get(f"{api}/facilities/Wanjiru", headers={"authorization": "Bearer gvrc_guess", "x-request-id": "ask-4"}, timeout=60).status_code == 401
    assert httpx.get(f"{api}/nowhere/Wanjiru", headers={"x-request-id": "ask-5"}, timeout=60).status_code == 404


def it_is_measured(api: str) -> None:
    def scraped() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        told = httpx.get(f"{api}/metrics", headers=SCRAPE, timeout=60)
        assert told.status_code == 200
        return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(told.text) for s in family.samples}

    wait_for(lambda: scraped().get(("gvrc_alerts_total", (("rule", "run_failed"),))) == 1)
    found = scraped()
    assert (found["gvrc_runs", (("status", "done"),)], found["gvrc_runs", (("status", "failed"),)]) == (1, 1)
    assert found["gvrc_stage_rows_total", (("direction", "in"), ("stage", "extract"))] >= PAGES * PER_PAGE
    assert found["gvrc_alerts_undelivered", ()] == 0
    assert found["gvrc_observation_ok", (("name", "scheduler"),)] == 1
    assert found["gvrc_schedule_last_run_timestamp_seconds", (("source", "ministry"),)] > time.time() - 3600
    assert found["gvrc_api_request_seconds_count", (("method", "GET"), ("route", "/data"), ("status", "200"))] == 1
    assert found["gvrc_database_up", ()] == 1


def it_is_traced(world: SimpleNamespace, engineer: str, run_id: int) -> None:
    def spans() -> set[tuple[str, str, str]]:
        sent = [ExportTraceServiceRequest.FromString(body) for _path, body in world.collector.bodies]
        attributes = [
            (service.resource.attributes, span.attributes) for request in sent for service in request.resource_spans for scope in service.scope_spans for span in scope.spans
        ]
        told = [({a.key: a.value.string_value for a in of_service}, {a.key: a.value.string_value or str(a.value.int_value) for a in of_span}) for of_service, of_span in attributes]
        return {(service["service.name"], span.get("stage") or span.get("route", ""), span.get("run_id") or span.get("status", "")) for service, span in told}

    wanted = {("gvrc-worker", stage, str(run_id)) for stage in ("extract", "validate to enrich", "dedupe", "score")} | {("gvrc-api", "/data", "200"), ("gvrc-api", "unknown", "404")}
    wait_for(lambda: wanted <= spans())
    assert not [mark for mark in (*SECRETS, engineer) for _path, body in world.collector.bodies if mark.encode() in body]


def every_line_is_json_with_its_run_stage_user_and_request(settings: Settings, admin: Actor, run_id: int, broken: int) -> str:
    """Returns all of it as text."""
    files = {name: (settings.logs_dir / name / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("etl", "processing", "errors")}
    etl, processing, errors = ([json.loads(line) for line in files[name].splitlines()] for name in files)
    assert {"at", "level", "logger", "event", "process", "environment"} <= set.intersection(*(set(line) for line in (*etl, *processing, *errors)))
    of_run = [line for line in etl if line.get("run_id") == run_id]
    assert {line["user"] for line in of_run if line["event"] != "source pulled"} == {admin.username}
    assert [line["stage"] for line in of_run if line["event"] == "stage done"] == ["extract", "validate", "transform", "geomap", "enrich", "dedupe", "score"]
    assert any(line.get("run_id") == broken and line["level"] == "error" for line in errors)
    asked = {f"ask-{n}": [line for line in processing if line.get("request_id") == f"ask-{n}"] for n in range(1, 6)}
    assert [len(lines) for lines in asked.values()] == [1] * 5, "one line per request"
    assert {name: (line["event"], line["route"], line["status"], line["user"].partition(":")[0]) for name, (line,) in asked.items()} == {
        "ask-1": ("request", "/stats", 200, "token"), "ask-2": ("request", "/data", 200, "token"), "ask-3": ("request", "/reconcile/suggest/entity", 200, "token"),
        "ask-4": ("request", "/facilities/{facility}", 401, ""), "ask-5": ("request", "unknown", 404, ""),
    }
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in settings.logs_dir.rglob("*") if path.is_file())
