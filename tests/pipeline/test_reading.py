"""What is read of a file and what is taken on meanwhile, side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gvrc.errors import PipelineError
from gvrc.model.source import SourceRow
from gvrc.pipeline import extraction
from gvrc.pipeline.foresight import Foreseen
from gvrc.pipeline.lanes import Lanes, ProcessLane
from gvrc.pipeline.reading import CHUNK_BYTES, FEWEST_ROWS, WEIGHED_ROWS, Kept, NotWanted, Reading
from gvrc.settings import Settings
from tests.pipeline import test_lanes
from tests.pipeline.test_lanes import large as large  # the same rule: every list is large enough for further processes

FILE_ID, ROWS = 5, 5


def test_rows_are_told_once_there_are_enough_of_them_or_no_more_will_come() -> None:
    reading = Reading()
    assert reading.kept(FILE_ID, 9, waits=False) is None
    reading.keep(FILE_ID, 9, is_all=False)
    assert reading.kept(FILE_ID, 9, waits=False) is None
    assert reading.kept(FILE_ID, 8, waits=True) == Kept(9, False)
    reading.keep(FILE_ID, 9, is_all=True)
    assert reading.kept(FILE_ID, 9, waits=True) == Kept(9, True)
    assert not reading.is_over
    reading.end()
    reading.wait()
    assert reading.is_over


def test_who_waits_hears_of_new_rows_and_of_what_broke_the_reading() -> None:
    reading = Reading()
    later = threading.Timer(0.05, reading.keep, (FILE_ID, 20), {"is_all": False})
    later.start()
    assert reading.kept(FILE_ID, 10, waits=True) == Kept(20, False)
    threading.Timer(0.05, reading.end, (PipelineError("The disk is full.", "Make room."),)).start()
    with pytest.raises(PipelineError, match="disk is full"):
        reading.kept(FILE_ID, 30, waits=True)
    with pytest.raises(PipelineError, match="disk is full"):
        reading.wait()


def test_a_reader_whose_rows_nobody_wants_any_more_ends() -> None:
    reading = Reading()
    reading.give_up()
    with pytest.raises(NotWanted):
        reading.keep(FILE_ID, 1, is_all=False)


def row(number: int, characters: int) -> SourceRow:
    return SourceRow(source="s", pointer=f"/{number}", number=number, data={"name": "x" * characters}, context={}, values={}, record_key=f"k{number}", content_hash="", source_id=None)


def test_the_larger_the_rows_the_fewer_are_worked_on_together() -> None:
    reading = Reading()
    assert reading.rows_at_once(FILE_ID, 1_000) == 1_000
    reading.weigh(FILE_ID, [row(number, 300) for number in range(100)])
    assert reading.rows_at_once(FILE_ID, 1_000) == 1_000
    reading.weigh(FILE_ID, [row(number, CHUNK_BYTES // 400) for number in range(1, 4)])
    assert reading.rows_at_once(FILE_ID, 1_000) == pytest.approx(400, abs=2)
    assert reading.rows_at_once(FILE_ID, 250) == 250
    reading.weigh(FILE_ID, [row(WEIGHED_ROWS + 1, 1)])
    assert reading.rows_at_once(FILE_ID, 1_000) == pytest.approx(400, abs=2)
    reading.weigh(FILE_ID, [row(1, 10 * CHUNK_BYTES)])
    assert reading.rows_at_once(FILE_ID, 1_000) == FEWEST_ROWS
    reading.weigh(FILE_ID, [])
    assert reading.rows_at_once(FILE_ID, 1_000) == FEWEST_ROWS
    assert reading.rows_at_once(FILE_ID + 1, 1_000) == 1_000


class Lane:
    """A lane that does nothing and knows which chunks it got, in a book for all of them."""

    def __init__(self, name: str, book: list[str]) -> None:
        self.name, self._book = name, book

    def prepare(self, span: Any) -> Future[None]:
        self._book.append(self.name)
        return Future()

    def save(self, span: Any) -> Foreseen:
        return Foreseen(span.until - span.after)

    def take(self, future: Any) -> Any:
        return future


@pytest.fixture
def book() -> list[str]:
    return []


@pytest.fixture
def lanes(book: list[str]) -> Lanes:
    context = SimpleNamespace(heartbeat=SimpleNamespace(chunk_size=ROWS), wants=lambda _stage: True, foresight=SimpleNamespace(is_given_up=False, keeps_rows=True))
    return Lanes(cast(Any, context), cast(Any, Lane("own", book)), [cast(Any, Lane("second", book)), cast(Any, Lane("third", book))])


def test_chunks_go_round_and_this_process_takes_some_once_nothing_is_read_any_more(lanes: Lanes, book: list[str]) -> None:
    """Two chunks in a row for one of them would let the others wait until both are saved."""
    reading = Reading()
    reading.keep(FILE_ID, 4 * ROWS, is_all=False)
    seen: Iterator[Foreseen] = lanes.work_through(cast(Any, SimpleNamespace(file_id=FILE_ID)), 0, reading)
    assert [next(seen).scored for _ in range(2)] == [ROWS, ROWS]
    assert book == ["second", "third", "second", "third"]
    reading.keep(FILE_ID, 10 * ROWS + 1, is_all=True)
    reading.end()
    assert [each.scored for each in seen] == [ROWS] * 8 + [1]
    assert book[4:] == ["own", "second", "third", "own", "second", "third", "own"]


def test_a_file_without_rows_has_one_chunk_and_its_last_rows_are_marked(lanes: Lanes, book: list[str]) -> None:
    reading = Reading()
    reading.keep(FILE_ID, 0, is_all=True)
    assert [each.scored for each in lanes.work_through(cast(Any, SimpleNamespace(file_id=FILE_ID)), 0, reading)] == [0]
    assert book == ["second"]


def test_the_last_chunks_of_a_file_grow_smaller(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there is nothing left to prepare, whatever is still to be saved is saved by one lane after the other."""
    monkeypatch.setattr("gvrc.pipeline.lanes.LEAST_ROWS", 2)
    reading = Reading()
    reading.keep(FILE_ID, 10 * ROWS, is_all=True)
    reading.end()
    sizes = [each.scored for each in lanes.work_through(cast(Any, SimpleNamespace(file_id=FILE_ID)), 0, reading)]
    assert sizes == [5, 5, 5, 5, 5, 5, 4, 3, 3, 2, 2, 2, 2, 2]
    reading.keep(FILE_ID, 8, is_all=True)
    left = [each.scored for each in lanes.work_through(cast(Any, SimpleNamespace(file_id=FILE_ID)), 1, reading)]
    assert left == [2, 2, 3]


def test_the_rows_of_a_long_list_are_taken_on_while_it_is_still_read(
    new_settings: Callable[[], Settings], samples: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = test_lanes.run(new_settings(), samples, 1)
    keep, save, is_one_saved, waited = extraction._keep, ProcessLane.save, threading.Event(), []

    def kept(context: Any, file: Any, chunk: Any, damage: Any, before: int) -> Any:
        if before >= 35:
            waited.append(is_one_saved.wait(timeout=30))
        return keep(context, file, chunk, damage, before)

    def saved(lane: ProcessLane, span: Any) -> Any:
        is_one_saved.set()
        return save(lane, span)

    monkeypatch.setattr(extraction, "_keep", kept)
    monkeypatch.setattr(ProcessLane, "save", saved)
    assert test_lanes.run(new_settings(), samples, 2) == alone
    assert waited
    assert all(waited)
