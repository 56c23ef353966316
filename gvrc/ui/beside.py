"""Long work that a page asks for and does not wait for: done in a thread of this process, its outcome kept for whoever asks for the same. Work that nobody
wants any more is told so."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

MOST = 8
"""Outcomes kept, those asked for longest ago forgotten first."""
WANTED_SECONDS = 1.0
"""Who asked for nothing so long has left the page;"""
ASKING_SECONDS = 0.6
"""who waits on it asks so often."""

T = TypeVar("T")
Work = Callable[[threading.Event], T]
"""It is given the event that tells when it is moot; it then ends soon, whatever it returns."""


@dataclass(slots=True, kw_only=True)
class _Errand:
    """Work under way or done, what it is about, when it was begun and last asked for."""

    future: Future[Any]
    is_moot: threading.Event
    about: Hashable
    begun_at: float
    asked_at: float

    def give_up(self) -> None:
        if not self.future.done():
            self.is_moot.set()


_asked: OrderedDict[Hashable, _Errand] = OrderedDict()
_lock = threading.Lock()


def outcome(key: Hashable, work: Work[T], *, about: Hashable = None) -> T | None:
    """What `work` came to; None while it is under way. The first to ask for `key` begins it; what is under way `about` the same is then given up: it was asked
    for before something moved. Raises what the work raised, and forgets it; work that comes to None was not done, and is forgotten too. The key must hold everything the outcome depends on, who may see what first of
    all; it is shared: treat it as read-only."""
    with _lock:
        if key not in _asked:
            _give_up(about)
            _asked[key] = _begun(work, about)
        _asked.move_to_end(key)
        _asked[key].asked_at = time.monotonic()
        future = _asked[key].future
        while len(_asked) > MOST:
            _asked.popitem(last=False)[1].give_up()
    if not future.done():
        return None
    if future.exception() is not None or future.result() is None:
        with _lock:
            _asked.pop(key, None)
    return cast(T, future.result())


def _give_up(about: Hashable) -> None:
    """End what is under way about this, so that it is asked for anew if somebody still wants it."""
    for key, errand in list(_asked.items()):
        if about is not None and errand.about == about and not errand.future.done():
            errand.give_up()
            del _asked[key]


def is_done(key: Hashable) -> bool:
    """Whether the work of `key` has come to an end, or is not there (any more)."""
    with _lock:
        return key not in _asked or _asked[key].future.done()


def seconds(key: Hashable) -> float:
    """How long ago the work of `key` was begun; 0 when it is not there."""
    with _lock:
        if key not in _asked:
            return 0.0
        _asked[key].asked_at = time.monotonic()
        return _asked[key].asked_at - _asked[key].begun_at


def is_wanted(key: Hashable) -> bool:
    """Whether somebody asked lately for the outcome of `key`, or how long it takes."""
    with _lock:
        return key in _asked and time.monotonic() - _asked[key].asked_at < WANTED_SECONDS


def _begun(work: Work[T], about: Hashable) -> _Errand:
    now = time.monotonic()
    errand = _Errand(future=Future(), is_moot=threading.Event(), about=about, begun_at=now, asked_at=now)

    def do() -> None:
        try:
            errand.future.set_result(work(errand.is_moot))
        except BaseException as error:
            errand.future.set_exception(error)

    threading.Thread(target=do, name="beside", daemon=True).start()
    return errand
