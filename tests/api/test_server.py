"""`gvrc serve` with two workers, as a careless or hostile network meets it: the service stays up and says what it refuses."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
from sqlalchemy import text

from gvrc import tokens
from gvrc.api.limits import SharedCounts
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

SCRAPE = {"authorization": "Bearer scrape-me"}


@pytest.fixture
def served(settings: Settings, database: Database, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The server: `address`, `port`, `process`."""
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_API_PORT": "0", "GVRC_API_WORKERS": "2", "GVRC_API_RATE_LIMIT": "40/hour", "GVRC_API_FAILED_TOKENS_LIMIT": "10/hour", "GVRC_METRICS_TOKEN": "scrape-me",
        "GVRC_API_HEAD_SECONDS": "3",
    }
    output = tmp_path / "api.out"
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc", "serve"], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        address = str(eventually(lambda: re.search(r"http://\S+", output.read_text()), 90)[0])
        eventually(lambda: len(workers(process)) == 2 and httpx.get(f"{address}/openapi.json", headers=SCRAPE, timeout=60).status_code == 401, 90)
        yield SimpleNamespace(address=address, port=int(address.rpartition(":")[2]), process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def eventually(look: Callable[[], object], seconds: float = 30) -> object:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    living = [child for child in psutil.Process(process.pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "spawn_main" in " ".join(child.cmdline())]


def answered(address: str, path: str, status: int) -> float:
    """How many requests of this route and status all workers together say they answered."""
    told = httpx.get(f"{address}/metrics", headers=SCRAPE, timeout=30).text
    found = re.search(rf'^gvrc_api_request_seconds_count{{method="GET",route="{path}",status="{status}"}} (\S+)$', told, re.MULTILINE)
    return float(found[1]) if found else 0.0


def sent_away(address: str) -> float:
    """How many connections all workers together sent away because no head came."""
    found = re.search(r'gvrc_api_refused_connections_total{reason="slow_head"} (\S+)', httpx.get(f"{address}/metrics", headers=SCRAPE, timeout=30).text)
    return float(found[1]) if found else 0.0


def asked_anew(address: str, path: str, token: str) -> int:
    """The status of an answer over a connection of its own, so that any worker may give it."""
    return httpx.get(f"{address}{path}", headers={"authorization": f"Bearer {token}"}, timeout=30).status_code


def test_it_stays_up_and_says_what_it_refuses(served: SimpleNamespace, database: Database, admin: Actor) -> None:
    slow_and_idle_connections_and_rubbish_are_sent_away(served, database, admin)
    workers_count_together_are_measured_together_and_the_one_that_dies_is_replaced(served, database, admin)


def workers_count_together_are_measured_together_and_the_one_that_dies_is_replaced(served: SimpleNamespace, database: Database, admin: Actor) -> None:
    viewer = tokens.add_token(database, admin, label="flood", role=Role.VIEWER).token
    with ThreadPoolExecutor(8) as crowd:
        statuses = list(crowd.map(lambda _: asked_anew(served.address, "/data", viewer), range(60)))
        guesses = list(crowd.map(lambda n: asked_anew(served.address, "/stats", f"gvrc_guess{n}"), range(20)))
    assert (statuses.count(200), statuses.count(429)) == (40, 20)
    assert set(guesses) == {401, 429}
    assert guesses.count(401) <= 10
    eventually(lambda: answered(served.address, "/data", 200) == 40 and answered(served.address, "/data", 429) == 20)
    before = {worker.pid for worker in workers(served.process)}
    os.kill(min(before), signal.SIGKILL)
    after = eventually(lambda: len(found := {worker.pid for worker in workers(served.process)} - {min(before)}) == 2 and found, 60)
    assert isinstance(after, set)
    assert len(after - before) == 1
    eventually(lambda: answered(served.address, "/data", 200) == 40)  # what the dead one counted is not forgotten
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM facilities")).scalar_one() == 0
    served.process.kill()  # its workers must not go on and keep the port
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in after), 60)


def slow_and_idle_connections_and_rubbish_are_sent_away(served: SimpleNamespace, database: Database, admin: Actor) -> None:
    def connection() -> socket.socket:
        return socket.create_connection(("127.0.0.1", served.port), timeout=30)

    with ExitStack() as held:
        idle = [held.enter_context(connection()) for _ in range(1500)]
        dripping, body, unread = (held.enter_context(connection()) for _ in range(3))
        dripping.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ")
        engineer = tokens.add_token(database, admin, label="slow", role=Role.DATA_ENGINEER).token.encode()
        body.sendall(b"POST /reconcile HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + engineer + b"\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n{")
        unread.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + engineer + b"\r\n\r\n")
        assert httpx.get(f"{served.address}/health", timeout=30).json()["status"] in ("healthy", "degraded")
        for line in (b"\x00\xff\x16\x03\x01" * 50, b"GET " + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", b"G\r\n\r\n", b"POST /reconcile HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"):
            with connection() as rubbish:
                rubbish.sendall(line)
        time.sleep(1)
        dripping.sendall(b"a")
        assert dripping.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert body.recv(4096).startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 422 ", b"HTTP/1.1 400 "))
        assert idle[0].recv(4096).startswith(b"HTTP/1.1 408 ")
        assert unread.recv(4096).startswith(b"HTTP/1.1 200")
        eventually(lambda: sent_away(served.address) > 1000)
    assert httpx.get(f"{served.address}/health", timeout=30).status_code == 200
    assert len(workers(served.process)) == 2


def test_two_counters_over_one_file_count_as_one_and_a_new_window_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [6_000_000.0]
    monkeypatch.setattr("gvrc.api.limits.time.time", lambda: now[0])
    one, other = SharedCounts(tmp_path / "counts"), SharedCounts(tmp_path / "counts")
    assert [counter.acquire_sliding_window_entry("a", 5, 60) for counter in (one, other, one, other, one, other)] == [True] * 5 + [False]
    assert other.acquire_sliding_window_entry("b", 5, 60)
    assert one.get_sliding_window("a", 60)[2] == 5
    now[0] += 90  # half of the next window: half of the last one's still counts
    assert one.get_sliding_window("a", 60)[:3:2] == (5, 0)
    assert [other.acquire_sliding_window_entry("a", 5, 60) for _ in range(4)] == [True] * 3 + [False]
    now[0] += 120
    assert one.get_sliding_window("a", 60)[:3:2] == (0, 0)
    assert sum(one.acquire_sliding_window_entry(f"name {n}", 1, 60) for n in range(20_000)) == 20_000  # more names than slots: the quiet ones make room
