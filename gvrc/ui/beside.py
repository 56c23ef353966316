"""Long work that a page asks for and does not wait for: done in a thread of this process, its outcome kept for whoever asks for the same."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

MOST = 8
"""Outcomes kept, those asked for longest ago forgotten first."""

T = TypeVar("T")
_asked: OrderedDict[Hashable, tuple[Future[Any], float]] = OrderedDict()
_lock = threading.Lock()


def outcome(key: Hashable, work: Callable[[], T]) -> T | None:
    """What `work` came to; None while it is under way. The first to ask for `key` begins it. Raises what the work raised, and forgets it. The key must
    hold everything the outcome depends on, who may see what first of all; it is shared: treat it as read-only."""
    with _lock:
        if key not in _asked:
            _asked[key] = (_begun(work), time.monotonic())
        _asked.move_to_end(key)
        future = _asked[key][0]
        while len(_asked) > MOST:
            _asked.popitem(last=False)
    if not future.done():
        return None
    if future.exception() is not None:
        with _lock:
            _asked.pop(key, None)
    return cast(T, future.result())


def is_done(key: Hashable) -> bool:
    """Whether the work of `key` has come to an end, or is not there (any more)."""
    with _lock:
        return key not in _asked or _asked[key][0].done()


def seconds(key: Hashable) -> float:
    """How long ago the work of `key` was begun; 0 when it is not there."""
    with _lock:
        return time.monotonic() - _asked[key][1] if key in _asked else 0.0


def _begun(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=do, name="beside", daemon=True).start()
    return future
