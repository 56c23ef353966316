"""How far the files of a run are read, for who takes their rows on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from gvrc.model.source import SourceRow

CHUNK_BYTES = 2_000_000
"""Bytes of rows, written as JSON, that are worked on together: as objects they take some ten times as much, in each step of the way."""
FEWEST_ROWS = 200
"""Rows that are worked on together however large they are: they tell together how far their list can be trusted."""
WEIGHED_ROWS = 50
"""The first rows of a file, by which the size of all is judged: the same ones whenever a run is resumed."""


class NotWanted(Exception):
    """Nobody wants the rows any more: what they were read for broke off."""


class Kept(NamedTuple):
    """The number of the last row of a file that is kept, and whether more will come."""

    last: int
    is_all: bool


class Reading:
    """Told by the threads that read the files of a run, asked by the one that hands their rows out."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._kept: dict[int, Kept] = {}
        self._most_rows: dict[int, int] = {}
        self._error: BaseException | None = None
        self._is_over = self._is_given_up = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is read any more."""
        return self._is_over

    def keep(self, file_id: int, last: int, *, is_all: bool) -> None:
        """The rows of a file up to number `last` are kept; with `is_all` there are no more. Raises NotWanted when the reader need not go on."""
        with self._moved:
            if self._is_given_up:
                raise NotWanted
            self._kept[file_id] = Kept(last, is_all)
            self._moved.notify_all()

    def weigh(self, file_id: int, rows: Sequence[SourceRow]) -> None:
        """Look at the first rows of a file, before any is told to be kept, for how many like them are not too much to work on together."""
        first = [row for row in rows if row.number <= WEIGHED_ROWS]
        if written := sum(len(orjson.dumps(row.data, default=str, option=orjson.OPT_NON_STR_KEYS)) for row in first):
            self._most_rows[file_id] = max(FEWEST_ROWS, CHUNK_BYTES * len(first) // written)

    def rows_at_once(self, file_id: int, allowed: int) -> int:
        """How many rows of a file are worked on together, `allowed` at most."""
        return min(allowed, self._most_rows.get(file_id, allowed))

    def end(self, error: BaseException | None = None) -> None:
        """All files are read, or reading broke off with an error."""
        with self._moved:
            self._error, self._is_over = error, True
            self._moved.notify_all()

    def wait(self) -> None:
        """Wait until all files are read. Raises what broke the reading."""
        with self._moved:
            self._moved.wait_for(lambda: self._is_over)
            if self._error is not None:
                raise self._error

    def give_up(self) -> None:
        """Let the readers end after the chunk that they are at."""
        with self._moved:
            self._is_given_up = True

    def kept(self, file_id: int, beyond: int, *, waits: bool) -> Kept | None:
        """How far a file is kept, once that is beyond this row number or all of it; until then None, unless the caller `waits`. Raises what broke the
        reading."""
        with self._moved:
            while self._error is None:
                kept = self._kept.get(file_id)
                if kept is not None and (kept.is_all or kept.last > beyond):
                    return kept
                if not waits:
                    return None
                self._moved.wait()
            raise self._error
