"""What every request passes: a request id, one line in the log, its time in the metrics, its span in the traces. Pure ASGI."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import ExitStack

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gvrc import tracing
from gvrc.operations import metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("gvrc.api")


class Entrance:
    """Log lines and metrics name the route (`/facilities/{facility}`), never the address as it was called: that may hold a name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send)
        with ExitStack() as stack:
            stack.enter_context(structlog.contextvars.bound_contextvars(request_id=passage.request_id, user=""))
            span = stack.enter_context(tracing.span("request", request_id=passage.request_id, method=scope["method"]))
            try:
                await self._app(scope, receive, passage.send)
            finally:
                span.set_attributes({"route": passage.route, "status": passage.status})
                passage.end()


class _Passage:
    """One request on its way through."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.status = 500
        self._scope, self._send, self._started = scope, send, time.perf_counter()

    @property
    def route(self) -> str:
        """The template of the route that answered; `unknown` when none did."""
        return getattr(self._scope.get("route"), "path", "unknown")

    async def send(self, message: Message) -> None:
        """Passes a message on; the answer's head takes the request id along."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers["x-content-type-options"] = "nosniff"
            headers.setdefault("cache-control", "no-store")
        await self._send(message)

    def end(self) -> None:
        """One line and one measurement."""
        seconds = time.perf_counter() - self._started
        metrics.observe_request(self.route, self._scope["method"], self.status, seconds)
        _log.info("request", route=self.route, method=self._scope["method"], status=self.status, milliseconds=round(seconds * 1000, 1))
