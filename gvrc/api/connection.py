"""A connection that must get on: who drips the head of a request, never reads its answer, or comes as the thousandth is sent away.

Uvicorn ends connections that idle between two requests; nothing in it ends one that never sends its first, or sends a byte a minute.
"""

from __future__ import annotations

import asyncio
import math
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gvrc.operations import metrics

READ_ROUNDS = 8
"""How many times `timeout_keep_alive` a client may take to read an answer, as long as it reads."""
MOST_CONNECTIONS = 2000
"""Of one process."""


class Connection(HttpToolsProtocol):
    """HTTP/1.1 of one connection, with patience that ends."""

    head_seconds: ClassVar[float] = 10.0
    """How long the line and the headers of a request may take; the settings' for the whole process."""
    _head_timer: asyncio.TimerHandle | None = None
    _unread_bytes: float = math.inf
    _rounds = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for the first request, unless there are too many that wait."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._send_away("too_many", b"503 Service Unavailable", b"retry-after: 5\r\n")
        else:
            self._wait_for_a_head()

    def data_received(self, data: bytes) -> None:
        """A head that began after an answer is waited for no longer than the first."""
        super().data_received(data)
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete) and self.timeout_keep_alive_task is None:
            self._wait_for_a_head()

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._stop_waiting()
        self._unread_bytes, self._rounds = math.inf, 0
        super().on_headers_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Between two requests: who still reads the last answer, and gets on, may."""
        unread = self.transport.get_write_buffer_size()
        if not unread:
            super().timeout_keep_alive_handler()
        elif unread < self._unread_bytes and self._rounds < READ_ROUNDS:
            self._unread_bytes, self._rounds = unread, self._rounds + 1
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        else:
            metrics.count_refused_connection("slow_reader")
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing waits any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_a_head(self) -> None:
        if not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.head_seconds, self._send_away, "slow_head", b"408 Request Timeout")

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _send_away(self, reason: str, status: bytes, headers: bytes = b"") -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            metrics.count_refused_connection(reason)
            self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + headers + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
