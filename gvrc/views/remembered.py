"""Counts that many look at, remembered in this process until what they count moves.

Counts of a large run take long. Where a page said that it may lag (`may_lag`), they are answered as they last were, counted anew beside the page, and
told as such (`lag`); the counts of smaller runs and of the registry are true to the moment, everywhere.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import structlog

from gvrc.errors import GvrcError
from gvrc.model.access import Actor
from gvrc.store import reads_runs, staged
from gvrc.store.session import Connection, Database

MOST = 256
"""Answers kept per database, the least recently used forgotten first."""
LARGE_RECORDS = 20_000
"""Counts of a run with so many records may lag,"""
LONG_SECONDS = 0.03
"""if they take longer than this."""
REST = 3
"""What lags is counted anew after so many times the seconds it takes, so that counting never keeps the database from those who answer."""
DISTURBS_SECONDS = 0.15
"""Counting beside that takes so long would be felt by those who work, whenever they go on;"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When counting beside may begin: when no page was opened for `seconds`, and where many are at work, so that there is always somebody who opens
    one, after `longest` seconds all the same."""

    seconds: float
    longest: float


DRAWN, AT_REST = Quiet(seconds=0.4, longest=3.0), Quiet(seconds=1.5, longest=15.0)
"""A short count waits until the page that was opened last is drawn, a long one until nobody goes on."""
_LOOK_SECONDS = 0.25

T = TypeVar("T")
Stamp = Callable[[Connection], str]
_log = structlog.get_logger("views")


class _Slot:
    """One remembered answer with the stamp it was true for and the moment it was made: they change together, so that threads may share it. Beside it
    the least seconds it took, whether it is of a large run, and whether it is being made anew."""

    __slots__ = ("is_busy", "is_large", "kept", "seconds")

    def __init__(self) -> None:
        self.kept: tuple[str, Any, datetime] | None = None
        self.seconds = float("inf")
        self.is_large = False
        self.is_busy = threading.Lock()


_slots: WeakKeyDictionary[Database, Callable[[Hashable], _Slot]] = WeakKeyDictionary()
_lagging: ContextVar[list[_Slot] | None] = ContextVar("answers given though they lag", default=None)
_one_at_a_time = threading.Lock()


class _Pages:
    """When a page was last opened in this process."""

    opened_at = float("-inf")


def remembered(conn: Connection, db: Database, actor: Actor | None, run_id: int, key: Hashable, make: Callable[[Connection], T]) -> T:
    """What `make` answers in this read transaction, made anew only when the run's staged data moved since it was last asked for `key`.

    The key must hold everything the answer depends on, who may see what first of all. The answer is shared: treat it as read-only.
    """
    return remembered_under(conn, db, actor, lambda own: staged.stamp(own, run_id), (run_id, key), make, of_runs=(run_id,))


def remembered_of_registry(conn: Connection, db: Database, actor: Actor | None, key: Hashable, make: Callable[[Connection], T]) -> T:
    """The same of the registry: until anything audited moves."""
    return remembered_under(conn, db, actor, staged.registry_stamp, ("registry", key), make)


def remembered_under(
    conn: Connection, db: Database, actor: Actor | None, stamp_of: Stamp, key: Hashable, make: Callable[[Connection], T], *, of_runs: Sequence[int] = (),
) -> T:
    """The same for an answer that holds as long as `stamp_of` tells the same text; `of_runs`: the runs whose records it counts."""
    slot, stamp, lagging = _slots_of(db)(key), stamp_of(conn), _lagging.get()
    kept = slot.kept
    if kept is not None and kept[0] == stamp:
        return cast(T, kept[1])
    if kept is not None and lagging is not None and slot.is_large and slot.seconds >= LONG_SECONDS:
        lagging.append(slot)
        _make_beside(db, actor, slot, stamp_of, make)
        return cast(T, kept[1])
    slot.is_large = reads_runs.staged_records(conn, of_runs) >= LARGE_RECORDS
    return _make(conn, slot, stamp, make)


def _make(conn: Connection, slot: _Slot, stamp: str, make: Callable[[Connection], T]) -> T:
    begun = time.monotonic()
    made = make(conn)
    slot.seconds = min(slot.seconds, time.monotonic() - begun)
    slot.kept = (stamp, made, datetime.now(UTC))
    return made


def _make_beside(db: Database, actor: Actor | None, slot: _Slot, stamp_of: Stamp, make: Callable[[Connection], Any]) -> None:
    """Begin to make an answer anew in a thread of its own, unless that is under way; one after the other, so that the pages keep the processor."""
    if not slot.is_busy.acquire(blocking=False):
        return

    def work() -> None:
        try:
            time.sleep(_rest(slot))
            with _one_at_a_time:
                wait_for(AT_REST if slot.seconds >= DISTURBS_SECONDS else DRAWN)
                with db.read(actor, is_beside=True) as conn:
                    _make(conn, slot, stamp_of(conn), make)
        except GvrcError as error:
            _log.warning("count_beside_failed", why=error.detail)
        finally:
            slot.is_busy.release()

    threading.Thread(target=work, name="counting", daemon=True).start()


def wait_for(quiet: Quiet) -> None:
    """Returns when work beside the pages may begin."""
    since = time.monotonic()
    while (seconds := _until(quiet, time.monotonic(), since)) > 0:
        time.sleep(min(seconds, _LOOK_SECONDS))


def _until(quiet: Quiet, now: float, since: float) -> float:
    """Seconds, by the clock of `time.monotonic`, until counting may begin that waits `since` then; no more than 0 when it may."""
    return min(_Pages.opened_at + quiet.seconds, since + quiet.longest) - now


def _rest(slot: _Slot) -> float:
    """Seconds until an answer may be made anew."""
    age = (datetime.now(UTC) - slot.kept[2]).total_seconds() if slot.kept is not None else 0.0
    return max(0.0, REST * slot.seconds - age)


# ------------------------------------------------------------------------------------------------------------------------ lagging


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What a page showed though it had moved since: the moment the oldest of it was counted."""

    counted_at: datetime
    slots: tuple[_Slot, ...]

    @property
    def is_over(self) -> bool:
        """Whether everything was counted anew."""
        return not any(slot.is_busy.locked() for slot in self.slots)


def may_lag(*, anew: bool = False) -> None:
    """From now on, in this thread or task, answers that take long may lag; `anew`: forget which did so far."""
    if anew:
        _Pages.opened_at = time.monotonic()
    if anew or _lagging.get() is None:
        _lagging.set([])


def lag() -> Lag | None:
    """What lagged since `may_lag`; None when every answer was true to the moment."""
    slots = tuple(slot for slot in _lagging.get() or () if slot.kept is not None)
    return Lag(counted_at=min(slot.kept[2] for slot in slots if slot.kept is not None), slots=slots) if slots else None


def _slots_of(db: Database) -> Callable[[Hashable], _Slot]:
    if db not in _slots:
        _slots[db] = lru_cache(maxsize=MOST)(lambda _key: _Slot())
    return _slots[db]
