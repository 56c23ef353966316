"""The gate before Streamlit: signed out, every path and socket shows nothing but the way to the sign-in."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gvrc.errors import DatabaseUnavailable, GvrcError
from gvrc.ui.gate import OPEN_PATHS, SESSION_COOKIE, Gate, page_policy, streamlit_page

SECRET = "what is behind the gate"
LIVE_TOKEN = "live-token"
CLOSED_PATHS = (
    "/", "/home", "/upload", "/review", "/duplicates", "/records", "/commit", "/registry", "/runs", "/nothing-of-the-kind",
    "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/a/b", "/_stcore/agent/openapi.json", "/media/a.csv",
    "/static/js/index.js", "/component/x/index.html", "/app/static/x", "/auth/login", "/auth/logout", "/oauth2callback", "/favicon.png", "/auth/", "/health/",
)


class Behind:
    """The application behind the gate; remembers what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["path"])
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        await PlainTextResponse(SECRET)(scope, receive, send)


class Doorman:
    """Knows one live token; counts how often it is asked; may be unable to answer."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.live = {LIVE_TOKEN}

    def __call__(self, token: str) -> bool:
        self.asked += 1
        if self.is_away:
            raise DatabaseUnavailable("The database does not answer.", "Start it.")
        return token in self.live


def trouble(error: GvrcError) -> PlainTextResponse:
    return PlainTextResponse(f"{error.detail} {error.hint}", status_code=error.http_status)


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def doorman() -> Doorman:
    return Doorman()


@pytest.fixture
def gate(behind: Behind, doorman: Doorman) -> Gate:
    return Gate(behind, is_signed_in=doorman, trouble=trouble, policy=page_policy(streamlit_page()))


def client(gate: Gate, token: str | None = None) -> httpx.AsyncClient:
    cookies = {SESSION_COOKIE: token} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://gvrc.test", cookies=cookies)


def run(coroutine: object) -> object:
    import asyncio

    return asyncio.run(coroutine)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", CLOSED_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("token", [None, "dead-token"])
def test_signed_out_nothing_behind_the_gate_is_reached(gate: Gate, behind: Behind, path: str, method: str, token: str | None) -> None:
    async def ask() -> httpx.Response:
        async with client(gate, token) as browser:
            return await browser.request(method, path)

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert behind.reached == []


@pytest.mark.parametrize("path", ["/", "/registry?facility=3", "/_stcore/metrics"])
def test_a_browser_that_is_signed_out_is_led_to_the_sign_in_and_back(gate: Gate, behind: Behind, path: str) -> None:
    async def ask() -> httpx.Response:
        async with client(gate) as browser:
            return await browser.get(path, headers={"accept": "text/html,*/*"})

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/auth/sign-in")
    assert behind.reached == []


def test_the_sign_in_leads_back_to_the_page_that_was_asked_for(gate: Gate) -> None:
    async def ask() -> httpx.Response:
        async with client(gate) as browser:
            return await browser.get("/records?run=7&state=held", headers={"accept": "text/html"})

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.headers["location"] == "/auth/sign-in?next=%2Frecords%3Frun%3D7%26state%3Dheld"


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
def test_the_sign_in_its_style_and_the_health_are_open(gate: Gate, behind: Behind, path: str) -> None:
    async def ask() -> httpx.Response:
        async with client(gate) as browser:
            return await browser.get(path)

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 200
    assert behind.reached == [path]


def test_a_live_sign_in_opens_the_gate_and_a_signed_out_one_closes_it_at_once(gate: Gate, doorman: Doorman) -> None:
    async def ask() -> tuple[int, int]:
        async with client(gate, LIVE_TOKEN) as browser:
            before = await browser.get("/upload")
            doorman.live.clear()
            after = await browser.get("/upload")
            return before.status_code, after.status_code

    assert run(ask()) == (200, 401)


def test_the_front_ends_own_files_share_one_answer_for_a_moment(gate: Gate, doorman: Doorman) -> None:
    async def ask() -> None:
        async with client(gate, LIVE_TOKEN) as browser:
            for number in range(20):
                await browser.get(f"/static/js/{number}.js")

    run(ask())
    assert doorman.asked == 1


def websocket_scope(token: str | None) -> Scope:
    headers = [(b"host", b"gvrc.test"), *([(b"cookie", f"{SESSION_COOKIE}={token}".encode())] if token else [])]
    return {"type": "websocket", "path": "/_stcore/stream", "headers": headers, "query_string": b"", "subprotocols": ["streamlit"]}


def shake_hands(gate: Gate, token: str | None) -> list[str]:
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    run(gate(websocket_scope(token), receive, send))  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize("token", [None, "", "dead-token", "live-token-and-more"])
def test_a_socket_without_a_live_sign_in_is_refused(gate: Gate, behind: Behind, token: str | None) -> None:
    assert shake_hands(gate, token) == ["websocket.close"]
    assert behind.reached == []


def test_a_socket_with_a_live_sign_in_is_accepted(gate: Gate) -> None:
    assert shake_hands(gate, LIVE_TOKEN) == ["websocket.accept"]


def test_a_socket_is_refused_while_the_database_is_away(gate: Gate, doorman: Doorman, behind: Behind) -> None:
    doorman.is_away = True
    assert shake_hands(gate, LIVE_TOKEN) == ["websocket.close"]
    assert behind.reached == []


def test_a_database_that_is_away_is_told_with_a_hint_and_not_as_signed_out(gate: Gate, doorman: Doorman, behind: Behind) -> None:
    doorman.is_away = True

    async def ask() -> httpx.Response:
        async with client(gate, LIVE_TOKEN) as browser:
            return await browser.get("/", headers={"accept": "text/html"})

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 503
    assert "Start it." in answer.text
    assert behind.reached == []


def test_every_answer_carries_the_policy_and_its_companions(gate: Gate) -> None:
    async def ask() -> httpx.Response:
        async with client(gate, LIVE_TOKEN) as browser:
            return await browser.get("/")

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    policy = answer.headers["content-security-policy"]
    assert "'unsafe-eval'" not in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_policy_allows_exactly_the_inline_script_of_the_installed_streamlit() -> None:
    page = streamlit_page()
    script = page.partition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    assert f"'sha256-{digest}'" in page_policy(page)
    assert page_policy(page).count("sha256-") == page.count(b"<script>")
    assert "'unsafe-inline'" not in page_policy(page).partition("script-src")[2].partition(";")[0]


@pytest.mark.parametrize("cookie", ["gvrc_session", "=;;;", "gvrc_session=\x00", 'gvrc_session="' + "x" * 5000, "a=b; gvrc_session"])
def test_a_broken_cookie_is_no_sign_in(gate: Gate, behind: Behind, cookie: str) -> None:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://gvrc.test") as browser:
            return await browser.get("/", headers={"cookie": cookie})

    answer = run(ask())
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 401
    assert behind.reached == []
