"""The interpreter's search for garbage in cycles, put off while a plan of very many places grows: it would walk over all of it again and again, half of
the time that a preview takes. What is made here has no cycles and goes when its last user lets go of it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_blocks = 0
_was_on = False


@contextmanager
def no_sweeps() -> Iterator[None]:
    """Put the collector off for the block, however many threads and blocks do so at once; after the last of them it is as it was."""
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
