"""A connection that must get on: who drips the head of a request, never reads its answer, or comes as the thousandth is sent away.

Uvicorn ends connections that idle between two requests; nothing in it ends one that never sends its first, sends a byte a minute, or lets its answers
pile up. `gvrc serve` and the application (gvrc/ui/server.py) both serve by it.
"""

from __future__ import annotations

import asyncio
import math
import resource
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gvrc.operations import metrics
from gvrc.settings import Settings

KEEP_ALIVE_SECONDS = 15
"""How long a connection may idle between two requests."""
READ_ROUNDS = 8
"""How many times `read_seconds` a client may take to read what waits for it, as long as it reads."""
LONGEST_ADDRESS_BYTES = 2**16 - 1
"""What the parser takes."""
LARGEST_HEAD_BYTES = 2 * 2**16
LINGER_SECONDS = 1.0
"""How long who is sent away may go on sending, unheard: closed at once, the system would take the answer back together with what was not read."""
MOST_FILES = 16_384


class Connection(HttpToolsProtocol):
    """HTTP/1.1 of one connection, with patience that ends. A websocket leaves it when it is upgraded."""

    head_seconds: ClassVar[float] = 10.0
    """How long the line and the headers of a request may take."""
    read_seconds: ClassVar[float] = 15.0
    """How long a client may read nothing of what waits for it."""
    most_connections: ClassVar[int] = 2000
    """Of one process."""
    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_sent_away = False
    _unread_bytes: float = math.inf
    _rounds = 0

    @classmethod
    def obey(cls, settings: Settings) -> None:
        """Takes the settings' patience for every connection of this process, and the system's leave to open that many."""
        cls.head_seconds, cls.read_seconds, cls.most_connections = settings.api_head_seconds, settings.api_read_seconds, settings.api_connections
        allow_many_files()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for the first request, unless there are too many that wait."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self._send_away("too_many", b"503 Service Unavailable", b"retry-after: 5\r\n")
        else:
            self._wait_for_a_head()

    def data_received(self, data: bytes) -> None:
        """A head that began after an answer is waited for no longer than the first, and none is read without end."""
        if self._is_sent_away:
            return
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD_BYTES:
                is_address = len(getattr(self, "url", b"")) > LONGEST_ADDRESS_BYTES
                self._send_away("large_head", b"400 Bad Request" if is_address else b"431 Request Header Fields Too Large")
        elif (self.cycle is None or self.cycle.response_complete) and self.timeout_keep_alive_task is None:
            self._wait_for_a_head()

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._stop_waiting()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """More waits for the client than it reads."""
        super().pause_writing()
        self._watch_the_reader()

    def resume_writing(self) -> None:
        """It reads."""
        super().resume_writing()
        self._unread_bytes, self._rounds = math.inf, 0

    def on_response_complete(self) -> None:
        """An answer is on its way; it may never be read, though the connection is to be closed behind it."""
        super().on_response_complete()
        self._unread_bytes = math.inf
        self._watch_the_reader()

    def timeout_keep_alive_handler(self) -> None:
        """Between two requests: who still reads the last answer may."""
        if self.transport.get_write_buffer_size():
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing waits any more."""
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """What comes now is no HTTP."""
        super().handle_websocket_upgrade()
        self._forget()

    def _wait_for_a_head(self) -> None:
        if not self.transport.is_closing() and self.transport.get_protocol() is self:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(self.head_seconds, self._send_away, "slow_head", b"408 Request Timeout")

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _forget(self) -> None:
        self._stop_waiting()
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _watch_the_reader(self) -> None:
        if self._read_timer is None and self.transport.get_write_buffer_size():
            self._unread_bytes, self._rounds = math.inf, 0
            self._read_timer = self.loop.call_later(self.read_seconds, self._look_at_the_reader)

    def _look_at_the_reader(self) -> None:
        self._read_timer = None
        unread = self.transport.get_write_buffer_size()
        if not unread:
            return
        if unread < self._unread_bytes and self._rounds < READ_ROUNDS:
            self._unread_bytes, self._rounds = unread, self._rounds + 1
            self._read_timer = self.loop.call_later(self.read_seconds, self._look_at_the_reader)
        else:
            metrics.count_refused_connection("slow_reader")
            self.transport.abort()

    def _send_away(self, reason: str, status: bytes, headers: bytes = b"") -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            metrics.count_refused_connection(reason)
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-type: text/plain\r\n" + headers + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self._is_sent_away = True
            self.connections.discard(self)
            self._head_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
            self._watch_the_reader()


def allow_many_files() -> None:
    """A connection is a file to the system, and the usual allowance of 1,024 is used up by idle ones."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
