"""What the API alone and the application do with clients that come in crowds, dawdle, or never read: real processes, real sockets."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from gvrc import accounts, tokens
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui.gate import SESSION_COOKIE
from tests.api.test_server import SCRAPE, eventually

MOST = 12
COMMANDS = {"": ["gvrc", "serve"], "/api": ["gvrc.ui.server"]}
"""Where the API lies on each server, and how the server is started."""


@pytest.fixture(params=COMMANDS, ids=["the API alone", "the application"])
def served(request: pytest.FixtureRequest, settings: Settings, database: Database, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A server of little patience and few connections: `port`, `api` (where the API lies on it), `process`."""
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_API_PORT": "0", "GVRC_PORT": "0", "GVRC_API_WORKERS": "1", "GVRC_METRICS_TOKEN": "scrape-me", "GVRC_API_CONNECTIONS": str(MOST),
        "GVRC_API_HEAD_SECONDS": "2", "GVRC_API_READ_SECONDS": "1",
    }
    output = tmp_path / "server.out"
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", *COMMANDS[request.param]], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        found = eventually(lambda: re.search(r"http://\S+:(\d+)", output.read_text()), 90)
        port = int(found[1])  # type: ignore[index]
        eventually(lambda: answers(port), 90)
        yield SimpleNamespace(port=port, api=request.param, process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def refused(served: SimpleNamespace, reason: str, over: http.client.HTTPConnection | None = None) -> float:
    """How many connections the server says it sent away for this reason."""
    connection = over or http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request("GET", f"{served.api}/metrics", headers=SCRAPE)
    found = re.search(rf'gvrc_api_refused_connections_total{{reason="{reason}"}} (\S+)', connection.getresponse().read().decode())
    return float(found[1]) if found else 0.0


def connection_to(served: SimpleNamespace) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=30)


def is_held(served: SimpleNamespace, client: socket.socket) -> bool:
    """Whether the server still has its end of this connection."""
    return client.getsockname() in [found.raddr for found in psutil.Process(served.process.pid).net_connections() if found.raddr]


def test_a_server_keeps_who_it_can_and_sends_away_who_costs_the_others(served: SimpleNamespace, database: Database, admin: Actor) -> None:
    a_crowd_is_told_503_and_counted(served)
    who_never_reads_is_cut_off_while_others_are_served(served, tokens.add_token(database, admin, label="deaf", role=Role.VIEWER).token)
    heads_that_drip_or_never_end_are_ended(served)
    if served.api:
        assert "gvrc_api_request_seconds" in httpx.get(f"http://127.0.0.1:{served.port}/metrics", headers=SCRAPE, timeout=30).text
        a_signed_in_person_stays_connected_and_a_form_that_drips_is_refused(served, database, admin)
    assert answers(served.port)
    assert served.process.poll() is None


def a_crowd_is_told_503_and_counted(served: SimpleNamespace) -> None:
    with ExitStack() as held:
        crowd = [http.client.HTTPConnection("127.0.0.1", served.port, timeout=30) for _ in range(MOST)]
        for connection in crowd:  # each asks once, and so may idle for a while
            held.callback(connection.close)
            connection.request("GET", "/health")
            assert connection.getresponse().read()
        for _ in range(3):
            with connection_to(served) as late:
                late.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
                told = late.recv(4096)
                assert told.startswith(b"HTTP/1.1 503 ")
                assert b"retry-after: 5" in told
                assert late.recv(4096) == b""
        assert refused(served, "too_many", crowd[0]) == 3
    eventually(lambda: answers(served.port))


def who_never_reads_is_cut_off_while_others_are_served(served: SimpleNamespace, token: str) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", served.port))
        deaf.sendall(f"GET {served.api}/openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n".encode() * 400)
        eventually(lambda: refused(served, "slow_reader") == 1, 60)  # each look is an answer to somebody else
        assert not is_held(served, deaf)


def heads_that_drip_or_never_end_are_ended(served: SimpleNamespace) -> None:
    with connection_to(served) as dripping, connection_to(served) as endless, connection_to(served) as nowhere:
        dripping.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ")
        endless.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 400_000)
        assert endless.recv(4096).startswith(b"HTTP/1.1 431 ")
        nowhere.sendall(b"GET /" + b"a" * 400_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert nowhere.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert dripping.recv(4096).startswith(b"HTTP/1.1 408 ")
        eventually(lambda: (refused(served, "slow_head"), refused(served, "large_head")) == (1, 2))
        eventually(lambda: not is_held(served, endless) and not is_held(served, nowhere))


def a_signed_in_person_stays_connected_and_a_form_that_drips_is_refused(served: SimpleNamespace, database: Database, admin: Actor) -> None:
    password = "a long sentence nobody guesses"
    accounts.add_user(database, admin, username="amina", role=Role.VIEWER, password=password, display_name="Amina")
    cookie = f"{SESSION_COOKIE}={accounts.sign_in(database, 'amina', password)}"
    with connect(f"ws://127.0.0.1:{served.port}/_stcore/stream", additional_headers={"cookie": cookie}, origin=f"http://127.0.0.1:{served.port}") as desk:  # type: ignore[arg-type]
        time.sleep(3)  # longer than a head may take
        assert desk.ping().wait(30)
    with connection_to(served) as slow:
        slow.sendall(b"POST /auth/setup HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 500\r\n\r\nusername=a")
        assert slow.recv(4096).startswith(b"HTTP/1.1 403 ")
