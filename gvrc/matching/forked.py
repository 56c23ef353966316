"""Work shared with copies of this process, where it may be copied: comparing names holds the interpreter, so threads would only take turns.

A copy sees everything as it was when it was made; only parts of later work are sent to it, and what it found is sent back. What a copy does not deliver is
done here, with the same result.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import active_children, current_process, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")
_NUMBER_BYTES, _MOST_NUMBERS = 4, 8_000
"""The waiting shares are numbers in a pipe, which whoever is free takes out; so many fit into it."""
LOAD_FILE = Path("/proc/loadavg")
_LOOKS, _BETWEEN_LOOKS = 3, 0.0002
"""Looks at what is running, seconds apart: something is always at work for a moment."""


def may_fork() -> bool:
    """Whether this process may be copied: other threads would be cut in two by it, and libraries of macOS do not bear it."""
    return "fork" in get_all_start_methods() and sys.platform != "darwin" and threading.active_count() == 1 and not current_process().daemon


def workers_for(workers: int, is_long: bool) -> int:
    """On how many processors work is done: short work only on those that are free just now, for a copy that waits for its turn costs more than it helps."""
    return workers if is_long or workers < 2 else min(workers, free_processors())


def free_processors() -> int:
    """How many processors nobody else uses just now, the one this process is on among them; all where the machine does not say."""
    every = os.cpu_count() or 1
    try:
        running = min(_running() for _ in range(_LOOKS))
    except (OSError, ValueError, IndexError):
        return every
    return max(every - running + 1, 1)


def _running() -> int:
    """Processes at work at this moment, this one among them."""
    time.sleep(_BETWEEN_LOOKS)
    return int(LOAD_FILE.read_text().split()[3].split("/")[0])


class Copies:
    """Copies of this process that work off what is handed to them, one kind of work after the other; this process takes its share of each."""

    def __init__(self, works: Sequence[Callable[[Any], Any]], lines: Sequence[Connection], waiting: int, feeding: int) -> None:
        self._works, self._lines, self._waiting, self._feeding = list(works), list(lines), waiting, feeding

    @property
    def workers(self) -> int:
        """Processes at work, this one among them."""
        return len(self._lines) + 1

    def begin(self, work: Callable[[Part], Found], parts: Sequence[Part]) -> Callable[[], list[Found]]:
        """The copies begin at once with a work they were made for; this process takes its share when what was found is called for, which must be before the
        next work begins. In the order of the parts."""
        if len(parts) < 2 or not self._lines:
            return lambda: [work(part) for part in parts]
        os.write(self._feeding, _numbers(len(parts)))
        for line in self._lines:
            _sent(line, (self._works.index(work), parts))

        def finish() -> list[Found]:
            found = _worked_off(work, parts, self._waiting)
            for line in self._lines:
                found |= _received(line)
            return [found[at] if at in found else work(part) for at, part in enumerate(parts)]

        return finish


@contextmanager
def copies(works: Sequence[Callable[[Any], Any]], workers: int) -> Iterator[Copies]:
    """Copies of this process for these kinds of work, so that so many processors are busy; none where it may not be copied. They are dead afterwards, but
    nobody waits until their memory is given back: `buried` does."""
    if workers < 2 or not may_fork():
        yield Copies(works, (), -1, -1)
        return
    context = get_context("fork")
    waiting, feeding = os.pipe()
    os.set_blocking(waiting, False)
    lines: list[Connection] = []
    processes: list[BaseProcess] = []
    try:
        for _ in range(workers - 1):
            here, there = context.Pipe()
            processes.append(context.Process(target=_serve, args=(works, there, waiting)))
            processes[-1].start()
            lines.append(here)
            there.close()
        yield Copies(works, lines, waiting, feeding)
    finally:
        os.close(waiting)
        os.close(feeding)
        for process in processes:
            process.kill()
        for line in lines:
            line.close()


def _serve(works: Sequence[Callable[[Any], Any]], line: Connection, waiting: int) -> None:
    """What a copy does until it is killed, or alone in the world."""
    gc.disable()  # looking for rubbish touches, and so copies, all memory
    with suppress(EOFError, OSError):
        while True:
            number, parts = line.recv()
            line.send(_worked_off(works[number], parts, waiting))


def _worked_off(work: Callable[[Part], Found], parts: Sequence[Part], waiting: int) -> dict[int, Found]:
    """What was found in the shares that were taken here, until none is left."""
    found: dict[int, Found] = {}
    step = _step(len(parts))
    while (start := _taken(waiting)) is not None:
        found |= {at: work(parts[at]) for at in range(start, min(start + step, len(parts)))}
    return found


def _taken(waiting: int) -> int | None:
    """The next share that nobody has taken, None when there is no more."""
    try:
        return int.from_bytes(os.read(waiting, _NUMBER_BYTES), "big")
    except BlockingIOError:
        return None


def buried() -> None:
    """Lets go of the copies that have died meanwhile, so that none stays behind as a zombie; those that are not yet gone go the next time, or when this process
    ends."""
    active_children()  # which says what is alive, and joins the rest


def _step(parts: int) -> int:
    """Parts behind one number."""
    return -(-parts // _MOST_NUMBERS)


def _numbers(parts: int) -> bytes:
    """The numbers of the first parts of all shares. They wait in a pipe: a reader that is killed leaves no lock behind."""
    return b"".join(start.to_bytes(_NUMBER_BYTES, "big") for start in range(0, parts, _step(parts)))


def _sent(line: Connection, what: object) -> None:
    """Hands something to a copy; one that died is left out, its share is done here."""
    with suppress(OSError):
        line.send(what)


def _received(line: Connection) -> dict[int, Any]:
    """What a copy sends; nothing when it died."""
    try:
        found: dict[int, Any] = line.recv()
    except (EOFError, OSError):
        return {}
    return found
