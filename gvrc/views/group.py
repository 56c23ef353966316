"""All records that may be one place with a pair: what stands side by side on the desk when two are not enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gvrc.store import reads_questions as reads
from gvrc.store.registry import FACILITY_PREFIX
from gvrc.store.session import Connection, Database
from gvrc.views.facility_records import facility_views
from gvrc.views.records import RecordView, records_by_id
from gvrc.views.sight import Sight

MOST_MEMBERS = 6
"""More columns than this nobody can compare; the others stay questions of their own."""
_JOINED = frozenset({"same", "automatic", "implied_same"})
_WAITING = frozenset({"open", "contest", "conflict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the records. `is_in`: taken for the same place as a side of the pair so far, or a side itself; else it waits for an answer."""

    key: str
    record: RecordView
    is_in: bool
    record_id: int | None = None


def group_of(db: Database, sight: Sight, run_id: int, sides: Sequence[str]) -> tuple[Member, ...]:
    """The sides of a pair, what is joined with either, and what is still asked about with them; empty when that is only the pair itself."""
    with db.read(sight.actor) as conn:
        found = _Gathering(conn, sight, run_id, sides)
        keys = found.keys()
        if len(keys) <= len(sides):
            return ()
        records = _records(conn, db, sight, keys, found.record_ids)
    return tuple(
        Member(key=key, record=records[key], is_in=key in found.joined, record_id=found.record_ids.get(key)) for key in keys if key in records
    )


class _Gathering:
    """Walks from the sides over the pairs that join them to others."""

    def __init__(self, conn: Connection, sight: Sight, run_id: int, sides: Sequence[str]) -> None:
        self.joined = list(sides)
        self.waiting: list[str] = []
        self.record_ids: dict[str, int] = {}
        fresh = list(sides)
        while fresh and len(self.joined) < MOST_MEMBERS:
            pairs = reads.pairs_touching(conn, sight.scope, run_id, fresh)
            fresh = self._joined_by(pairs)
        self._note_waiting(reads.pairs_touching(conn, sight.scope, run_id, self.joined))

    def keys(self) -> list[str]:
        """All of them, the pair first."""
        return [*self.joined, *self.waiting][:MOST_MEMBERS]

    def _joined_by(self, pairs: Sequence[Any]) -> list[str]:
        fresh = []
        for pair in pairs:
            self._note_ids(pair)
            for mine, other in ((pair.left_key, pair.right_key), (pair.right_key, pair.left_key)):
                if pair.pair_state in _JOINED and mine in self.joined and other not in self.joined:
                    self.joined.append(other)
                    fresh.append(other)
        return fresh

    def _note_waiting(self, pairs: Sequence[Any]) -> None:
        for pair in pairs:
            self._note_ids(pair)
            for other in (pair.left_key, pair.right_key):
                if pair.pair_state in _WAITING and pair.is_open and other not in self.joined and other not in self.waiting:
                    self.waiting.append(other)

    def _note_ids(self, pair: Any) -> None:
        sides = ((pair.left_key, pair.left_record_id), (pair.right_key, pair.right_record_id))
        self.record_ids |= {key: number for key, number in sides if number is not None}


def _records(conn: Connection, db: Database, sight: Sight, keys: Sequence[str], ids: Mapping[str, int]) -> dict[str, RecordView]:
    """What can be seen of each, by key."""
    staged = records_by_id(conn, db, sight, sorted(ids[key] for key in keys if key in ids))
    numbers = {key: int(key.removeprefix(FACILITY_PREFIX)) for key in keys if key.startswith(FACILITY_PREFIX)}
    places = facility_views(conn, db, sight, sorted(numbers.values()))
    found = {key: staged[ids[key]] for key in keys if key in ids and ids[key] in staged}
    return found | {key: places[number] for key, number in numbers.items() if number in places}
