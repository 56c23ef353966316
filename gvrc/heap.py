"""The interpreter's search for garbage in cycles (its sweeps), where very many objects live at once: it walks over all of them again and again."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (500_000, 10, 10)
"""New objects before a young sweep, young sweeps before an older one, and those before a whole one (CPython: 700, 10, 10). What a run has in hand (a few
chunks of a thousand records) is fewer objects than the first, so that a sweep comes when something was left over, and not over what is at work."""

_lock = threading.Lock()
_blocks = 0
_was_on = False
_runs = 0
_usual = gc.get_threshold()


def last_sweep_done() -> None:
    """Nothing is swept any more, for the process ends: after a run of 100,000 records the interpreter would look through all of it for two seconds."""
    gc.freeze()


def keep_what_is_loaded() -> None:
    """What lives now is never looked at again: a server's libraries and reference live as long as it does, and a whole sweep over them, somewhere within
    the first answers, would take a fifth of a second."""
    gc.freeze()


@contextmanager
def no_sweeps() -> Iterator[None]:
    """No sweeps at all in the block, however many threads and blocks want that at once; after the last of them it is as it was.

    For work that makes no cycles and ends soon: half of the time that a preview of very many places takes goes into sweeps."""
    global _blocks, _was_on
    with _lock:
        if _blocks == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if _blocks == 0 and _was_on:
                gc.enable()


@contextmanager
def rare_sweeps() -> Iterator[None]:
    """Rare sweeps in the block, and none over what lives already: for work that goes on for long over chunks which come and go, such as a run. A third of
    its time goes into sweeps otherwise. Blocks may overlap; after the last of them all is as it was."""
    global _runs, _usual
    with _lock:
        if _runs == 0:
            _usual = gc.get_threshold()
            gc.freeze()
            gc.set_threshold(*SELDOM)
        _runs += 1
    try:
        yield
    finally:
        with _lock:
            _runs -= 1
            if _runs == 0:
                gc.set_threshold(*_usual)
                gc.unfreeze()
