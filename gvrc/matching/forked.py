"""Work shared with copies of this process, where it may be copied: comparing names holds the interpreter, so threads would only take turns.

A copy sees everything as it was when it was made; only what it found is sent back. What a copy does not deliver is done here, with the same result.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import active_children, current_process, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")
_NUMBER_BYTES, _MOST_NUMBERS = 4, 8_000
"""The waiting shares are numbers in a pipe, which whoever is free takes out; so many fit into it."""
LOAD_FILE = Path("/proc/loadavg")
_LOOKS, _BETWEEN_LOOKS = 3, 0.0002
"""Looks at what is running, seconds apart: something is always at work for a moment."""


def may_fork() -> bool:
    """Whether this process may be copied: other threads would be cut in two by it."""
    return "fork" in get_all_start_methods() and threading.active_count() == 1 and not current_process().daemon


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


@contextmanager
def shared(work: Callable[[Part], Found], parts: Sequence[Part], workers: int) -> Iterator[Callable[[], list[Found]]]:
    """The work on every part on so many processors: copies of this process begin at once, this one takes its share when what was found is called for. In the
    order of the parts. The copies are dead afterwards, but nobody waits until their memory is given back: `buried` does."""
    copies = min(workers, len(parts)) - 1
    if copies < 1 or not may_fork():
        yield lambda: [work(part) for part in parts]
        return
    context = get_context("fork")
    waiting = _numbers(len(parts))

    def work_off() -> dict[int, Found]:
        found: dict[int, Found] = {}
        step = _step(len(parts))
        while number := os.read(waiting, _NUMBER_BYTES):
            start = int.from_bytes(number, "big")
            found |= {at: work(parts[at]) for at in range(start, min(start + step, len(parts)))}
        return found

    def in_a_copy(sender: Connection) -> None:
        gc.disable()  # looking for rubbish touches, and so copies, all memory
        sender.send(work_off())

    receivers, processes = [], []
    try:
        for _ in range(copies):
            receiver, sender = context.Pipe(duplex=False)
            processes.append(context.Process(target=in_a_copy, args=(sender,)))
            processes[-1].start()
            receivers.append(receiver)
            sender.close()

        def finish() -> list[Found]:
            found = work_off()
            for receiver in receivers:
                found |= _received(receiver)
            return [found[at] if at in found else work(part) for at, part in enumerate(parts)]

        yield finish
    finally:
        os.close(waiting)
        for process in processes:
            process.kill()
        for receiver in receivers:
            receiver.close()


def buried() -> None:
    """Lets go of the copies that have died meanwhile, so that none stays behind as a zombie; those that are not yet gone go the next time, or when this process
    ends."""
    active_children()  # which says what is alive, and joins the rest


def _step(parts: int) -> int:
    """Parts behind one number."""
    return -(-parts // _MOST_NUMBERS)


def _numbers(parts: int) -> int:
    """A pipe with the numbers of the first parts of all shares, to be read from until it is empty. A reader that is killed leaves no lock behind."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(start.to_bytes(_NUMBER_BYTES, "big") for start in range(0, parts, _step(parts))))
    os.close(writing)
    return reading


def _received(receiver: Connection) -> dict[int, Found]:
    """What a copy sends; nothing when it died."""
    try:
        found: dict[int, Found] = receiver.recv()
    except (EOFError, OSError):
        return {}
    return found
