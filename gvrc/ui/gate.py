"""The gate before Streamlit: who has no live sign-in meets the sign-in page and nothing else.

Pure ASGI, so that it also stands before the websocket, uploads, media and the metrics. A few exact paths are open: the sign-in and set-up
pages, their style sheet, and what the API answers for itself: `/health`, `/metrics`, `/api/`. Every answer leaves with the content security policy and its companions.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import quote

import structlog
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gvrc.errors import GvrcError

SESSION_COOKIE = "gvrc_session"
SIGN_IN_PATH = "/auth/sign-in"
SET_UP_PATH = "/auth/setup"
STYLE_PATH = "/auth/style.css"
FONT_PATH = "/auth/font.woff2"
API_PATH = "/api"
HEALTH_PATH = "/health"
METRICS_PATH = "/metrics"
OIDC_START_PATH = "/auth/oidc/start"
OIDC_CALLBACK_PATH = "/auth/oidc/callback"
OIDC_LOGOUT_PATH = "/auth/oidc/logout"
OPEN_PATHS = frozenset({
    SIGN_IN_PATH, SET_UP_PATH, STYLE_PATH, FONT_PATH, OIDC_START_PATH, OIDC_CALLBACK_PATH, OIDC_LOGOUT_PATH, HEALTH_PATH, METRICS_PATH,
})
"""The last two are the API's; it asks for its tokens itself, as everything under `/api` does."""
FRONT_END = "/static/"
FRONT_END_MEMORY_SECONDS = 5.0

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_log = structlog.get_logger("gate")


def page_policy(index_html: bytes) -> str:
    """The content security policy of Streamlit's own page: its one inline script is allowed by its hash, nothing is evaluated,
    nothing comes from or goes to another host."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in _INLINE_SCRIPT.findall(index_html))
    return (
        f"default-src 'self'; script-src 'self' {hashes} 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
    )


def streamlit_page() -> bytes:
    """Streamlit's index page as installed."""
    import streamlit

    return (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()


def session_token(headers: Headers) -> str | None:
    """The token in the session cookie of a request, None without one."""
    cookies = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return None
    morsel = cookies.get(SESSION_COOKIE)
    return morsel.value if morsel is not None and morsel.value else None


class Gate:
    """ASGI middleware. `is_signed_in` answers for a token and is called in a thread; it raises a GvrcError when the database is away,
    which `trouble` turns into a page. `policy` is the content security policy of the pages behind the gate."""

    def __init__(self, app: ASGIApp, *, is_signed_in: Callable[[str], bool], trouble: Callable[[GvrcError], Response], policy: str) -> None:
        self._app = app
        self._is_signed_in = is_signed_in
        self._trouble = trouble
        self._policy = policy
        self._lately_signed_in: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, self._guarded(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN_PATHS or scope["path"].startswith(f"{API_PATH}/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            signed_in = await self._admits(session_token(headers), scope["path"])
        except GvrcError as error:
            page = await to_thread.run_sync(self._trouble, error)
            await page(scope, receive, send)
            return
        if signed_in:
            await self._app(scope, receive, send)
        else:
            await _to_sign_in(scope, headers)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            signed_in = await self._admits(session_token(Headers(scope=scope)), scope["path"])
        except GvrcError as error:
            _log.warning("socket_refused", why=error.detail)
            signed_in = False
        if signed_in:
            await self._app(scope, receive, send)
        else:
            await receive()  # the handshake; closing before accepting answers it with 403
            await send({"type": "websocket.close", "code": 1008, "reason": "sign-in required"})

    async def _admits(self, token: str | None, path: str) -> bool:
        """Whether the token belongs to a live sign-in. The front end's own files, some eighty on a first visit, share one answer for
        a few seconds; everything else asks the database each time."""
        if token is None:
            return False
        now = time.monotonic()
        if path.startswith(FRONT_END) and self._lately_signed_in.get(token, 0.0) > now:
            return True
        signed_in = await to_thread.run_sync(self._is_signed_in, token)
        if signed_in:
            self._lately_signed_in = {known: until for known, until in self._lately_signed_in.items() if until > now}
            self._lately_signed_in[token] = now + FRONT_END_MEMORY_SECONDS
        else:
            self._lately_signed_in.pop(token, None)
        return signed_in

    def _guarded(self, send: Send) -> Send:
        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", self._policy)
                headers["x-content-type-options"] = "nosniff"
                headers["x-frame-options"] = "DENY"
                headers["referrer-policy"] = "same-origin"
                headers["cross-origin-opener-policy"] = "same-origin"
                headers["permissions-policy"] = "camera=(), geolocation=(), microphone=()"
            await send(message)

        return guarded_send


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    """A person's browser is led to the sign-in page and back; everything else is told that it may not."""
    is_navigation = scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", "")
    if not is_navigation:
        return PlainTextResponse("Sign in first.\n", status_code=401, headers={"cache-control": "no-store"})
    wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    target = SIGN_IN_PATH if wanted == "/" else f"{SIGN_IN_PATH}?next={quote(wanted, safe='')}"
    return RedirectResponse(target, status_code=303, headers={"cache-control": "no-store"})
