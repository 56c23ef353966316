"""Counts of a run that many look at, remembered in this process until what is staged for the run moves."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from gvrc.store import staged
from gvrc.store.session import Connection, Database

MOST = 256
"""Answers kept per database, the least recently used forgotten first."""

T = TypeVar("T")


class _Slot:
    """One remembered answer and the stamp it was true for. Both change together, so that threads may share it."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept: tuple[str, Any] | None = None


_slots: WeakKeyDictionary[Database, Callable[[Hashable], _Slot]] = WeakKeyDictionary()


def remembered(conn: Connection, db: Database, run_id: int, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` answers in this read transaction, made anew only when the run's staged data moved since it was last asked for `key`.

    The key must hold everything the answer depends on, who may see what first of all. The answer is shared: treat it as read-only.
    """
    return remembered_under(db, staged.stamp(conn, run_id), (run_id, key), make)


def remembered_of_registry(conn: Connection, db: Database, key: Hashable, make: Callable[[], T]) -> T:
    """The same of the registry: until anything audited moves."""
    return remembered_under(db, staged.registry_stamp(conn), ("registry", key), make)


def remembered_under(db: Database, stamp: str, key: Hashable, make: Callable[[], T]) -> T:
    """The same for an answer that holds as long as `stamp` is the same text; read it in the transaction of the answer."""
    slot = _slots_of(db)(key)
    kept = slot.kept
    if kept is not None and kept[0] == stamp:
        return cast(T, kept[1])
    made = make()
    slot.kept = (stamp, made)
    return made


def _slots_of(db: Database) -> Callable[[Hashable], _Slot]:
    if db not in _slots:
        _slots[db] = lru_cache(maxsize=MOST)(lambda _key: _Slot())
    return _slots[db]
